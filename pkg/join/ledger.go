package join

import (
	"slices"

	"aiperf/pkg/record"
)

// A ledger keeps the running sums. It stands at an instant and moves forward
// from one event to the next; in between the number in flight, n, and the sum
// of their weights, W, do not change, so that A_g = ∫ dE_g/W grows by a
// difference of two values of the curve. A request is charged its weight times
// the growth of A_g, from one change of its weight to the next. While n > 0 but
// nobody has a weight, energy is divided evenly, by a second sum.
type ledger struct {
	convention string
	now        record.Time
	gpus       []*gpu
	n          int   // in flight
	heavy      int   // of these, with a weight above 0
	weight     exact // W
	share      []float64
	even       []float64 // the second sum
	marks      []exact   // Σ weight · A_g(mark) of those in flight
	evens      []exact   // and Σ even_g(mark)
	closed     []float64 // J charged until the last change of weight of each
	idle       []float64
	missed     []float64
	state      state
	from       record.Time // see Options.From
	servers    servers
	began      record.Time
	flying     float64 // ∫ n dt since then
	quiet      float64 // s with n = 0

	phases  []*phase
	rest    phase // stands for the phases beyond mostPhases
	crowded bool
	open    []*snapshot // whose edges are not complete
	kept    int         // of these when they were looked through
}

// mostPhases is how many phases have windows. A load has two or three.
const mostPhases = 64

func (l *ledger) enter(g *gpu) {
	l.gpus = append(l.gpus, g)
	for _, s := range []*[]float64{&l.share, &l.even, &l.closed, &l.idle, &l.missed} {
		*s = append(*s, 0)
	}
	l.marks = append(l.marks, exact{})
	l.evens = append(l.evens, exact{})
}

// to moves the ledger to t, or leaves it where it is if that is later.
func (l *ledger) to(t record.Time) {
	if t <= l.now {
		return
	}
	if l.now == 0 {
		l.now, l.began = t, t
	}
	dt := t.Sub(l.now)
	l.flying += float64(l.n) * dt
	if l.n == 0 {
		l.quiet += dt
	}
	l.now = t
	l.servers.to(t)
	w := l.weight.value()
	for i, g := range l.gpus {
		switch d := l.move(g); {
		case l.n == 0:
			l.idle[i] += d
		case l.heavy == 0:
			l.even[i] += d / float64(l.n)
		default:
			l.share[i] += d / w
		}
	}
}

