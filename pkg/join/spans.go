package join

import "aiperf/pkg/record"

// spans are stretches of time. Those that touch are one.
type spans []span

type span struct{ from, to record.Time }

// nothing is a span that no instant lies in.
var nothing = span{ever, never}

// add makes the span reach to t.
func (s *span) add(t record.Time) { s.from, s.to = min(s.from, t), max(s.to, t) }

func (s *spans) add(from, to record.Time) {
	if n := len(*s); n > 0 && from <= (*s)[n-1].to {
		(*s)[n-1].to = to
		return
	}
	*s = append(*s, span{from, to})
}

// touch tells whether any of them has more than an instant in common with the
// window.
func (s spans) touch(from, to record.Time) bool {
	for i := len(s) - 1; i >= 0 && s[i].to > from; i-- {
		if s[i].from < to {
			return true
		}
	}
	return false
}

// has tells whether an instant lies in one of them, or at its end.
func (s spans) has(t record.Time) bool {
	for i := len(s) - 1; i >= 0 && s[i].to >= t; i-- {
		if s[i].from <= t {
			return true
		}
	}
	return false
}
