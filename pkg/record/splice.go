package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrNotObject is given for a line that is not a JSON object.
var ErrNotObject = errors.New("not a JSON object")

// Splice adds a key to the end of a line that holds a JSON object and leaves
// all other bytes alone. A key of that name which the line already has at its
// top level goes first. The result is new memory, with room for a newline.
func Splice(line []byte, key string, value any) ([]byte, error) {
	line, err := Cut(line, key)
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(line, '}')
	if end < 0 {
		return nil, ErrNotObject
	}
	const room = 200 // for a Share
	out := make([]byte, 0, len(line)+len(key)+room)
	out = append(out, line[:end]...)
	if !bytes.HasSuffix(bytes.TrimRight(line[:end], " \t\r\n"), []byte{'{'}) {
		out = append(out, ',')
	}
	out = append(out, '"')
	out = append(out, key...)
	out = append(out, '"', ':')
	if out, err = appendJSON(out, value); err != nil {
		return nil, fmt.Errorf("splice %q: %w", key, err)
	}
	out = append(out, line[end:]...)
	return slices.Grow(out, 1), nil
}

// appendJSON appends what json.Marshal gives.
func appendJSON(b []byte, value any) ([]byte, error) {
	if s, ok := value.(*Share); ok && s != nil {
		if b, ok := s.appendJSON(b); ok {
			return b, nil
		}
	}
	v, err := json.Marshal(value)
	return append(b, v...), err
}

// Cut takes the key of the given plain name out of the top level of a line that
// holds a JSON object. A line without it comes back as it is.
func Cut(line []byte, key string) ([]byte, error) {
	if !bytes.Contains(line, []byte(`"`+key+`"`)) {
		return line, nil
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, ErrNotObject
	}
	for from := int(dec.InputOffset()); dec.More(); from = int(dec.InputOffset()) {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return nil, err
		}
		if name != key {
			continue
		}
		// From the comma before the key, or, for the first key, to the comma
		// behind its value.
		to := int(dec.InputOffset())
		if line[from-1] == '{' {
			for to < len(line) && (line[to] == ' ' || line[to] == ',') {
				to++
			}
		}
		return Cut(append(append([]byte(nil), line[:from]...), line[to:]...), key)
	}
	return line, nil
}
