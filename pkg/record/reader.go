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
	Ahead  any    // what a stage has taken from it for one further on; Read leaves it nil
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
	if n := l.fast(); n > 0 && validFrom(l.Raw, n) {
		return nil
	}
	if !valid(l.Raw) {
		return l.Errorf("not JSON: %s", excerpt(l.Raw))
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

// fast reads a header in the form that [Append] writes and gives the index of
// the comma or brace behind it; 0 if it has another form.
func (l *Line) fast() int {
	b := l.Raw
	const typeAt = len(beforeTime) + len(layout) + len(beforeType)
	if len(b) < typeAt || string(b[:len(beforeTime)]) != beforeTime || string(b[typeAt-len(beforeType):typeAt]) != beforeType {
		return 0
	}
	t, ok := parseFixed(b[len(beforeTime) : len(beforeTime)+len(layout)])
	if !ok {
		return 0
	}
	n := bytes.IndexByte(b[typeAt:], '"')
	if n <= 0 {
		return 0
	}
	kind, ok := intern(b[typeAt : typeAt+n])
	i := typeAt + n + len(beforeV)
	if !ok || len(b) <= i || string(b[typeAt+n:i]) != beforeV {
		return 0
	}
	from := i
	i = digits(b, from)
	if i == len(b) || b[i] != ',' && b[i] != '}' || b[from] == '0' && i > from+1 {
		return 0
	}
	v, err := strconv.Atoi(string(b[from:i]))
	if err != nil {
		return 0
	}
	// A later duplicate of one of the three keys would win in a JSON decoder;
	// nobody writes one, and looking would cost more than all the rest.
	l.Time, l.Type, l.V = t, kind, v
	return i
}

// intern gives a type, without an allocation if it is known; false if it has
// what JSON escapes or forbids.
func intern(kind []byte) (string, bool) {
	switch string(kind) {
	case TypeRun:
		return TypeRun, true
	case TypePhase:
		return TypePhase, true
	case TypeBegin:
		return TypeBegin, true
	case TypeRequest:
		return TypeRequest, true
	case TypeGPU:
		return TypeGPU, true
	case TypeScrape:
		return TypeScrape, true
	case TypeServer:
		return TypeServer, true
	case TypeEnergy:
		return TypeEnergy, true
	case TypeNote:
		return TypeNote, true
	case TypeEnd:
		return TypeEnd, true
	}
	for _, c := range kind {
		if c < ' ' || c == '\\' {
			return "", false
		}
	}
	return string(kind), true
}

func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
