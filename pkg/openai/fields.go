package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// A Field is a key of a request's body and its value. A null takes the key out
// of the body instead, as in a JSON merge patch (RFC 7396).
type Field struct {
	Key   string
	Value json.RawMessage // one JSON value
}

// Fields are keys in the order in which they go into a body. Of several with
// the same key the last one counts.
type Fields []Field

// ParseFields reads a JSON object.
func ParseFields(object json.RawMessage) (Fields, error) {
	var fields Fields
	s := scanner{b: object}
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		s.peek()
		from := s.i
		key, plain := s.text()
		name := string(key)
		if (!plain || !utf8.Valid(key)) && !s.bad {
			if err := json.Unmarshal(s.b[from:s.i], &name); err != nil {
				return nil, fmt.Errorf("read the key %s: %w", s.b[from:s.i], err)
			}
		}
		if !s.take(':') {
			s.fail()
		}
		s.peek()
		from = s.i
		s.skip(0)
		if !s.bad {
			fields = append(fields, Field{name, json.RawMessage(s.b[from:s.i:s.i])})
		}
	}
	if s.peek() != 0 || s.i < len(s.b) {
		s.fail()
	}
	if s.bad {
		return nil, notAnObject(object)
	}
	return fields, nil
}

// notAnObject says what is wrong with what was meant to be an object.
func notAnObject(object []byte) error {
	var any map[string]json.RawMessage
	if err := json.Unmarshal(object, &any); err != nil {
		return fmt.Errorf("read %s as an object: %w", excerpt(object), err)
	}
	return fmt.Errorf("read %s as an object: it is null, or nested more than %d deep", excerpt(object), maxDepth)
}

func (fs Fields) has(key string) bool {
	for i := range fs {
		if fs[i].Key == key {
			return true
		}
	}
	return false
}

// removes tells that the field takes its key out of the body.
func (f *Field) removes() bool {
	v := bytes.TrimSpace(f.Value)
	return len(v) == 0 || string(v) == "null"
}
