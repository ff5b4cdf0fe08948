package join

import (
	"bytes"
	"iter"
	"time"

	"aiperf/pkg/record"
)

// instants are the keys that hold instants, at the top level of any line.
var instants = [...][]byte{[]byte("time"), []byte("start"), []byte("taken"), []byte("from"), []byte("to")}

// isInstant tells whether key may hold an instant. Decoders take keys in any
// case.
func isInstant(key []byte) bool {
	switch string(key) {
	case "time", "start", "taken", "from", "to":
		return true
	case "":
		return false
	}
	switch c := key[0] | 0x20; {
	case c == 't', c == 's', c == 'f', c >= 0x80:
		for _, name := range instants {
			if bytes.EqualFold(key, name) {
				return true
			}
		}
	}
	return false
}

// form is that of record.Time's text.
const form = "2006-01-02T15:04:05.000000000Z"

// move adds by to the instants of a line: to the values of time, start, taken,
// from and to that are instants, and to where a regime begins. All other bytes stay, and so do the nanoseconds;
// an instant that was not in the form of fixed width is so afterwards.
func move(l record.Line, by time.Duration) (record.Line, error) {
	if by == 0 {
		return l, nil
	}
	now, ok := moved(l.Time, by)
	if !ok {
		return l, l.Errorf("move %v by %v: the result is out of range", l.Time, by)
	}
	out := make([]byte, 0, len(l.Raw)+8)
	done := 0
	for key, v := range instantsOf(l) {
		t, ok := v.Time()
		if !ok {
			continue
		}
		u, ok := moved(t, by)
		if !ok {
			return l, l.Errorf("move %q by %v: %v would be out of range", key, by, t)
		}
		at := cap(l.Raw) - cap(v) // v is a part of l.Raw
		out = append(append(out, l.Raw[done:at]...), '"')
		out = append(u.Time().AppendFormat(out, form), '"')
		done = at + len(v)
	}
	l.Raw = append(out, l.Raw[done:]...)
	l.Time = now
	return l, nil
}

// instantsOf yields what may be the instants of a line, as parts of it, in their
// order.
func instantsOf(l record.Line) iter.Seq2[[]byte, record.Value] {
	return func(yield func([]byte, record.Value) bool) {
		for key, v := range record.Keys(l.Raw) {
			switch {
			case isInstant(key):
				if !yield(key, v) {
					return
				}
			case string(key) == "regime" && l.Type == record.TypeNote:
				for key, v := range record.Keys(v) {
					if string(key) == "from" && !yield(key, v) {
						return
					}
				}
			}
		}
	}
}

// The instants that a record can be read with.
var (
	earliest = record.At(time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC))
	latest   = record.At(time.Date(2261, 12, 31, 23, 59, 59, 999999999, time.UTC))
)

// moved is false for an instant that a record could not be read with.
func moved(t record.Time, by time.Duration) (record.Time, bool) {
	u := t + record.Time(by)
	return u, (u > t) == (by > 0) && u >= earliest && u <= latest
}
