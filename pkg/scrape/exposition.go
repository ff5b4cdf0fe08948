package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"aiperf/pkg/record"
)

// A page in the Prometheus text format, read line by line. A bad line costs that
// line; what stands behind a value, a time stamp or an exemplar, is passed over.

// A token is what a line begins with: a metric's name, and what follows it.
type token struct {
	name, rest []byte
}

// splitName takes the metric's name off a line; false if there is none.
func splitName(line []byte) (token, bool) {
	i := 0
	for i < len(line) && isName(line[i], i == 0) {
		i++
	}
	return token{line[:i], line[i:]}, i > 0
}

func isName(c byte, first bool) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':' || !first && '0' <= c && c <= '9'
}

// A pair is a label.
type pair struct{ name, value string }

// Reasons to reject a line.
var (
	errName   = errors.New("it begins with no metric's name")
	errLabels = errors.New("its labels make no sense")
	errValue  = errors.New("its value is no number")
	errCut    = errors.New("it is cut short")
)

// parseLabels reads the labels of a line and gives what is behind them.
func parseLabels(b []byte, into []pair) ([]pair, []byte, error) {
	b = trimLeft(b)
	if len(b) == 0 || b[0] != '{' {
		return into, b, nil
	}
	b = trimLeft(b[1:])
	for {
		if len(b) > 0 && b[0] == '}' {
			return into, b[1:], nil
		}
		i := 0
		for i < len(b) && isName(b[i], i == 0) && b[i] != ':' {
			i++
		}
		name := b[:i]
		b = trimLeft(b[i:])
		if i == 0 || len(b) == 0 || b[0] != '=' {
			return into, b, errLabels
		}
		b = trimLeft(b[1:])
		if len(b) == 0 || b[0] != '"' {
			return into, b, errLabels
		}
		value, rest, ok := quoted(b[1:])
		if !ok {
			return into, b, errLabels
		}
		into = append(into, pair{string(name), value})
		b = trimLeft(rest)
		switch {
		case len(b) > 0 && b[0] == ',':
			b = trimLeft(b[1:])
		case len(b) == 0 || b[0] != '}':
			return into, b, errLabels
		}
	}
}

// quoted reads a label's value up to its closing quote.
func quoted(b []byte) (value string, rest []byte, ok bool) {
	end := bytes.IndexByte(b, '"')
	if end >= 0 && bytes.IndexByte(b[:end], '\\') < 0 {
		return string(b[:end]), b[end+1:], utf8.Valid(b[:end])
	}
	var text []byte
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return string(text), b[i+1:], utf8.Valid(text)
		case c != '\\':
			text = append(text, c)
		default:
			if i++; i == len(b) {
				return "", nil, false
			}
			switch b[i] {
			case 'n':
				text = append(text, '\n')
			case '"', '\\':
				text = append(text, b[i])
			default:
				return "", nil, false
			}
		}
	}
	return "", nil, false
}

// parseValue reads the number that is left of a line when its name and labels
// are taken off.
func parseValue(b []byte) (float64, error) {
	word := trimLeft(b)
	if i := bytes.IndexAny(word, " \t"); i >= 0 {
		word = word[:i]
	}
	if len(word) == 0 || bytes.ContainsAny(word, "pPxX_") {
		return 0, errValue
	}
	v, err := strconv.ParseFloat(string(word), 64)
	if err != nil {
		return 0, errValue
	}
	return v, nil
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// typeLine reads a line "# TYPE name type"; false if it is another comment.
func typeLine(line []byte) (name []byte, kind string, ok bool) {
	b := trimLeft(line[1:])
	b, ok = bytes.CutPrefix(b, []byte("TYPE"))
	if !ok || len(trimLeft(b)) == len(b) {
		return nil, "", false
	}
	t, ok := splitName(trimLeft(b))
	if !ok {
		return nil, "", false
	}
	switch string(bytes.ToLower(bytes.TrimSpace(t.rest))) {
	case record.Counter:
		kind = record.Counter
	case record.Gauge:
		kind = record.Gauge
	case record.Histogram:
		kind = record.Histogram
	case record.Summary:
		kind = record.Summary
	default:
		kind = record.Untyped
	}
	return t.name, kind, true
}

// lines calls f with each line that is no comment, and typed with each TYPE. It
// counts the lines that f or their own form rejects.
func lines(page []byte, typed func(name []byte, kind string), f func(line []byte) error) (rejected int, reason error) {
	n := 0
	for line := range bytes.Lines(page) {
		n++
		whole := bytes.HasSuffix(line, []byte{'\n'})
		line = bytes.TrimRight(line, " \t\r\n")
		line = trimLeft(line)
		if len(line) == 0 {
			continue
		}
		var err error
		switch {
		case line[0] == '#':
			if name, kind, ok := typeLine(line); ok {
				typed(name, kind)
			}
			continue
		case !whole:
			err = errCut
		default:
			err = f(line)
		}
		if err != nil {
			if rejected++; reason == nil {
				reason = fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	return rejected, reason
}
