package join

import (
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
	came       int  // bytes of all lines when it became known

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
	list heap[event]
	seq  int
}

func (e event) Before(o event) bool { return e.t < o.t || e.t == o.t && e.seq < o.seq }

func (e *events) add(t record.Time, how turn, f *flight) {
	e.seq++
	e.list.push(event{t, e.seq, how, f})
}

// due takes the next event if it is not after t.
func (e *events) due(t record.Time) (event, bool) {
	if len(e.list) == 0 || e.list[0].t > t {
		return event{}, false
	}
	return e.list.pop(), true
}

// flights finds the requests in flight by the hash of run and id. Of a million
// in flight two have one hash with a chance of 3e-8.
type flights map[uint64]*flight

var seed = maphash.MakeSeed()

func hash(s string) uint64 { return maphash.String(seed, s) }

func flightKey(run string, id []byte) uint64 {
	return hash(run)*31 + maphash.Bytes(seed, id)
}

func (m flights) add(f *flight) {
	f.next = m[f.key]
	m[f.key] = f
}

// namesakes is how many flights of one key are looked at.
const namesakes = 1 << 12

// take takes out the flight of a key; of several, as of two runs that have one
// name, the one that started then, or else the last that was added.
func (m flights) take(key uint64, start record.Time) (*flight, bool) {
	first, ok := m[key]
	if !ok {
		return nil, false
	}
	f, before := first, first
	for i, g := 0, first; f.start != start && g.next != nil && i < namesakes; i, g = i+1, g.next {
		if g.next.start == start {
			f, before = g.next, g
		}
	}
	switch {
	case f != first:
		before.next = f.next
	case f.next == nil:
		delete(m, key)
	default:
		m[key] = f.next
	}
	f.next = nil
	return f, true
}
