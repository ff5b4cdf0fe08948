package join

import (
	"math"
	"slices"
)

// reads are what the values of a counter tell of the instants at which it was
// read: with a steady power they are a clock.
type reads struct {
	last  [4]knot // rate is that of the gauge
	count int
	late  sample // s, see lateness
	slips sample // s, see slip
	power sample // W, at each of the slips
}

// add takes a distinct reading of a counter with steps of quantum J.
func (r *reads) add(k knot, gauge *curve, quantum float64) {
	if gauge.any() {
		k.rate = gauge.last().rate
	}
	copy(r.last[:], r.last[1:])
	r.last[3] = k
	if r.count++; r.count < 4 {
		return
	}
	if s, ok := lateness(r.last); ok {
		r.late.add(s)
	}
	if s, ok := slip(r.last, quantum); ok {
		r.slips.add(s)
		r.power.add(mean(r.last[0], k))
	}
}

// lateness is by how many seconds the third of four reads was later (or
// earlier) than its neighbours. It is false if the power was not steady.
func lateness(ks [4]knot) (float64, bool) {
	power, span, ok := calm(ks)
	if !ok {
		return 0, false
	}
	line := ks[1].sum + mean(ks[1], ks[3])*ks[2].t.Sub(ks[1].t)
	return max(0, math.Abs(ks[2].sum-line)-span*ks[3].t.Sub(ks[1].t)/4) / power, true
}

// calm gives the mean and the span of the gauge at four reads, W, and whether
// the power was steady. The counter's own mean is off when they slip.
func calm(ks [4]knot) (power, span float64, ok bool) {
	low, high := ks[0].rate, ks[0].rate
	for _, k := range ks {
		low, high = min(low, k.rate), max(high, k.rate)
		power += k.rate / 4
	}
	return power, high - low, low > 0 && high-low <= power/10
}

// slip is half of the seconds by which the middle one of three intervals
// between reads of the counter differs from both others, which were asked for
// at equal distances while the power was steady. An exporter that refreshes
// every R seconds, more often than it is asked, reads at multiples of R, so
// that the intervals differ by R now and then, however slowly its rhythm drifts
// against that of the questions. What a power between the readings of the gauge
// and the steps of the counter can explain is no slip. A power that rises or
// falls makes three intervals that do likewise, and slips nothing.
func slip(ks [4]knot, quantum float64) (float64, bool) {
	power, span, ok := calm(ks)
	short, long := math.Inf(1), 0.0
	for i, k := range ks[1:] {
		dt := k.t.Sub(ks[i].t)
		short, long = min(short, dt), max(long, dt)
	}
	if !ok || long-short > long/5 {
		return 0, false
	}
	x := ks[1].sum - (ks[0].sum+ks[2].sum)/2
	y := ks[2].sum - (ks[1].sum+ks[3].sum)/2
	if x*y >= 0 {
		return 0, true
	}
	s := min(math.Abs(x), math.Abs(y))
	if s < span*long/2+quantum {
		return 0, true
	}
	return s / power, true
}

// refresh is the exporter's, in seconds, if it slips where the power is not
// above most: twice the largest slip but for one in a hundred. It is false if the reads
// keep time with the questions, be it that the exporter answers with what it
// reads at once, or that the one interval is a multiple of the other, or that
// there are too few to tell.
func (r *reads) refresh(most, interval float64) (float64, bool) {
	var still []float64
	for i, s := range r.slips.xs {
		if r.power.xs[i] <= most {
			still = append(still, s)
		}
	}
	n := len(still)
	if n < 8 {
		return 0, false
	}
	slices.Sort(still)
	s := still[n-1-n/100]
	return 2 * s, s > interval/100
}

// jumps is by which share of d the staleness may have moved within so many
// readings. If it never jumped by a quarter of d in all that were seen, it moves
// so slowly that it is unlikely to have come halfway round.
func (r *reads) jumps(d float64, readings int) float64 {
	if len(r.late.xs) == 0 {
		return 1
	}
	n := 0.5
	for _, s := range r.late.xs {
		if s > d/4 {
			n += 0.5 // a jump shows in two of them
		}
	}
	return min(1, n, n*float64(readings)/float64(len(r.late.xs)+1))
}
