package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
)

// A row is a line of single_turn, multi_turn, random_pool or mooncake_trace.
type row struct {
	Text         *string           `json:"text"`
	Texts        []json.RawMessage `json:"texts"`
	Image        *string           `json:"image"`
	Images       []string          `json:"images"`
	Audio        json.RawMessage   `json:"audio"`
	Audios       json.RawMessage   `json:"audios"`
	Video        json.RawMessage   `json:"video"`
	Videos       json.RawMessage   `json:"videos"`
	Role         *string           `json:"role"`
	Messages     []json.RawMessage `json:"messages"`
	Tools        json.RawMessage   `json:"tools"`
	OutputLength *int              `json:"output_length"`
	Timestamp    *float64          `json:"timestamp"`
	Delay        *float64          `json:"delay"`
	Extra        json.RawMessage   `json:"extra"`
	SessionID    *string           `json:"session_id"`
	Model        *string           `json:"model"`
	Turns        []row             `json:"turns"`

	InputLength *int            `json:"input_length"`
	HashIDs     []int64         `json:"hash_ids"`
	TextInput   *string         `json:"text_input"`
	Payload     json.RawMessage `json:"payload"`
	MessageMode *string         `json:"message_mode"`
}

// A draft is a turn whose text may yet have to be made.
type draft struct {
	Turn
	length int     // tokens of text to make; 0 if there is nothing to make
	hashes []int64 // of its blocks
	no     int     // of its row
}

// An entry is what a dataset has of one conversation: drafts that have been
// checked.
type entry struct {
	id    string // "" if the file does not say
	turns []draft
	whole bool
	delta bool // some row threads live replies into the history
	at    span // its first row, without its text
}

// decode reads a row, or says which key is wrong.
func decode(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if te.Field == "" {
			return fmt.Errorf("is a JSON %s, want an object", te.Value)
		}
		return fmt.Errorf("key %q: want %s, not a JSON %s", te.Field, jsonKind(te.Type), te.Value)
	}
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %w (at byte %d)", err, se.Offset)
	}
	return err
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || raw[0] == 'n' }

// object checks that the value of a key is an object that is not empty.
func object(key string, raw json.RawMessage) (json.RawMessage, error) {
	if absent(raw) {
		return nil, nil
	}
	if raw[0] != '{' {
		return nil, fmt.Errorf("key %q: want an object", key)
	}
	if bytes.Equal(bytes.TrimSpace(raw[1:len(raw)-1]), nil) {
		return nil, fmt.Errorf("key %q: is an empty object", key)
	}
	return raw, nil
}

// common fills in what rows of all types have in common.
func (r *row) common(d *draft, leastOut int) (err error) {
	if r.OutputLength != nil {
		if *r.OutputLength < leastOut || *r.OutputLength > maxTokens {
			return fmt.Errorf("key \"output_length\": %d, want %d to %d", *r.OutputLength, leastOut, maxTokens)
		}
		d.Out = new(max(1, *r.OutputLength))
	}
	if r.Timestamp != nil {
		due, err := milliseconds(*r.Timestamp)
		if err != nil {
			return fmt.Errorf("key \"timestamp\": %w", err)
		}
		d.Due = &due
	}
	if r.Delay != nil {
		if d.Delay, err = milliseconds(*r.Delay); err != nil {
			return fmt.Errorf("key \"delay\": %w", err)
		}
	}
	if r.Model != nil {
		d.Model = *r.Model
	}
	if !absent(r.Extra) && string(r.Extra) != "{}" {
		if d.Extra, err = object("extra", r.Extra); err != nil {
			return err
		}
	}
	if !absent(r.Tools) {
		d.Extra, err = withTools(d.Extra, r.Tools)
	}
	return err
}

// milliseconds is ms as a duration. The bound is some 280 years.
func milliseconds(ms float64) (time.Duration, error) {
	if !(ms >= 0 && ms < 9e12) {
		return 0, fmt.Errorf("%v ms, want 0 to 9e12", ms)
	}
	return time.Duration(math.Round(ms * 1e6)), nil
}

// withTools adds the tools to the keys of the body, unless extra has its own.
func withTools(extra, tools json.RawMessage) (json.RawMessage, error) {
	if tools[0] != '[' || len(bytes.TrimSpace(tools[1:len(tools)-1])) == 0 {
		return nil, errors.New(`key "tools": want an array that is not empty`)
	}
	out := append([]byte(`{"tools":`), tools...)
	if extra == nil {
		return append(out, '}'), nil
	}
	var keys map[string]json.RawMessage
	if err := decode(extra, &keys); err != nil {
		return nil, fmt.Errorf("key \"extra\": %w", err)
	}
	if _, ok := keys["tools"]; ok {
		return extra, nil
	}
	return append(append(out, ','), extra[1:]...), nil
}

