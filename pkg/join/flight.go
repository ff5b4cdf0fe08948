package join

import (
	"container/heap"

	"aiperf/pkg/record"
)

// A flight is a request from its start to its end.
type flight struct {
	key        string
	start, end record.Time
	profiling  bool
	measured   bool // see Measured; known at the end
	finished   bool // it has a request line
	late       bool // start or end became known too late to be charged right
	flying     bool

	charged []float64 // A_g at the start
	state   state     // at the start
	origin  *snapshot // at the start, if the window may begin there

	done  bool // the ledger has passed its end, and share is what it got
	share *record.Share
	next  *flight // of the same key
}

// An event is the start or the end of a flight.
type event struct {
	t   record.Time
	seq int // of equal times the one that was known first
	end bool
	f   *flight
}

// events is a heap on time.
type events struct {
	list []event
	seq  int
}

func (e *events) Len() int { return len(e.list) }
func (e *events) Less(i, j int) bool {
	if e.list[i].t != e.list[j].t {
		return e.list[i].t < e.list[j].t
	}
	return e.list[i].seq < e.list[j].seq
}
func (e *events) Swap(i, j int) { e.list[i], e.list[j] = e.list[j], e.list[i] }
func (e *events) Push(x any)    { e.list = append(e.list, x.(event)) }
func (e *events) Pop() any {
	last := len(e.list) - 1
	x := e.list[last]
	e.list[last] = event{}
	e.list = e.list[:last]
	return x
}

func (e *events) add(t record.Time, end bool, f *flight) {
	e.seq++
	heap.Push(e, event{t, e.seq, end, f})
}

// due takes the next event if it is not after t.
func (e *events) due(t record.Time) (event, bool) {
	if len(e.list) == 0 || e.list[0].t > t {
		return event{}, false
	}
	return heap.Pop(e).(event), true
}

// flights finds the requests in flight by run and id.
type flights map[string]*flight

func flightKey(run, id string) string { return run + "\x00" + id }

func (m flights) add(f *flight) {
	f.next = m[f.key]
	m[f.key] = f
}

func (m flights) take(key string) (*flight, bool) {
	f, ok := m[key]
	switch {
	case !ok:
		return nil, false
	case f.next == nil:
		delete(m, key)
	default:
		m[key] = f.next
	}
	f.next = nil
	return f, true
}
