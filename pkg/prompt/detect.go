package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Detect sets the Type from the first row of the first file, if it is not set,
// and tells whether that row has a timestamp, as the rows of a trace have. The
// file can be read from its start afterwards; of one without At, the Reader is
// replaced.
func (d *Dataset) Detect() (timed bool, err error) {
	if len(d.Files) == 0 {
		return false, errors.New("a dataset of no files")
	}
	f := &d.Files[0]
	head := f.start()
	var read bytes.Buffer
	if f.At == nil {
		head = io.TeeReader(head, &read)
	}
	l := newLines(io.LimitReader(head, MaxRow+2), 0, 0)
	s := span{text: start(l)}
	for len(s.text) == 0 && s.err == nil && err == nil {
		s, err = l.next()
	}
	text := slices.Clone(s.text)
	if f.At == nil {
		f.Reader = io.MultiReader(&read, f.Reader)
	}
	switch {
	case err == io.EOF:
		return false, fmt.Errorf("read %s: has no rows", f.Name)
	case err != nil:
		return false, fmt.Errorf("read %s: %w", f.Name, err)
	case s.err != nil && d.Type == unknownType:
		return false, fmt.Errorf("read %s: line %d: %w", f.Name, s.no+1, s.err)
	}
	t, timed := detect(text)
	if d.Type == unknownType && t == unknownType {
		return false, fmt.Errorf("read %s: line %d is like none of %v: name the dataset's type", f.Name, s.no+1, Types)
	}
	if d.Type == unknownType {
		d.Type = t
	}
	return timed && d.Type.timed(), nil
}

// detect is the type of a dataset that begins with this line, "" if it is none
// that is known, and whether the line has a timestamp. A key "type" that names
// one decides; a random_pool looks like single_turn unless it is named. A line
// that begins a JSON text of several lines is enough.
func detect(line []byte) (t Type, timed bool) {
	if _, err := header(line); err == nil {
		return BurstGPT, true
	}
	if len(line) > 0 && line[0] == '[' {
		return ShareGPT, false
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(line, &keys) != nil {
		if len(line) > 0 && line[0] == '{' && !json.Valid(line) && beginsInputs(line) {
			return InputsJSON, false
		}
		return unknownType, false
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(k string) bool { return !absent(keys[k]) })
	}
	timed = has("timestamp")
	var named Type
	if json.Unmarshal(keys["type"], &named) == nil && slices.Contains(Types, named) {
		return named, timed
	}
	switch {
	case has("turns"):
		var turns []map[string]json.RawMessage
		timed = json.Unmarshal(keys["turns"], &turns) == nil && len(turns) > 0 && !absent(turns[0]["timestamp"])
		return MultiTurn, timed
	case has("conversations"):
		return ShareGPT, false
	case has("data") && keys["data"][0] == '[':
		return InputsJSON, false
	case has("input_length", "text_input"):
		return Mooncake, timed
	case has("payload") && len(keys) > 1:
		return Mooncake, timed
	case has("payload"):
		return RawPayload, false
	case has("messages") && has("timestamp", "delay", "session_id", "output_length", "message_mode"):
		return Mooncake, timed
	case has("messages"):
		return RawPayload, false
	case has("text", "texts", "image", "images"):
		return SingleTurn, timed
	}
	return unknownType, false
}

// start is as much of a document that is one JSON text as tells what it is. Such
// a text may be a single line of any length, so it is not read to its end.
func start(l *lines) []byte {
	if firstByte(l) == '[' {
		return []byte("[")
	}
	head, _ := l.r.Peek(l.r.Buffered())
	var tight []byte
	head = trimBOM(head, 0)
	for _, c := range head[:min(len(head), 512)] {
		if c > ' ' {
			tight = append(tight, c)
		}
	}
	if bytes.HasPrefix(tight, []byte(`{"data":[`)) {
		return []byte(`{"data":[`)
	}
	return nil
}

// beginsInputs tells if the line may begin an object whose first key is "data".
func beginsInputs(line []byte) bool {
	rest := bytes.TrimSpace(line[1:])
	return len(rest) == 0 || bytes.HasPrefix(rest, []byte(`"data"`))
}
