package join

import (
	"math"
	"slices"

	"aiperf/pkg/record"
)

// A state is the sums, over all GPUs, that a request's means come from.
type state struct {
	sum     [curves]float64
	seconds [curves]float64
}

// A ledger keeps the running sums. It stands at an instant and moves forward
// from one start or end of a request to the next; in between n, the number in
// flight, does not change, so that dE/n is a difference of two values of the
// curve.
type ledger struct {
	now    record.Time
	gpus   []*gpu
	n      int       // in flight
	share  []float64 // A_g(now), J
	starts []float64 // Σ A_g(start) of those in flight
	closed []float64 // J charged to those that have ended
	idle   []float64
	missed []float64
	state  state

	all      window // of all profiling requests
	measured window // of those that count
	open     []*snapshot
}

func (l *ledger) enter(g *gpu) {
	l.gpus = append(l.gpus, g)
	for _, s := range []*[]float64{&l.share, &l.starts, &l.closed, &l.idle, &l.missed} {
		*s = append(*s, 0)
	}
}

// to moves the ledger to t, or leaves it where it is if that is later.
func (l *ledger) to(t record.Time) {
	if t <= l.now {
		return
	}
	l.now = t
	for i, g := range l.gpus {
		d := l.move(g)
		if l.n > 0 {
			l.share[i] += d / float64(l.n)
		} else {
			l.idle[i] += d
		}
	}
}

// move takes the curves of g to now and gives the energy on the way.
func (l *ledger) move(g *gpu) float64 {
	energy := 0.0
	for j := range g.curve {
		c := &g.curve[j]
		if !c.any() {
			continue
		}
		sum, known := c.at(l.now), c.known(l.now)
		d := sum - g.at[j]
		l.state.sum[j] += d
		l.state.seconds[j] += known - g.seen[j]
		g.at[j], g.seen[j] = sum, known
		if j == g.main {
			energy = d
		}
	}
	return energy
}

// resume takes up a GPU that was lost, or is new: what it spent until now
// passes nobody's account, for who was in flight then is forgotten.
func (l *ledger) resume(i int) {
	g := l.gpus[i]
	l.eachSnapshot(func(s *snapshot) { s.repair(i, g) })
	was := l.state
	l.missed[i] += l.move(g)
	l.state = was
	g.lost = false
}

// begin puts a flight into the air.
func (l *ledger) begin(f *flight) {
	l.to(f.start)
	f.flying = true
	f.charged = append([]float64(nil), l.share...)
	f.state = l.state
	if f.profiling && l.measured.count == 0 {
		f.origin = new(snapshot)
		l.snap(f.origin)
		l.open = append(l.open, f.origin)
	}
	for i, a := range l.share {
		l.starts[i] += a
	}
	l.n++
}

// finish takes it down and settles its share.
func (l *ledger) finish(f *flight) {
	l.to(f.end)
	f.flying, f.done = false, true
	l.n--
	charges := make([]float64, len(l.gpus))
	total, known := 0.0, len(l.gpus) > 0 && !f.late
	for i, g := range l.gpus {
		a := 0.0
		if i < len(f.charged) {
			a = f.charged[i]
		}
		charges[i] = l.share[i] - a
		l.closed[i] += charges[i]
		l.starts[i] -= a
		total += charges[i]
		c := &g.curve[g.main]
		known = known && f.start >= c.first && f.end <= c.last().t && !g.silent.touch(f.start, f.end)
	}
	f.share = l.settle(f, total, known)
	if f.profiling && f.finished {
		if l.measured.count == 0 {
			l.all.add(f, charges, l)
		}
		if f.measured {
			l.measured.add(f, charges, l)
		}
	}
	f.charged, f.origin = nil, nil
}

// settle is what a request is told; nil if there is nothing to tell.
func (l *ledger) settle(f *flight, total float64, known bool) *record.Share {
	s := new(record.Share)
	if known {
		s.Energy = round(total, 1e9)
		s.Share = Equal
		s.GPUs = len(l.gpus)
	}
	alive := f.end.Sub(f.start)
	mean := func(j int, digits float64) *float64 {
		seconds := l.state.seconds[j] - f.state.seconds[j]
		if alive <= 0 || seconds < alive/2 {
			return nil
		}
		return round((l.state.sum[j]-f.state.sum[j])/seconds, digits)
	}
	s.Power = mean(byPower, 1e3)
	s.Utilization = mean(byUtilization, 1e6)
	s.SMUtilization = mean(bySM, 1e6)
	s.SMClock = mean(byClock, 1)
	if seconds := l.state.seconds[byViolation] - f.state.seconds[byViolation]; alive > 0 && seconds >= alive/2 {
		moved := l.state.sum[byViolation]-f.state.sum[byViolation] > 1e-9
		s.Throttled = &moved
	}
	if *s == (record.Share{}) {
		return nil
	}
	return s
}

// round is x with so many parts kept of a unit; nil if it is no number that a
// record could hold.
func round(x, parts float64) *float64 {
	y := math.Round(x*parts) / parts
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return nil
	}
	return &y
}

// snap takes a picture of now.
func (l *ledger) snap(s *snapshot) {
	s.t = l.now
	s.marks = s.marks[:0]
	for i, g := range l.gpus {
		m := mark{
			sum:     g.at,
			main:    g.at[g.main],
			charged: l.closed[i] + float64(l.n)*l.share[i] - l.starts[i],
			idle:    l.idle[i],
			missed:  l.missed[i],
			passed:  g.curve[g.main].passed(l.now),
			edge:    g.edgeAt(l.now),
			lost:    g.curve[g.main].last().t < l.now,
		}
		if ks := g.curve[byPower].knots; len(ks) > 0 {
			m.noise = ks[0].noise
		}
		s.marks = append(s.marks, m)
	}
}

// follow tells the snapshots whose edges are open of a new segment.
func (l *ledger) follow(i int, p, q knot) {
	l.eachSnapshot(func(s *snapshot) { s.follow(i, p, q) })
	l.open = slices.DeleteFunc(l.open, (*snapshot).complete)
}

func (l *ledger) eachSnapshot(do func(*snapshot)) {
	for _, s := range l.open {
		do(s)
	}
	for _, w := range []*window{&l.all, &l.measured} {
		if w.count > 0 {
			do(&w.from)
			do(&w.to)
		}
	}
}