// move takes the curves of g to now and gives the energy on the way.
func (l *ledger) move(g *gpu) float64 {
	energy := 0.0
	for _, j := range g.present {
		c := &g.curve[j]
		sum, known := c.at(l.now), c.known(l.now)
		d := sum - g.at[j]
		l.state.sum[j] += d
		l.state.seconds[j] += known - g.seen[j]
		g.at[j], g.seen[j] = sum, known
		if int(j) == g.main {
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
	g.lost, g.behind = false, g.curve[g.main].last().t < l.now
}

// begin puts a flight into the air.
func (l *ledger) begin(f *flight) {
	l.to(f.start)
	f.state, f.server = l.state, l.servers.snap()
	if p := l.phase(f.phase); p.measured.count == 0 {
		f.origin = new(snapshot)
		l.snap(f.origin)
		if l.open = append(l.open, f.origin); len(l.open) > 2*l.kept+64 {
			l.tidy()
		}
	}
	l.n++
	l.weigh(f, f.first(l.convention))
}

// first is the weight that a flight starts with.
func (f *flight) first(convention string) float64 {
	switch {
	case convention == Equal:
		return 1
	case len(f.steps) > 0:
		return f.steps[0].weight
	}
	return 0
}

// weigh gives a flight another weight from now on.
func (l *ledger) weigh(f *flight, weight float64) {
	f.weight = weight
	f.mark = append(append(f.mark[:0], l.share...), l.even...)
	if weight > 0 {
		l.heavy++
		l.weight.add(weight)
	}
	for i := range l.gpus {
		l.marks[i].addProduct(weight, l.share[i])
		if l.even[i] != 0 {
			l.evens[i].add(l.even[i])
		}
	}
}

// unweigh takes a flight's weight away and charges it until now.
func (l *ledger) unweigh(f *flight) {
	if f.weight > 0 {
		if l.heavy--; l.heavy == 0 {
			l.weight = exact{}
		} else {
			l.weight.add(-f.weight)
		}
	}
	for len(f.charged) < len(l.gpus) {
		f.charged = append(f.charged, 0)
	}
	known := len(f.mark) / 2
	for i := range l.gpus {
		a, e := 0.0, 0.0 // a GPU that came later began with nothing
		if i < known {
			a, e = f.mark[i], f.mark[known+i]
		}
		x := f.weight*(l.share[i]-a) + (l.even[i] - e)
		f.charged[i] += x
		l.closed[i] += x
		l.marks[i].addProduct(-f.weight, a)
		if e != 0 {
			l.evens[i].add(-e)
		}
	}
}

// change takes a flight to its next step.
func (l *ledger) change(f *flight) {
	l.to(f.steps[f.at].until)
	f.at++
	l.unweigh(f)
	l.weigh(f, f.steps[f.at].weight)
}

// finish takes it down and settles its share.
func (l *ledger) finish(f *flight) {
	l.to(f.end)
	l.unweigh(f)
	l.n--
	f.done = true
	total, known := 0.0, len(l.gpus) > 0 && !f.late && f.start >= l.from
	for i, g := range l.gpus {
		total += f.charged[i]
		c := &g.curve[g.main]
		known = known && f.start >= c.first && f.end <= c.last().t && !g.silent.touch(f.start, f.end)
	}
	f.share = l.tell(f, total, known)
	if len(l.servers.list) > 0 {
		f.said = l.servers.between(f.server, l.servers.snap(), f.url)
	}
	if f.finished {
		p := l.phase(f.phase)
		if p.measured.count == 0 {
			p.all.add(f, l)
		}
		if f.measured {
			p.measured.add(f, l)
		}
	}
	if f.origin != nil {
		f.origin.over = true // the window has a copy, if it begins there
	}
	f.charged, f.mark, f.steps, f.origin, f.server = nil, nil, nil, nil, serverState{}
}

// charged is what has been charged of a GPU's energy until now, J.
func (l *ledger) charged(i int) float64 {
	sum := exact{-l.marks[i].hi, -l.marks[i].lo}
	sum.addProduct(l.weight.hi, l.share[i])
	if l.weight.lo != 0 {
		sum.add(l.weight.lo * l.share[i])
	}
	if l.even[i] != 0 {
		sum.addProduct(float64(l.n), l.even[i])
		sum.add(-l.evens[i].value())
	}
	sum.add(l.closed[i])
	return sum.value()
}

// phase finds the phase of a name.
func (l *ledger) phase(name string) *phase {
	for _, p := range l.phases {
		if p.name == name {
			return p
		}
	}
	if len(l.phases) == mostPhases {
		l.crowded = true
		return &l.rest
	}
	p := &phase{name: name}
	l.phases = append(l.phases, p)
	return p
}

// snap takes a picture of now.
func (l *ledger) snap(s *snapshot) {
	s.t = l.now
	s.stance = l.stance()
	s.marks = s.marks[:0]
	for i, g := range l.gpus {
		m := mark{
			sum:     [2]float64{g.at[byCounter], g.at[byPower]},
			main:    g.at[g.main],
			charged: l.charged(i),
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
	l.tidy()
}

// tidy forgets snapshots that nothing more can be learnt about, or that nobody
// needs.
func (l *ledger) tidy() {
	l.open = slices.DeleteFunc(l.open, (*snapshot).complete)
	l.kept = len(l.open)
}

func (l *ledger) eachSnapshot(do func(*snapshot)) {
	for _, s := range l.open {
		do(s)
	}
	for _, p := range l.phases {
		for _, w := range []*window{&p.all, &p.measured} {
			if w.count > 0 {
				do(&w.from)
				do(&w.to)
			}
		}
	}
}
