package join

import "aiperf/pkg/record"

// A knot is an instant at which a curve is known.
type knot struct {
	t     record.Time
	sum   float64 // the curve: J, or the integral of a gauge over seconds
	rate  float64 // of a gauge: its value
	noise float64 // of a gauge: variance of sum for want of readings between
}

// A curve is a sum that grows with time, known at knots: a counter, linear
// between them, or the integral of a gauge that is linear between them (the
// trapezoid rule). It is read by a cursor that only moves forward, and forgets
// what lies behind.
type curve struct {
	gauge  bool
	knots  []knot // the last one not after the cursor, and all that follow
	prior  knot   // the last but one of all
	first  record.Time
	count  int     // of knots ever
	before float64 // mean rate of the segment that the cursor left last
	has    bool    // before is known
}

func (c *curve) any() bool { return c.count > 0 }

func (c *curve) last() knot { return c.knots[len(c.knots)-1] }

// add continues the curve: a counter by the given increment, a gauge by the
// given value. Instants that are not later than the last are dropped.
func (c *curve) add(t record.Time, x float64) bool {
	k := knot{t: t}
	if c.any() {
		last := c.last()
		if t <= last.t {
			return false
		}
		k.sum, k.noise = last.sum, last.noise
		if c.gauge {
			k.sum += (last.rate + x) / 2 * t.Sub(last.t)
		}
	} else {
		c.first = t
	}
	if c.gauge {
		k.rate = x
		k.noise += c.bend(k)
	} else {
		k.sum += x
	}
	if c.any() {
		c.prior = c.last()
	}
	c.knots = append(c.knots, k)
	c.count++
	return true
}

// bend is the variance that k adds to the sum because of what the gauge did
// between readings: the last but one reading is compared to the straight line
// between its neighbours. Readings that waver with variance σ², each for
// itself, are off by 1.5·σ² in the mean square, and the sum by σ² for each.
func (c *curve) bend(k knot) float64 {
	if c.count < 2 {
		return 0
	}
	p, q := c.prior, c.last() // the cursor may have passed them
	line := p.rate + (k.rate-p.rate)*q.t.Sub(p.t)/k.t.Sub(p.t)
	off := (q.rate - line) * k.t.Sub(q.t)
	return off * off / 1.5
}

// mean is the mean rate between two knots.
func mean(p, q knot) float64 { return (q.sum - p.sum) / q.t.Sub(p.t) }

// at moves the cursor to t and gives the curve there. Before the first knot it
// is 0, after the last one it stays what it was: nothing is extrapolated.
func (c *curve) at(t record.Time) float64 {
	for len(c.knots) > 1 && c.knots[1].t <= t {
		c.before, c.has = mean(c.knots[0], c.knots[1]), true
		c.knots = c.knots[1:]
	}
	return c.between(t)
}

// between gives the curve at a t not before the cursor and not after the
// second knot from there.
func (c *curve) between(t record.Time) float64 {
	if len(c.knots) == 0 {
		return 0
	}
	k := c.knots[0]
	if len(c.knots) == 1 || t <= k.t {
		return k.sum
	}
	next := c.knots[1]
	x, dt := t.Sub(k.t), next.t.Sub(k.t)
	if c.gauge {
		return k.sum + (k.rate+(next.rate-k.rate)*x/dt/2)*x
	}
	return k.sum + (next.sum-k.sum)*(x/dt)
}

// known is for how many seconds before t the curve is known.
func (c *curve) known(t record.Time) float64 {
	if !c.any() || t <= c.first {
		return 0
	}
	return min(t, c.last().t).Sub(c.first)
}

// passed is how many knots lie at or before the cursor at t.
func (c *curve) passed(t record.Time) int {
	if !c.any() || t < c.first {
		return 0
	}
	return c.count - len(c.knots) + 1
}
