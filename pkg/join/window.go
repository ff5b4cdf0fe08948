package join

import "aiperf/pkg/record"

// Measured tells whether a request belongs to the window: a profiling request
// that succeeded and whose end is known. The first start to the last end of
// these is the window that energy is given for, and the time that throughput
// divides by.
func Measured(r *record.Request) bool {
	return r.Phase == record.Profiling && r.Error == nil && r.Took != nil
}

// A mark is where the sums of one GPU stand at an instant.
type mark struct {
	sum     [2]float64 // by counter and by power
	main    float64    // J, of the curve that is charged
	noise   float64
	charged float64 // J, to all requests until now, finished or not
	idle    float64 // J
	missed  float64 // J, that passed while the GPU was lost
	passed  int     // readings
	edge    edge
	lost    bool // taken behind the last reading
}

// A snapshot is where everything stands at an instant.
type snapshot struct {
	t      record.Time
	stance stance
	marks  []mark // by GPU; those that came later are absent
	over   bool   // the request that it is the start of has ended
}

func (s *snapshot) mark(g int) mark {
	if g < len(s.marks) {
		return s.marks[g]
	}
	return mark{}
}

func (s *snapshot) follow(g int, p, q knot) {
	if g < len(s.marks) {
		s.marks[g].edge.follow(p, q)
	}
}

// repair sets right what was not known when the snapshot was taken: g was
// lost, and here is its next reading. Nobody was charged for what it spent.
func (s *snapshot) repair(i int, g *gpu) {
	if i >= len(s.marks) || !s.marks[i].lost || g.curve[g.main].last().t < s.t {
		return
	}
	m := &s.marks[i]
	m.lost = false
	for j := range g.curve {
		sum := g.curve[j].between(s.t)
		if j == g.main {
			m.missed += sum - m.main
			m.main = sum
		}
		if j < len(m.sum) {
			m.sum[j] = sum
		}
	}
	m.edge = g.edgeAt(s.t)
}

// complete tells whether nothing more can be learnt about its edges.
func (s *snapshot) complete() bool {
	if s.over {
		return true
	}
	for _, m := range s.marks {
		if m.lost || m.edge.ok && !m.edge.complete {
			return false
		}
	}
	return true
}

// A phase is the windows of one phase of a load.
type phase struct {
	name     string
	all      window // of all requests, as long as none was measured
	measured window
}

// window is the one that the phase's energy is given for.
func (p *phase) window() *window {
	if p.measured.count > 0 {
		return &p.measured
	}
	return &p.all
}

// A window runs from the first start to the last end of requests that are only
// known to belong to it when they end.
type window struct {
	from, to snapshot
	requests []float64 // J charged to them, by GPU
	count    int
}

// add takes a request of the window that has just ended, at now.
func (w *window) add(f *flight, l *ledger) {
	if w.count == 0 || f.origin != nil && f.origin.t < w.from.t {
		w.from = *f.origin
	}
	w.count++
	l.snap(&w.to)
	for len(w.requests) < len(f.charged) {
		w.requests = append(w.requests, 0)
	}
	for g, x := range f.charged {
		w.requests[g] += x
	}
}
