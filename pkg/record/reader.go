package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// A Line is one line of a stream, whatever its type. Raw is the caller's to
// keep, but not to change.
type Line struct {
	Header
	Raw    []byte // without its newline
	File   string // where it was read
	Number int    // counted from 1
}

// Decode fills v, a pointer to one of the record types, from the line. Unknown
// keys are ignored. The error is a [*LineError].
func (l Line) Decode(v any) error {
	if err := json.Unmarshal(l.Raw, v); err != nil {
		return l.Errorf("%w", err)
	}
	return nil
}

// Errorf is a [*LineError] about l.
func (l Line) Errorf(format string, a ...any) error {
	return &LineError{l.File, l.Number, fmt.Errorf(format, a...)}
}

// A LineError is about one line of one file and does not end the stream.
type LineError struct {
	File string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// ErrTruncated is wrapped by the [*LineError] of a stream that breaks off.
var ErrTruncated = errors.New("the stream breaks off")

// Read yields the lines of r in order. name stands for r in errors. A line that
// is no record gives a [*LineError], and reading goes on; so does an
// unterminated last line, unless it is whole. Compressed data that ends early
// gives what came before it and a LineError that wraps [ErrTruncated]. Any
// other error is the last thing yielded. Blank lines are passed over; a line
// may have any length.
func Read(r io.Reader, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		s := splitter{r: r}
		for n := 1; ; n++ {
			raw, err := s.next()
			if len(bytes.TrimSpace(raw)) > 0 {
				l := Line{Raw: raw, File: name, Number: n}
				bad := l.parse()
				if bad != nil && err != nil {
					bad = l.Errorf("%w in the middle of a line, which is skipped: %s", ErrTruncated, excerpt(raw))
				}
				if bad != nil {
					l = Line{}
				}
				if !yield(l, bad) {
					return
				}
			}
			switch {
			case err == nil:
				continue
			case errors.Is(err, io.ErrUnexpectedEOF):
				yield(Line{}, &LineError{name, n, fmt.Errorf("%w: compressed data ends early; what came before is kept", ErrTruncated)})
			case err != io.EOF:
				yield(Line{}, fmt.Errorf("read %s: %w", name, err))
			}
			return
		}
	}
}

// parse checks the line and fills its header.
func (l *Line) parse() error {
	if !valid(l.Raw) {
		return l.Errorf("not JSON: %s", excerpt(l.Raw))
	}
	if l.fast() {
		return nil
	}
	if bytes.TrimSpace(l.Raw)[0] != '{' {
		return l.Errorf("not a record: it is no JSON object: %s", excerpt(l.Raw))
	}
	var h struct {
		Time *Time   `json:"time"`
		Type *string `json:"type"`
		V    *int    `json:"v"`
	}
	if err := json.Unmarshal(l.Raw, &h); err != nil {
		return l.Errorf("not a record: %w: %s", err, excerpt(l.Raw))
	}
	switch {
	case h.Time == nil:
		return l.Errorf(`not a record: it has no "time": %s`, excerpt(l.Raw))
	case h.Type == nil || *h.Type == "":
		return l.Errorf(`not a record: it has no "type": %s`, excerpt(l.Raw))
	}
	l.Time, l.Type = *h.Time, *h.Type
	if h.V != nil {
		l.V = *h.V
	}
	return nil
}

const (
	beforeTime = `{"time":"`
	beforeType = `","type":"`
	beforeV    = `","v":`
)

// fast reads a header in the form that [Append] writes.
func (l *Line) fast() bool {
	b, ok := bytes.CutPrefix(l.Raw, []byte(beforeTime))
	if !ok || len(b) < len(layout) {
		return false
	}
	t, ok := parseFixed(b[:len(layout)])
	if !ok {
		return false
	}
	b, ok = bytes.CutPrefix(b[len(layout):], []byte(beforeType))
	if !ok {
		return false
	}
	kind, b, ok := bytes.Cut(b, []byte(beforeV))
	if !ok || len(kind) == 0 || bytes.ContainsAny(kind, `\"`) {
		return false
	}
	i := 0
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	v, err := strconv.Atoi(string(b[:i]))
	if err != nil || i == len(b) || b[i] != ',' && b[i] != '}' {
		return false
	}
	// A later duplicate of one of the three keys would win in a JSON decoder;
	// nobody writes one, and looking would cost more than all the rest.
	l.Time, l.Type, l.V = t, intern(kind), v
	return true
}

// intern gives the known types without an allocation.
func intern(kind []byte) string {
	switch string(kind) {
	case TypeRun:
		return TypeRun
	case TypePhase:
		return TypePhase
	case TypeBegin:
		return TypeBegin
	case TypeRequest:
		return TypeRequest
	case TypeGPU:
		return TypeGPU
	case TypeScrape:
		return TypeScrape
	case TypeServer:
		return TypeServer
	case TypeEnergy:
		return TypeEnergy
	case TypeNote:
		return TypeNote
	case TypeEnd:
		return TypeEnd
	}
	return string(kind)
}

func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
