package load

import (
	"encoding/binary"
	"time"

	"aiperf/pkg/record"
)

// Arrivals are the instants at which content came in, as varints of the
// microseconds since the one before: two or three bytes each, which matters with
// 10,000 streams of a thousand tokens.
type arrivals struct {
	steps []byte
	last  int64 // µs since the start
	n     int
	first time.Duration // exact
	end   time.Duration

	kinds   []byte // run lengths of kinds that are over
	kind    record.Kind
	run     int
	reasons int           // of reasoning
	thought bool          // the first one is of reasoning
	output  time.Duration // of the first that is no reasoning
	answers bool          // there is one
}

// add notes n pieces of content that came in at once, so long after the start.
func (a *arrivals) add(at time.Duration, kind record.Kind, n int) {
	if a.n == 0 {
		a.first, a.kind, a.thought = at, kind, kind == record.KindReasoning
	}
	a.end = at
	us := (int64(at) + 500) / 1000
	for range n {
		a.steps = binary.AppendVarint(a.steps, us-a.last)
		a.last = us
	}
	a.n += n
	if kind != a.kind {
		a.kinds = record.AppendKind(a.kinds, a.kind, a.run)
		a.kind, a.run = kind, 0
	}
	a.run += n
	if kind == record.KindReasoning {
		a.reasons += n
	} else if !a.answers {
		a.answers, a.output = true, at
	}
}

// gaps are the seconds between arrivals, the first since the start.
func (a *arrivals) gaps() record.Gaps {
	gaps := make(record.Gaps, 0, a.n)
	for b := a.steps; len(b) > 0; {
		us, n := binary.Varint(b)
		gaps = append(gaps, float64(us)/1e6)
		b = b[n:]
	}
	return gaps
}

// runs are the kinds of the arrivals; empty if all are text.
func (a *arrivals) runs() record.Kinds {
	if len(a.kinds) == 0 && (a.kind == record.KindText || a.n == 0) {
		return ""
	}
	return record.Kinds(record.AppendKind(a.kinds, a.kind, a.run))
}
