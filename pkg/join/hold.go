package join

import "aiperf/pkg/record"

// A queue holds lines until the request at its front is settled, so that their
// order is kept.
type queue struct {
	list []held
	head int
}

type held struct {
	line   record.Line
	flight *flight // of a request
}

func (q *queue) push(l record.Line, f *flight) {
	if q.head > 1024 && q.head > len(q.list)/2 {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, held{l, f})
}

// pop is false if there is nothing, or nothing that may go.
func (q *queue) pop() (held, bool) {
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
		return held{}, false
	}
	h := q.list[q.head]
	if h.flight != nil && !h.flight.done {
		return held{}, false
	}
	q.list[q.head] = held{}
	q.head++
	return h, true
}

// release yields the lines that may go. It is false when the consumer has left.
func (a *attribution) release(yield func(record.Line, error) bool) bool {
	for {
		h, ok := a.queue.pop()
		if !ok {
			return a.tellRegimes(yield)
		}
		if h.flight != nil {
			var err error
			if h.line.Raw, err = a.annotate(h); err != nil && !yield(record.Line{}, h.line.Errorf("%w", err)) {
				return false
			}
		}
		a.last = h.line.Time
		if !yield(h.line, nil) {
			return false
		}
	}
}

// annotate adds to a request what is known of it, in place of what an earlier
// merge said, which may not be true of this stream. After an error it gives the
// line as it was.
func (a *attribution) annotate(h held) ([]byte, error) {
	raw := h.line.Raw
	for _, x := range []struct {
		key   string
		there bool
		value any
		on    bool
	}{
		{"server", h.flight.said != nil, h.flight.said, len(a.ledger.servers.list) > 0},
		{"gpu", h.flight.share != nil, h.flight.share, a.measured},
	} {
		var err error
		switch {
		case !x.on:
		case x.there:
			raw, err = record.Splice(raw, x.key, x.value)
		default:
			raw, err = record.Cut(raw, x.key)
		}
		if err != nil {
			return h.line.Raw, err
		}
	}
	return raw, nil
}
