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
	min, max float64 // W, seen around
	complete bool    // the segment behind has been seen too
}

// edgeAt looks at the main curve of g around t, which is where its cursor is.
func (g *gpu) edgeAt(t record.Time) edge {
	c := &g.curve[g.main]
	if len(c.knots) == 0 || t < c.knots[0].t {
		return edge{}
	}
	p := c.knots[0]
	if len(c.knots) == 1 {
		return edge{ok: t == p.t, to: p.t, slope: c.before, min: c.before, max: c.before}
	}
	q := c.knots[1]
	e := edge{ok: true, x: t.Sub(p.t), y: q.t.Sub(t), to: q.t, slope: mean(p, q)}
	e.min, e.max = e.slope, e.slope
	if c.has {
		e.widen(c.before)
	}
	if len(c.knots) > 2 {
		e.widen(mean(q, c.knots[2]))
		e.complete = true
	}
	if w := &g.curve[byPower]; len(w.knots) > 0 {
		for _, k := range w.knots[:min(2, len(w.knots))] {
			e.widen(k.rate)
		}
	}
	return e
}

func (e *edge) widen(p float64) {
	e.min, e.max = min(e.min, p), max(e.max, p)
}

// follow takes the segment that begins where e ends.
func (e *edge) follow(p, q knot) {
	if e.ok && !e.complete && p.t == e.to {
		e.widen(mean(p, q))
		e.complete = true
	}
}

// off is how far the straight line may be from the truth, J. seen tells whether
// the power inside the window was seen.
func (e edge) off(seen bool) float64 {
	if !seen {
		e.max = math.Inf(1)
		if e.x == 0 || e.y == 0 { // on a reading, which is no guess
			return 0
		}
	}
	above := min((e.max-e.slope)*e.x, (e.slope-e.min)*e.y)
	below := min((e.slope-e.min)*e.x, (e.max-e.slope)*e.y)
	return max(0, above, below)
}

// lateness is by how many seconds the reading q was later (or earlier) than
// its neighbours, if the power was steady.
func lateness(p, q, r knot) (float64, bool) {
	power := mean(p, r)
	if power <= 0 {
		return 0, false
	}
	line := p.sum + power*q.t.Sub(p.t)
	return math.Abs(q.sum-line) / power, true
}

// stale estimates d and j of g. poll is the interval at which its source was
// asked, 0 if not known.
//
// If δ is uniform on [0, d] and independent, lateness has a standard deviation
// of d/√8, and 90 % of it lies within some 0.58·d.
func (g *gpu) stale(poll float64) (d, j float64) {
	d, _ = g.refresh.quantile(0.5)
	if poll > 0 {
		d = min(d, poll)
	}
	if g.main == byPower {
		return d, 0
	}
	if late, ok := g.jitter.quantile(0.9); ok && len(g.jitter.xs) >= 8 {
		return d, min(d, late/0.58)
	}
	return d, d
}

// plusMinus is the half-width of the energy between two edges, J.
func (g *gpu) plusMinus(a, b mark, poll float64, reset bool) float64 {
	d, j := g.stale(poll)
	seen := b.passed-a.passed >= 2
	low, high := min(a.edge.min, b.edge.min), max(a.edge.max, b.edge.max)
	sum := d*(high-low) + j*high + a.edge.off(seen) + b.edge.off(seen)
	if g.main == byCounter {
		if reset {
			sum += g.bridged
		}
		return sum + g.quantum
	}
	return sum + 2*math.Sqrt(max(0, b.noise-a.noise))
}
