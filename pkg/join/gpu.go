package join

import (
	"bytes"
	"math"
	"slices"

	"aiperf/pkg/record"
)

// A gpu is what is known of one GPU: its curves, and how they came about.
type gpu struct {
	key     string
	latest  *reading // for the words that describe it
	main    int      // the curve that energy is taken from: byCounter or byPower
	curve   [curves]curve
	present []int8 // the curves that have a knot

	origins []*origin
	active  *origin
	free    bool // nobody has been charged yet
	moved   bool // to another origin; its counter has not caught up yet

	counter   float64    // last value
	floor     [2]knot    // values that it had at least two seconds apart
	violation [2]float64 // of power and heat, last values
	quantum   float64    // largest power of ten, J, up to 1, that all counter values are multiples of
	typical   float64    // seconds between distinct readings, for patience; 0 = not known

	heard  record.Time // its latest reading, new or not, of any origin
	mig    bool        // it is divided into instances
	top    float64     // Hz, the highest clock under load
	peak   float64     // Hz, the highest clock
	xids   codes
	skewed spans // beside readings of which it is known too vaguely when they were taken
	vague  bool  // the latest one is

	refresh sample      // seconds between distinct readings of main
	reads   reads       // of the counter
	back    knot        // of main
	news    record.Time // the last distinct reading of main
	gaps    spans       // longer than MaxGap
	silent  spans       // longer than its patience
	resets  spans
	bridged float64 // J that were put where the counter was reset

	// The ledger's: where it stands.
	at   [curves]float64 // the curves at the ledger's instant
	seen [curves]float64 // seconds for which they are known
	lost bool            // its patience is over
	// It was lost, and its latest reading was taken before the ledger's instant.
	behind bool
}

// An origin is a source that reports the GPU.
type origin struct {
	name    string // the source, see attribution.origin
	mig     string // the instance whose rows repeat what is the whole GPU's
	fields  []byte
	fresh   record.Time // when it last said something new
	typical float64
	count   int // of readings that were new
}

// hear notes the reading and tells whether it is new: whether any field of it
// differs from the one before.
func (o *origin) hear(r *reading) bool {
	if o.count > 0 && bytes.Equal(o.fields, r.fields) {
		return false
	}
	if o.count > 0 {
		o.typical = pace(o.typical, r.taken.Sub(o.fresh), unknownPatience)
	}
	o.fields, o.fresh = r.fields, r.taken
	o.count++
	return true
}

// pace follows the interval between readings: up at once, down slowly. An
// interval of more than three of those before it, and of more than least seconds,
// may be a pause: after an hour's sleep nobody is waited for by hours.
func pace(was, x, least float64) float64 {
	x = min(x, max(least, 3*was))
	return max(x, 0.9*was+0.1*x)
}

// choose gives the origin of r, and makes it the active one if it is the first
// or the active one has nothing new for four of this one's intervals.
func (g *gpu) choose(r *reading) *origin {
	for _, o := range g.origins {
		if o.name != r.from || o.mig != r.mig {
			continue
		}
		if o != g.active && o.count >= 3 && r.taken.Sub(g.active.fresh) > 4*o.typical {
			g.active, g.moved = o, true
		}
		return o
	}
	o := &origin{name: r.from, mig: r.mig}
	g.origins = append(g.origins, o)
	switch {
	case g.active == nil:
		g.active = o
	case g.active.mig != "" && o.mig == "": // the GPU's own row
		g.active, g.moved = o, true
	}
	return o
}

// unknownPatience is how long the second reading of a GPU is waited for: three
// times the 30 s at which a DCGM exporter refreshes by default.
const unknownPatience = 90

// patience is how many seconds without news make a GPU count as lost. A
// refresh of 30 s is slow, not lost.
func (g *gpu) patience(maxGap float64) float64 {
	if g.typical == 0 {
		return max(maxGap, unknownPatience)
	}
	return max(maxGap, 3*g.typical)
}

