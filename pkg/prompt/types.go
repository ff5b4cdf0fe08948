package prompt

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Type is a format of a dataset.
type Type string

const (
	SingleTurn  Type = "single_turn"     // a line: {"text":…}; lines of one session_id are turns of one conversation, each complete in itself
	MultiTurn   Type = "multi_turn"      // a line: {"turns":[{"text":…},…]}, a conversation
	RandomPool  Type = "random_pool"     // lines as of single_turn; each conversation draws one of every file
	Mooncake    Type = "mooncake_trace"  // a line: one of input_length, text_input, messages, payload; lines of one session_id are one conversation
	BurstGPT    Type = "burst_gpt_trace" // CSV with Timestamp (seconds), Request tokens, Response tokens
	RawPayload  Type = "raw_payload"     // a line: a request's whole body, or {"payload":body}
	InputsJSON  Type = "inputs_json"     // {"data":[{"session_id":…,"payloads":[body,…]},…]}
	ShareGPT    Type = "sharegpt"        // [{"id":…,"conversations":[{"from":"human","value":…},…]},…], or such objects in lines
	unknownType Type = ""
)

// Types are the formats that can be read.
var Types = []Type{SingleTurn, MultiTurn, RandomPool, Mooncake, BurstGPT, RawPayload, InputsJSON, ShareGPT}

// timed tells if rows of the type can have a timestamp.
func (t Type) timed() bool {
	return slices.Contains([]Type{SingleTurn, MultiTurn, Mooncake, BurstGPT}, t)
}

// grouped tells if rows of the type can be turns of one conversation.
func (t Type) grouped() bool { return t == SingleTurn || t == Mooncake }

// parse checks a row of JSON and drafts its turns. A nil entry is a row that is
// left out on purpose.
func (d *Dataset) parse(s span) (*entry, error) {
	if s.err != nil {
		return nil, s.err
	}
	e := &entry{at: span{off: s.off, no: s.no}}
	var err error
	switch d.Type {
	case SingleTurn, RandomPool, Mooncake:
		err = d.parseLine(s.text, e)
	case MultiTurn:
		err = d.parseMultiTurn(s.text, e)
	case RawPayload:
		err = parsePayload(s.text, e)
	case InputsJSON:
		err = parseInputs(s.text, e)
	case ShareGPT:
		return d.parseShareGPT(s.text, e)
	case BurstGPT:
		err = d.columns.parse(s.text, e)
	}
	for i := range e.turns {
		e.turns[i].no = s.no
	}
	return e, err
}

func (d *Dataset) parseLine(text []byte, e *entry) error {
	var r row
	if err := decode(text, &r); err != nil {
		return err
	}
	var t draft
	e.whole = true
	var err error
	if d.Type == Mooncake {
		if err = r.common(&t, 0); err == nil {
			err = r.trace(&t, d.blockSize())
		}
		e.delta, e.whole, err = mode(r.MessageMode, err)
	} else if err = r.common(&t, 1); err == nil {
		err = r.asks(&t)
	}
	if r.SessionID != nil {
		e.id = *r.SessionID
	}
	e.turns = []draft{t}
	return err
}

// mode reads the key "message_mode", unless there already is an error.
func mode(s *string, err error) (delta, whole bool, _ error) {
	switch {
	case err != nil || s == nil || *s == "history":
		return false, true, err
	case *s == "delta":
		return true, false, nil
	}
	return false, true, fmt.Errorf("key \"message_mode\": %q, want \"history\" or \"delta\"", *s)
}

// parseMultiTurn drafts a conversation. System turns in front of all others are
// no requests: their messages go in front of the first one that is.
func (d *Dataset) parseMultiTurn(text []byte, e *entry) error {
	var r row
	if err := decode(text, &r); err != nil {
		return err
	}
	if len(r.Turns) == 0 {
		return errors.New(`has no "turns"`)
	}
	if r.SessionID != nil {
		e.id = *r.SessionID
	}
	var system []Message
	for i, tr := range r.Turns {
		var t draft
		err := tr.common(&t, 1)
		if err == nil {
			err = tr.asks(&t)
		}
		if err != nil {
			return fmt.Errorf("turn %d: %w", i+1, err)
		}
		bare := tr.Timestamp == nil && tr.Delay == nil && t.Out == nil && t.Extra == nil
		if len(e.turns) == 0 && bare && i < len(r.Turns)-1 && len(t.Messages) == 1 && t.Messages[0].Role == "system" {
			system = append(system, t.Messages...)
			continue
		}
		if len(e.turns) == 0 && system != nil {
			t.Messages = append(system, t.Messages...)
		}
		e.turns = append(e.turns, t)
	}
	return nil
}

// parsePayload takes a whole body, which may be the value of a sole key
// "payload".
func parsePayload(text []byte, e *entry) error {
	var keys map[string]json.RawMessage
	if err := decode(text, &keys); err != nil {
		return err
	}
	if len(keys) == 0 {
		return errors.New("is an empty object, want a request's body")
	}
	body := json.RawMessage(slices.Clone(text))
	if p, ok := keys["payload"]; ok && len(keys) == 1 {
		var err error
		if body, err = object("payload", p); err != nil {
			return err
		}
		if body == nil {
			return errors.New(`key "payload": want an object`)
		}
	}
	e.whole = true
	e.turns = []draft{{Turn: Turn{Payload: body}}}
	return nil
}

func parseInputs(text []byte, e *entry) error {
	var session struct {
		ID       *string           `json:"session_id"`
		Payloads []json.RawMessage `json:"payloads"`
	}
	if err := decode(text, &session); err != nil {
		return err
	}
	if session.ID == nil {
		return errors.New(`has no "session_id"`)
	}
	if len(session.Payloads) == 0 {
		return errors.New(`has no "payloads"`)
	}
	e.id, e.whole = *session.ID, true
	for i, p := range session.Payloads {
		body, err := object(fmt.Sprintf("payloads[%d]", i), p)
		if err != nil {
			return err
		}
		if body == nil {
			return fmt.Errorf("key \"payloads[%d]\": want an object", i)
		}
		e.turns = append(e.turns, draft{Turn: Turn{Payload: body}})
	}
	return nil
}
