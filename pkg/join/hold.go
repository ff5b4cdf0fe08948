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
			return true
		}
		l := h.line
		if h.flight != nil && len(a.ledger.gpus) > 0 {
			var err error
			if share := h.flight.share; share != nil {
				l.Raw, err = record.Splice(l.Raw, "gpu", share)
			} else {
				// What an earlier merge said may not be true of this stream.
				l.Raw, err = record.Cut(l.Raw, "gpu")
			}
			if err != nil {
				l.Raw = h.line.Raw
				if !yield(record.Line{}, l.Errorf("%w", err)) {
					return false
				}
			}
		}
		a.last = l.Time
		if !yield(l, nil) {
			return false
		}
	}
}