// add takes a reading. It is true if the energy curve has grown.
func (g *gpu) add(r *reading, opt *Options) bool {
	maxGap := opt.MaxGap
	g.heard = max(g.heard, r.taken)
	if r.mig != "" {
		g.mig = true
		// An instance's activity is its own.
		for _, j := range [...]int{byUtilization, bySM, byDRAM, byMemory} {
			r.has[j] = false
		}
	}
	o := g.choose(r)
	fresh := o.hear(r)
	if o != g.active {
		return false
	}
	g.latest = r
	m := &g.curve[g.main]
	// A repeat says nothing, unless nothing was new for so long that the GPU
	// would soon be taken for lost: then it says that nothing has changed.
	confirm := m.any() && r.taken.Sub(m.last().t) >= g.patience(maxGap)/2
	if !fresh && !confirm {
		return false
	}
	g.xids.hear(r) // though the counter of a GPU that fell off the bus stands still
	if g.free && g.main == byPower && r.has[byCounter] {
		g.countOn()
		m = &g.curve[g.main]
	}
	before := m.count
	for _, j := range gauges {
		if r.has[j] {
			g.curve[j].gauge = true
			g.curve[j].add(r.taken, r.value[j])
		}
	}
	g.addViolations(r)
	g.addDrop(r)
	g.peak = max(g.peak, r.value[byClock])
	distinct := fresh
	if r.has[byCounter] {
		changed := g.addCounter(r, confirm)
		distinct = distinct && (changed || g.main != byCounter)
	}
	g.notice()
	if m.count == before {
		return false
	}
	vague := r.within > opt.MaxSkew
	if vague || g.vague {
		g.skewed.add(max(g.back.t, g.curve[g.main].first), r.taken)
	}
	g.vague = vague
	g.grown(distinct, maxGap)
	return true
}

// countOn takes the energy from the counter from now on: the first page had come
// before the exporter had read it. What was learnt of the power's intervals is forgotten.
func (g *gpu) countOn() {
	g.main = byCounter
	g.typical, g.refresh, g.reads = 0, sample{}, reads{}
	g.gaps, g.silent, g.skewed = nil, nil, nil
}

// notice finds the curves that are not empty any more.
func (g *gpu) notice() {
	if len(g.present) == curves {
		return
	}
	for j := range g.curve {
		if g.curve[j].any() && !slices.Contains(g.present, int8(j)) {
			g.present = append(g.present, int8(j))
		}
	}
}

// oldView is for how many seconds after the last value a smaller one may be an
// older one, if the counter had it in the last few seconds.
const oldView = 1.0

// addCounter is true if the counter has changed.
func (g *gpu) addCounter(r *reading, confirm bool) bool {
	c, v := &g.curve[byCounter], r.value[byCounter]
	if !c.any() {
		g.quantum = 1 // no counter is known to be coarser
		g.shrink(v)
		g.counter = v
		g.floor = [2]knot{{t: r.taken, sum: v}, {t: r.taken, sum: v}}
		return c.add(r.taken, 0)
	}
	last := c.last()
	grown := v - g.counter
	switch {
	case r.taken <= last.t:
		return false
	case grown == 0 && !confirm:
		return false
	case grown < 0 && g.moved && !confirm:
		return false // another origin's view, a little older
	case grown < 0 && v >= g.floor[0].sum && r.taken.Sub(last.t) <= oldView:
		return false // a page from before, seen by a scraper with another clock
	case grown < 0:
		// What was spent around the reset is in neither piece of the counter;
		// the power knows it, if there is one.
		grown = g.bridge(last.t, r.taken)
		g.bridged += grown
		g.resets.add(last.t, r.taken)
		g.floor = [2]knot{{t: r.taken, sum: v}, {t: r.taken, sum: v}}
	}
	g.moved = false
	if r.taken.Sub(g.floor[1].t) >= 2*oldView {
		g.floor[0], g.floor[1] = g.floor[1], knot{t: r.taken, sum: v}
	}
	changed := v != g.counter
	g.counter = v
	g.shrink(v)
	c.add(r.taken, grown)
	return changed
}

// bridge is the energy by power from one instant to another, both of readings.
func (g *gpu) bridge(from, to record.Time) float64 {
	ks := g.curve[byPower].knots
	var a, b knot
	for _, k := range ks {
		if k.t <= from || a.t == 0 {
			a = k
		}
		if k.t <= to {
			b = k
		}
	}
	return max(0, b.sum-a.sum)
}

// shrink finds the counter's resolution.
func (g *gpu) shrink(v float64) {
	for g.quantum > 1e-6 {
		if n := v / g.quantum; math.Abs(n-math.Round(n)) <= 1e-3 {
			return
		}
		g.quantum /= 10
	}
}

// grown keeps account of the intervals of the main curve.
func (g *gpu) grown(distinct bool, maxGap float64) {
	m := &g.curve[g.main]
	k := m.last()
	if m.count > 1 {
		dt := k.t.Sub(g.back.t)
		if dt > g.patience(maxGap) {
			g.silent.add(g.back.t, k.t)
		}
		if distinct {
			g.typical = pace(g.typical, dt, g.patience(maxGap))
			g.refresh.add(dt)
		}
		if k.t.Sub(g.news) > maxGap {
			g.gaps.add(g.news, k.t)
		}
	}
	if distinct || m.count == 1 {
		g.news = k.t
	}
	if distinct && g.main == byCounter {
		g.reads.add(k, &g.curve[byPower], g.quantum)
	}
	g.back = k
}
