package report

import (
	"aiperf/pkg/record"
)

// A Meter measures single requests. It is not for several goroutines at once.
type Meter struct {
	Options Options

	scratch request
}

// Measure gives what there is to measure of the request in a line: its metrics,
// each with one value, and the gaps between its chunks in nanoseconds, which are
// valid until the next call. A request that failed has the length of its prompt
// at most. Both are nil if l is no request. The error is a [*record.LineError].
func (m *Meter) Measure(l record.Line) ([]Metric, []int64, error) {
	if l.Type != record.TypeRequest {
		return nil, nil, nil
	}
	r := &m.scratch
	if err := r.scan(l); err != nil {
		return nil, nil, err
	}
	q := requests{opt: &m.Options}
	if err := q.add(l, r, -1); err != nil {
		return nil, nil, err
	}
	var t singles
	if !q.ok(0) {
		if x := q.get(colIn, 0); x == x && q.outcome(0) == failing {
			t.add("error_isl", "Error Input Sequence Length", Tokens, 0, x)
		}
		return t, nil, nil
	}
	for _, x := range measures {
		if v, ok := x.of(&q, 0); ok {
			t.add(x.tag, x.header, x.unit, x.order, v).Larger = x.larger
		}
	}
	if len(m.Options.Goodput) > 0 {
		good := 0.0
		if q.good(0) {
			good = 1
		}
		t.add("good_request_count", "Good Request Count", Requests, 0, good)
	}
	if q.gaps.negative > 0 {
		return t, nil, nil
	}
	return t, r.gaps, nil
}
