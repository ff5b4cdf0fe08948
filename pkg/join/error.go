package join

import (
	"math"

	"aiperf/pkg/record"
)

// How far E_g(b) − E_g(a) may be off.
//
// A new value is first seen some time after the counter was read: up to an
// exporter's refresh and up to a polling interval, whichever is shorter. The
// curve at t is therefore the truth at t − δ, with 0 ≤ δ ≤ d, and the value at
// an edge is short of P·δ, P being the power there. Three things follow, and a
// fourth from the counter itself. ± is their sum, a bound rather than a
// standard error, for they are not independent of one another.
//
//  1. A δ that is always the same is harmless as long as the power is: the
//     edges are off by the same amount. What remains is d·(P_max − P_min),
//     over what is seen of the power around both edges.
//  2. The part of δ that varies from reading to reading, j, costs up to j·P.
//     It shows: in a stretch of steady power a reading that is late lies below
//     the straight line between its neighbours, by P times how late it is.
//     See lateness.
//  3. Between the two readings around an edge, at distances x and y from them,
//     the curve is a straight line of slope p, but the truth only has to pass
//     through both ends with slopes in [P_min, P_max] of this edge. It is off by
//     at most min((P_max − p)·x, (p − P_min)·y), or the same with the slopes
//     exchanged, below the line. With a step of the power at the edge itself
//     this is exact. P_max is only known if a whole segment lies inside the
//     window; if none does, it may be anything: a short load between two
//     readings 30 s apart is seen in their difference only.
//  4. A counter that rounds to steps of q is off by up to q/2 at each edge.
//
// The trapezoid of power has no part 2, for a steady power that is read late is
// still the same power, and no part 4. It has in addition the variance of what
// it missed between readings (see curve.bend), taken twice. What was put in
// place of a counter that was reset counts in full.
//
// What cannot be seen from outside is not in it: a sensor that averages (on
// recent boards "power usage" is a mean over a second) or that is itself late.

// An edge is what is seen of the energy curve around an instant.
type edge struct {
	ok       bool
	x, y     float64 // seconds from the reading before, to the reading after
	to       record.Time
	slope    float64 // W, between the two
	before   float64 // W, in the segment before
	gauge    float64 // W, at the reading before; 0 if there is none
	min, max float64 // W, seen around
	complete bool    // the segment behind has been seen too
	next     float64 // W, of that
	lasts    float64 // seconds that it lasts
	noise    float64 // of the curve behind what was seen
}

// edgeAt looks at the main curve of g around t, which is where its cursor is.
func (g *gpu) edgeAt(t record.Time) edge {
	c := &g.curve[g.main]
	if len(c.knots) == 0 || t < c.knots[0].t {
		return edge{}
	}
	p, w := c.knots[0], &g.curve[byPower]
	if len(c.knots) == 1 {
		e := edge{ok: t == p.t, to: p.t, slope: c.before, before: c.before, min: c.before, max: c.before, noise: p.noise}
		if len(w.knots) > 0 {
			e.gauge = w.knots[0].rate
			e.widen(e.gauge)
		}
		return e
	}
	q := c.knots[1]
	e := edge{ok: true, x: t.Sub(p.t), y: q.t.Sub(t), to: q.t, slope: mean(p, q), noise: q.noise}
	e.before, e.min, e.max = e.slope, e.slope, e.slope
	if len(w.knots) > 0 {
		e.gauge = w.knots[0].rate
		e.before = e.gauge
		for _, k := range w.knots[:min(2, len(w.knots))] {
			e.widen(k.rate)
		}
	}
	if c.has {
		e.before = c.before
		e.widen(c.before)
	}
	if len(c.knots) > 2 {
		e.extend(q, c.knots[2])
	}
	return e
}

func (e *edge) widen(p float64) {
	e.min, e.max = min(e.min, p), max(e.max, p)
}

// extend takes the segment behind.
func (e *edge) extend(p, q knot) {
	e.next, e.lasts, e.noise = mean(p, q), q.t.Sub(p.t), q.noise
	e.widen(e.next)
	e.complete = true
}

// follow takes the segment that begins where e ends.
func (e *edge) follow(p, q knot) {
	if e.ok && !e.complete && p.t == e.to {
		e.extend(p, q)
	}
}

