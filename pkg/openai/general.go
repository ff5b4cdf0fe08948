package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// A dialect is the shape of answers.
type dialect uint8

const (
	chat dialect = iota
	completions
	responses
	messages
	generate // Text Generation Inference's
	vectors  // embeddings and rankings
	anything // each of those before, tried in turn
)

// chunk reads one event: the fast way if that will do, otherwise the general.
func (g dialect) chunk(event string, data []byte) (Delta, error) {
	if event == "error" {
		if len(bytes.TrimSpace(data)) == 0 {
			return Delta{Err: errors.New("error event without a message")}, nil
		}
		return Delta{Err: errors.New(Message(data))}, nil
	}
	if d, ok := g.fast(data); ok {
		return d, nil
	}
	return g.general(event, data, nil)
}

// reply reads a whole answer.
func (g dialect) reply(body []byte) (Delta, error) {
	if g == chat || g == completions { // whose answers are made as the chunks of a stream are
		if d, values := g.scan(body); values == 1 && !d.Done {
			return d, nil
		}
	}
	d, err := g.value("", body, nil)
	if err != nil {
		return Delta{}, fmt.Errorf("read %s: %w", excerpt(body), err)
	}
	d.Done = false
	if d.Kind != None {
		d.N = 1
	}
	return d, nil
}

func (g dialect) text(data []byte) string {
	var text []byte
	if _, err := g.general("", data, &text); err != nil {
		return ""
	}
	return string(text)
}

var terminator = []byte("[DONE]")

// general reads an event's data by encoding/json: mostly one JSON value or the
// terminator, but servers have been seen to put several into one event, and
// all of them count. Text is appended to text, unless that is nil.
func (g dialect) general(event string, data []byte, text *[]byte) (Delta, error) {
	var all Delta
	rest := bytes.TrimSpace(data)
	if len(rest) == 0 {
		return Delta{}, errors.New("read an event: its data are empty")
	}
	for ; len(rest) > 0; rest = bytes.TrimLeft(rest, " \t\r\n") {
		if bytes.HasPrefix(rest, terminator) {
			all.Done = true
			rest = rest[len(terminator):]
			continue
		}
		value, after, err := cutValue(rest)
		if err == nil {
			var d Delta
			if d, err = g.value(event, value, text); err == nil {
				all.add(d)
			}
		}
		if err != nil {
			return Delta{}, fmt.Errorf("read %s: %w", excerpt(data), err)
		}
		rest = after
	}
	return all, nil
}

// cutValue cuts the first JSON value from b.
func cutValue(b []byte) (value, after []byte, err error) {
	if json.Valid(b) {
		return b, nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, nil, err
	}
	return raw, b[dec.InputOffset():], nil
}

// value reads one JSON value, of a stream or a whole answer.
func (g dialect) value(event string, value []byte, text *[]byte) (Delta, error) {
	switch g {
	case chat, completions:
		return chatValue(value, text)
	case responses:
		return responsesValue(event, value, text)
	case messages:
		return messagesValue(event, value, text)
	case generate:
		return generateValue(value, text)
	case vectors:
		return vectorsValue(value)
	}
	return anyValue(event, value, text)
}

// anyValue takes the first dialect that finds something to wait for or an end;
// failing that the first that finds anything; an error only if all have one.
func anyValue(event string, value []byte, text *[]byte) (found Delta, err error) {
	understood := false
	for g := range anything {
		if g == completions { // reads what chat reads
			continue
		}
		var own []byte
		d, e := g.value(event, value, &own)
		if e != nil {
			if err == nil {
				err = e
			}
			continue
		}
		understood = true
		if d.Kind != None || d.Finish != "" || d.Done || d.Err != nil {
			if text != nil {
				*text = append(*text, own...)
			}
			return d, nil
		}
		if found == (Delta{}) {
			found = d
		}
	}
	if understood {
		err = nil
	}
	return found, err
}

// A word is a string; whatever else a server has in its place counts as none.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	return nil
}

// failed is the delta of a server's report of a failure.
func failed(value []byte) Delta { return Delta{Err: errors.New(Message(value))} }

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func keep[S ~string](text *[]byte, s S) {
	if text != nil {
		*text = append(*text, s...)
	}
}