// asks fills in the text, texts, images or messages of a row.
func (r *row) asks(d *draft) error {
	for _, m := range []struct {
		key   string
		value json.RawMessage
	}{{"audio", r.Audio}, {"audios", r.Audios}, {"video", r.Video}, {"videos", r.Videos}} {
		if !absent(m.value) {
			return fmt.Errorf("key %q: only text and images can be sent; send others as a raw_payload", m.key)
		}
	}
	switch {
	case r.Messages != nil && (r.Text != nil || r.Texts != nil):
		return errors.New("has both messages and text")
	case r.Messages != nil:
		return r.messages(d)
	case r.Text != nil && r.Texts != nil:
		return errors.New("has both text and texts")
	case r.Image != nil && r.Images != nil:
		return errors.New("has both image and images")
	case r.Text != nil:
		d.Texts = []string{*r.Text}
	case r.Texts != nil:
		if err := r.texts(d); err != nil {
			return err
		}
	}
	images := r.Images
	if r.Image != nil {
		images = []string{*r.Image}
	}
	if len(d.Texts)+len(images) == 0 && d.Query == "" {
		return errors.New("has nothing to ask: no text, texts, images or messages")
	}
	return r.message(d, images)
}

// texts reads strings and {"name":…,"contents":[…]}. What is named "query" is
// what to rank the others by.
func (r *row) texts(d *draft) error {
	for i, raw := range r.Texts {
		var named struct {
			Name     string   `json:"name"`
			Contents []string `json:"contents"`
		}
		if len(raw) > 0 && raw[0] == '{' {
			if err := decode(raw, &named); err != nil {
				return fmt.Errorf("key \"texts\"[%d]: %w", i, err)
			}
		} else {
			var s *string
			if err := json.Unmarshal(raw, &s); err != nil || s == nil {
				return fmt.Errorf("key \"texts\"[%d]: want a string, or an object with name and contents", i)
			}
			named.Contents = []string{*s}
		}
		if named.Name == "query" && d.Query == "" && len(named.Contents) == 1 {
			d.Query = named.Contents[0]
		} else {
			d.Texts = append(d.Texts, named.Contents...)
		}
	}
	return nil
}

// message makes one message of the texts and images, of several parts if they
// are several. Texts are kept too, for endpoints that take no messages.
func (r *row) message(d *draft, images []string) error {
	m := Message{Role: "user"}
	if r.Role != nil && *r.Role != "" {
		m.Role = *r.Role
	}
	switch {
	case len(d.Texts) == 1 && len(images) == 0:
		m.Content = d.Texts[0]
	case len(d.Texts)+len(images) == 0:
		return nil
	default:
		type image struct {
			URL string `json:"url"`
		}
		type part struct {
			Type  string  `json:"type"`
			Text  *string `json:"text,omitempty"`
			Image *image  `json:"image_url,omitempty"`
		}
		var parts []part
		for _, s := range d.Texts {
			parts = append(parts, part{Type: "text", Text: &s})
		}
		for _, s := range images {
			if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "data:") {
				return fmt.Errorf("image %.40q: want an http, https or data URL", s)
			}
			parts = append(parts, part{Type: "image_url", Image: &image{s}})
		}
		raw, err := json.Marshal(struct {
			Role    string `json:"role"`
			Content []part `json:"content"`
		}{m.Role, parts})
		if err != nil {
			return err
		}
		m = Message{Raw: raw}
	}
	d.Messages = []Message{m}
	return nil
}

func (r *row) messages(d *draft) error {
	if len(r.Messages) == 0 {
		return errors.New(`key "messages": is empty`)
	}
	for i, raw := range r.Messages {
		m, err := message(raw)
		if err != nil {
			return fmt.Errorf("key \"messages\"[%d]: %w", i, err)
		}
		d.Messages = append(d.Messages, m)
	}
	return nil
}

// message is a message as a role and a text if it is no more than that, and
// otherwise Raw.
func message(raw json.RawMessage) (Message, error) {
	var keys map[string]json.RawMessage
	if err := decode(raw, &keys); err != nil {
		return Message{}, err
	}
	var m Message
	if err := json.Unmarshal(keys["role"], &m.Role); err != nil || m.Role == "" {
		return Message{}, errors.New(`has no "role"`)
	}
	content := keys["content"]
	if len(keys) == 2 && len(content) > 0 && content[0] == '"' && json.Unmarshal(content, &m.Content) == nil {
		return m, nil
	}
	return Message{Raw: raw}, nil
}

func roleOf(raw json.RawMessage) string {
	var m struct {
		Role string `json:"role"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return ""
	}
	return m.Role
}
