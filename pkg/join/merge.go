package join

import (
	"bytes"
	"errors"
	"iter"

	"aiperf/pkg/record"
)

// ErrUnsorted is wrapped by the [*record.LineError] that tells, once per input,
// that its lines are not in the order of their times.
var ErrUnsorted = errors.New("unsorted")

// Merge yields the lines of all inputs in the order of their times; lines of
// equal time in the order of their bytes. For sorted streams that is what
// LC_ALL=C sort -m gives, and it does not depend on the order of the inputs.
//
// Of inputs that are not sorted the smallest next line is always taken: all
// lines come out, those of one input in its own order, and a LineError that
// wraps [ErrUnsorted] tells of it.
//
// A line can only come out when every other input has shown its next line or
// has ended. Each input is read in a goroutine of its own, by about a megabyte
// ahead, so that an idle one does not stop the others' writers at once. An
// error of an input is yielded where it stands; one that is no
// [*record.LineError] ends this input but not the others. Leaving the loop
// early waits for the reads that are under way.
func Merge(inputs ...iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		if len(inputs) == 1 {
			mergeOne(inputs[0], yield)
			return
		}
		m := merger{yield: yield}
		feeds := make([]*feed, len(inputs))
		for i, in := range inputs {
			feeds[i] = startFeed(in)
			defer feeds[i].stop()
		}
		for i, f := range feeds {
			h := &head{feed: f, rank: i}
			if !m.advance(h) {
				return
			}
			if !h.done {
				m.heap.push(h)
			}
		}
		for len(m.heap) > 0 {
			h := m.heap[0]
			if !yield(h.line, nil) || !m.advance(h) {
				return
			}
			if h.done {
				m.heap.pop()
			} else {
				m.heap.fix()
			}
		}
	}
}

func mergeOne(in iter.Seq2[record.Line, error], yield func(record.Line, error) bool) {
	var o order
	for l, err := range in {
		if err != nil {
			o.hear(err)
		} else if bad := o.check(l); bad != nil && !yield(record.Line{}, bad) {
			return
		}
		if !yield(l, err) {
			return
		}
	}
}

// An order notices the first line of an input that is older than the one
// before it.
type order struct {
	last record.Time
	any  bool
	told bool
}

// hear notices that a stage before has told already.
func (o *order) hear(err error) {
	var r *Remark
	o.told = o.told || errors.Is(err, ErrUnsorted) || errors.As(err, &r) && r.back
}

func (o *order) check(l record.Line) error {
	back := o.any && l.Time < o.last && !o.told
	before := o.last
	o.any, o.last = true, l.Time
	if !back {
		return nil
	}
	o.told = true
	return l.Errorf("%w: time %v comes after %v; every line is kept, but what is computed from their order may be wrong", ErrUnsorted, l.Time, before)
}

// A head is the next line of an input.
type head struct {
	line  record.Line
	feed  *feed
	rank  int // of its operand
	order order
	done  bool
}

func (h *head) Before(o *head) bool {
	if h.line.Time != o.line.Time {
		return h.line.Time < o.line.Time
	}
	if c := bytes.Compare(h.line.Raw, o.line.Raw); c != 0 {
		return c < 0
	}
	return h.rank < o.rank
}

type merger struct {
	yield func(record.Line, error) bool
	heap  heap[*head]
}

// advance goes to the next line of h, yielding the errors on the way. It is
// false when the consumer has left.
func (m *merger) advance(h *head) bool {
	for {
		it, ok := h.feed.next()
		switch {
		case !ok:
			h.done, h.line = true, record.Line{}
			return true
		case it.err != nil:
			h.order.hear(it.err)
			if !m.yield(record.Line{}, it.err) {
				return false
			}
			continue
		}
		h.line = it.line
		if bad := h.order.check(it.line); bad != nil {
			return m.yield(record.Line{}, bad)
		}
		return true
	}
}
