package join

import (
	"math"

	"aiperf/pkg/record"
)

// How far E_g(b) − E_g(a) may be off.
//
// ± aims at holding the truth in at least 95 of 100 runs whose rhythms of
// exporter, poll and load have nothing to do with each other. It is no bound of
// the worst case, and no standard error either: what is off is mostly one-sided,
// for a load that starts at a and ends at b, so that the sum of the parts is
// taken where they have one sign, and the root of the sum of their squares where
// chance gives them one.
//
// A new value is first seen some time after the counter was read: up to an
// exporter's refresh and up to a polling interval, whichever is shorter. The
// curve at t is therefore the truth at t − δ, with 0 ≤ δ ≤ d, and the value at
// an edge is short of P·δ, P being the power before it.
//
//  1. A δ that is always the same costs δ times the difference of the powers
//     before both edges, at most d times it. Two δ that are as independent as
//     can be, each even on [0, d], have half of that as their mean, and a spread
//     of d/√12 times the power at each edge, of which 95 % are taken. In between
//     is a δ that moves by v within the window. See reads.jumps.
//  2. d is not seen when every page is new: the exporter refreshes faster than
//     it is asked, or just as fast. Then it shows in the slips of the counter
//     while the power is steady, see reads.refresh, and is bounded by how long
//     after an edge the power follows the load, for no value can show a load
//     that was read before it began. See edge.after.
//  3. Between the two readings around an edge, at distances x and y from them,
//     the curve is a straight line of slope p, but the truth only has to pass
//     through both ends with slopes in [P_min, P_max] of this edge. It is off by
//     at most min((P_max − p)·x, (p − P_min)·y), or the same with the slopes
//     exchanged, below the line. With a step of the power at the edge itself
//     this is exact. Where the power rises through three segments the truth is
//     below the line, where it falls above. P_max is only known if a whole
//     segment lies inside the window; if none does, it may be anything: a short
//     load between two readings 30 s apart is seen in their difference only.
//  4. A counter that rounds to steps of q is off by up to q/2 at each edge.
//
// For the trapezoid of power, part 1 is d times the swing, and part 3 what it
// makes of a step at the edge (see edge.ramp); it has no part 4. It has in
// addition the variance of what it missed between readings (see curve.bend). It
// says nothing when there is no reading inside the window. What was put in place
// of a counter that was reset counts in full.
//
// What cannot be seen from outside is not in it: a sensor that is itself late,
// or that averages. On recent boards "power usage" is a mean over a second, and
// a trapezoid of that lags behind the truth by half of one more; their counters
// do not.

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
// down, if it does: the energy that is missing from there to a step at the edge,
// over the swing. It is δ and the time in which the power follows.
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
	if fast || g.main == byPower { // of power, a slow exporter's too: it is no clock
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
	swing := (1 + wavers) * max(high-begin.before, begin.before-low)
	if g.main == byPower {
		edges := begin.ramp(begin.y) + end.ramp(end.x)
		return d*swing + edges + gaussian*math.Sqrt(max(0, b.noise-begin.noise)), readings > 0
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
	wavers   = 0.1    // by which share of the swing P_max is above what is seen of it
	glimpse  = 0.15   // s, by which a burst of prefills that nobody saw makes edge.after too short
	gaussian = 1.96   // standard errors, for 95 %
	uniform  = 0.4756 // standard errors for 95 % on one side, 1.65, of an even spread over 1
)
