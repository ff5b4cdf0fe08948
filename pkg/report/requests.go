package report

import (
	"bytes"
	"maps"
	"slices"

	"aiperf/pkg/record"
)

// requests are the requests of one phase.
type requests struct {
	opt *Options
	table
	gaps gaps
	why  []int32 // by row: which of failed.kinds it is, from 1; 0 for none

	thought   bool // reasoning came before an answer
	throttled int  // answered while something held a GPU's clock down

	failed  failures // what went wrong
	stopped failures // what was cancelled on purpose

	models, urls, counters, runs counted

	digests map[int32]*digest // by group, −1 for all; nil while the rows are kept
}

// A span is what lies between the first start and the last end.
type span struct {
	from, to record.Time
	n        int
}

func (s *span) add(from, to record.Time) {
	if s.n == 0 {
		s.from, s.to = from, to
	}
	s.from, s.to = min(s.from, from), max(s.to, to)
	s.n++
}

// counted are names and how often each was seen.
type counted struct {
	names
	n []int
}

func (c *counted) add(v record.Value) {
	i := c.id(v)
	for int(i) >= len(c.n) {
		c.n = append(c.n, 0)
	}
	c.n[i]++
}

// all is how often each name was seen, but for the empty one.
func (c *counted) all() map[string]int {
	m := map[string]int{}
	for i, s := range c.list {
		if s != "" && i < len(c.n) {
			m[s] += c.n[i]
		}
	}
	return m
}

// add takes a request in that belongs to the phase; group is the number of its
// group, −1 for none.
func (q *requests) add(l record.Line, r *request, group int32) error {
	failure, err := r.failed(l)
	if err != nil {
		return err
	}
	q.models.add(r.model)
	q.urls.add(r.url)
	q.runs.add(r.run)
	row := q.table.add(r.start, r.flags(failure))
	if group >= 0 {
		for len(q.group) < row {
			q.group = append(q.group, -1)
		}
		q.group = append(q.group, group)
	}
	q.fill(row, r)
	switch {
	case failure != nil && q.outcome(row) == cancelled:
		q.stopped.add(failure)
	case failure != nil:
		for len(q.why) < row {
			q.why = append(q.why, 0)
		}
		q.why = append(q.why, int32(q.failed.add(failure))+1)
	case q.ok(row):
		if r.throttled {
			q.throttled++
		}
		if r.out >= 0 && len(r.source) > 0 {
			q.counters.add(r.source)
		}
		if len(r.gaps) > 0 {
			q.gaps.add(row, r.gaps, q.groupOf)
		}
	}
	q.fit()
	return nil
}

func (q *requests) groupOf(row int) int32 {
	if row < len(q.group) {
		return q.group[row]
	}
	return -1
}

var fromUsage = []byte(`"` + record.FromUsage + `"`)

// flags say what became of the request and what is known of it.
func (r *request) flags(failure *record.Error) uint8 {
	f := answered
	switch {
	case failure != nil && failure.Class == record.ClassCancelled:
		f = cancelled
	case failure != nil:
		f = failing
	case r.took != r.took:
		f = untimed
	}
	in := r.inSource
	if len(in) == 0 {
		in = r.source
	}
	if bytes.Equal(in, fromUsage) {
		f |= usageIn
	}
	if bytes.Equal(r.source, fromUsage) {
		f |= usageOut
	}
	if r.http {
		f |= overHTTP
	}
	if r.reused {
		f |= reusing
	}
	if string(r.endpoint) == `"embeddings"` || bytes.HasSuffix(r.endpoint, []byte(`_rankings"`)) {
		f |= tokenless
	}
	return f
}

// fill puts what is known of the request into the columns.
func (q *requests) fill(row int, r *request) {
	put := func(c column, v float64) {
		if v == v {
			q.set(c, row, v)
		}
	}
	whole := func(c column, n int) {
		if n >= 0 {
			q.set(c, row, float64(n))
		}
	}
	ttft := r.ttft
	if q.opt.any() && ttft == ttft {
		ttft = r.firstByte
	}
	put(colTook, r.took)
	put(colTTFT, ttft)
	switch {
	case r.ttfo == r.ttfo:
		q.thought = true
		put(colTTFO, r.ttfo)
	case r.silent:
		q.thought = true // and said nothing
	default:
		put(colTTFO, r.ttft)
	}
	if len(r.gaps) > 0 {
		put(colSecond, float64(r.gaps[0])/1e9)
	}
	put(colLate, r.late)
	put(colEnergy, r.energy)
	whole(colIn, r.in)
	whole(colOut, r.out)
	whole(colReasoning, r.reasoning)
	whole(colCached, r.cached)
	whole(colAsked, r.asked)
	whole(colChunks, r.chunks)
	put(colBytesSent, r.sentBytes)
	put(colBytesReceived, r.receivedBytes)
	put(colBlocked, r.blocked)
	put(colDNS, r.dns)
	put(colConnect, r.connect)
	put(colSent, r.sent)
	put(colFirstByte, r.firstByte)
	put(colWaiting, r.waiting)
	put(colRunning, r.running)
	put(colKVCache, r.cache)
}

// any tells whether there is a request.
func (q *requests) any() bool { return q.len() > 0 || q.digests != nil }

// between is from the first start to the last end of the view's answered
// requests, or of all if none was answered; nil if there are none.
func (v *view) between() *Window {
	s := v.span()
	if s.n == 0 {
		return nil
	}
	return &Window{s.from, s.to}
}

// keys are the keys of a map, in order.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
