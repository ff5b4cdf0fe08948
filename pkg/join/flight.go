package join

import (
	"container/heap"
	"hash/maphash"

	"aiperf/pkg/record"
)

// A flight is a request from its start to its end.
type flight struct {
	key, run   uint64
	start, end record.Time
	phase      string
	measured   bool // see Measured; known at the end
	finished   bool // it has a request line
	ended      bool // its end is known
	late       bool // start or end became known too late to be charged right

	steps  []step // its weights, if the convention has any
	at     int    // the step that it is in
	weight float64

	charged []float64 // J by GPU, until its weight changed last
	mark    []float64 // A_g when that was, and then the same of even shares
	state   state     // at the start
	url     string
	server  serverState // at the start
	origin  *snapshot   // at the start, if the window may begin there

	done  bool // the ledger has passed its end, and share is what it got
	share *record.Share
	said  *record.ServerState
	next  *flight // of the same key
}

// An event is the start of a flight, a change of its weight, or its end.
type event struct {
	t   record.Time
	seq int // of equal times the one that was known first
	how turn
	f   *flight
}

type turn int8

const (
	starts turn = iota
	changes
	ends
)

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

func (e *events) add(t record.Time, how turn, f *flight) {
	e.seq++
	heap.Push(e, event{t, e.seq, how, f})
}

// due takes the next event if it is not after t.
func (e *events) due(t record.Time) (event, bool) {
	if len(e.list) == 0 || e.list[0].t > t {
		return event{}, false
	}
	return heap.Pop(e).(event), true
}

// flights finds the requests in flight by the hash of run and id. Of a million
// in flight two have one hash with a chance of 3e-8.
type flights map[uint64]*flight

var seed = maphash.MakeSeed()

func hash(s string) uint64 { return maphash.String(seed, s) }

func flightKey(run, id string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(run)
	h.WriteByte(0)
	h.WriteString(id)
	return h.Sum64()
}

func (m flights) add(f *flight) {
	f.next = m[f.key]
	m[f.key] = f
}

func (m flights) take(key uint64) (*flight, bool) {
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