// around spans the power from the segment before the edge to the edge.
func (e edge) around() (low, high float64) {
	low, high = min(e.before, e.slope), max(e.before, e.slope)
	if e.gauge > 0 {
		low, high = min(low, e.gauge), max(high, e.gauge)
	}
	return low, high
}

// off is how far the straight line may be from the truth, J. seen tells whether
// the power inside the window was seen.
func (e edge) off(seen bool) float64 {
	if !seen {
		if e.x == 0 || e.y == 0 { // on a reading, which is no guess
			return 0
		}
		return (1 + wavers) * max(0, (e.slope-e.min)*max(e.x, e.y))
	}
	above := min((e.max-e.slope)*e.x, (e.slope-e.min)*e.y)
	below := min((e.slope-e.min)*e.x, (e.max-e.slope)*e.y)
	switch {
	case seen && e.complete && e.before < e.slope && e.slope < e.next:
		above = 0
	case seen && e.complete && e.before > e.slope && e.slope > e.next:
		below = 0
	}
	return max(0, above, below)
}

// ramp is by how much a trapezoid is short of a step at the edge, of which it
// sees z seconds, J.
func (e edge) ramp(z float64) float64 {
	if e.x+e.y == 0 {
		return 0
	}
	return (e.max - e.min) * z * z / (2 * (e.x + e.y))
}

// after is how many seconds after the edge the curve has the power step, up or
// down, if it does.
func (e edge) after(up bool) (float64, bool) {
	swing, half := e.max-e.min, (e.min+e.max)/2
	if !e.complete || swing < 0.3*e.max || up != (e.before < half) {
		return 0, false
	}
	level := e.min
	if up {
		level = e.max
	}
	missing := math.Abs(level-e.slope)*(e.x+e.y) + math.Abs(level-e.next)*e.lasts
	return max(0, missing/swing-e.x), true
}

// stale estimates d and v for a window of so many readings, whose source is
// asked every poll seconds, 0 if that is not known.
func (g *gpu) stale(poll float64, a, b edge, readings int) (d, v float64) {
	d, _ = g.refresh.quantile(0.5)
	if poll <= 0 {
		return d, d
	}
	fast := d <= 1.5*poll // every page is new: the refresh is not seen
	d = min(d, poll)
	if fast {
		most := math.Inf(1)
		if a.max-a.min > 0.3*a.max {
			most = a.min + (a.max-a.min)/4
		}
		if r, ok := g.reads.refresh(most, d); ok {
			d = min(d, r)
		}
	}
	if fast || g.main == byPower {
		on, up := a.after(true)
		off, down := b.after(false)
		if up || down {
			d = min(d, max(on, off)+glimpse)
		}
	}
	return d, d * g.reads.jumps(d, readings)
}

// plusMinus is the half-width of the energy between two edges, J. It is false
// if nothing is known of the power between them.
func (g *gpu) plusMinus(a, b mark, poll float64, reset bool) (float64, bool) {
	begin, end := a.edge, b.edge
	begin.widen(end.before)
	end.widen(begin.before)
	readings := b.passed - a.passed
	d, v := g.stale(poll, begin, end, readings)
	for _, e := range []*edge{&begin, &end} {
		e.max += wavers * (e.max - e.min)
	}
	low, high := end.around()
	swing := max(high-begin.before, begin.before-low)
	if g.main == byPower {
		edges := begin.ramp(begin.y) + end.ramp(end.x)
		return d*swing + edges + normal*math.Sqrt(max(0, b.noise-begin.noise)), readings > 0
	}
	seen := readings >= 2
	vary := uniform * v * math.Hypot(begin.slope, end.slope)
	sum := max(d*swing, d/2*swing+math.Hypot((d-v)/2*swing, vary)) + begin.off(seen) + end.off(seen)
	if reset {
		sum += g.bridged
	}
	return sum + g.quantum, true
}

const (
	wavers  = 0.1  // what P_max is above what is seen of it, as a share of the swing
	glimpse = 0.15 // s: a burst may be over before anyone looks
	normal  = 1.96
	uniform = 0.4756 // 95 % of a sum of two spreads of equal width, each off its middle
)
