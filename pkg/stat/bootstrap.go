package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

// An Interval is what a number lies in, at some level of confidence, the ends
// included. They are NaN if it is not known.
type Interval struct{ Low, High float64 }

var none = Interval{math.NaN(), math.NaN()}

// Contains tells whether x is in i.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Options of comparisons. The zero Options are the usual ones.
type Options struct {
	Level float64 // of confidence; 0: 0.95
	Seed  uint64  // of the draws: the same gives the same result
	Draws int     // 0: 4000
}

func (o Options) level() float64 {
	if o.Level > 0 && o.Level < 1 {
		return o.Level
	}
	return 0.95
}

// groups is into how many parts a long sample is cut to draw means of it.
const groups = 1000

// Bootstrap gives the intervals of the change (new − old) and of the relative
// change (new/old − 1) of a statistic of independent values: the percentile
// bootstrap of B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap"
// (1993), chapter 13. For values in the order of time use [Compare].
//
// Resampling is not done value by value. An order statistic of a resample is
// the one at an index whose distribution is known (the beta distribution of that
// order statistic of uniform variables), so that a percentile takes two draws,
// exactly. A mean of more than a thousand values is drawn from the sums of a
// thousand groups, which makes the width of its interval 2 % uncertain. The
// intervals are not known if a side is empty, that of the relative change if
// old may be 0 or below.
func Bootstrap(old, new *Series, s Statistic, o Options) (change, relative Interval) {
	if old.Len() == 0 || new.Len() == 0 {
		return none, none
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x626f6f7473747261))
	a, b := old.resampled(s, rng), new.resampled(s, rng)
	d := newDraws(o, func() (float64, float64) { return a(), b() })
	return d.change(), d.relative()
}

// resampled draws the statistic of a resample.
func (s *Series) resampled(st Statistic, rng *rand.Rand) func() float64 {
	n := len(s.x)
	if st.quantile {
		h := min(max(st.q, 0), 1) * float64(n-1)
		k := int(h) // the order statistic, counted from 0, and how far to the next
		f := h - float64(k)
		at := func(u float64) float64 { return s.ascending[min(int(u*float64(n)), n-1)] }
		return func() float64 {
			u := betaDraw(float64(k+1), float64(n-k), rng)
			if f == 0 {
				return at(u)
			}
			// The next is the least of those that remain, which are uniform above u.
			above := 1 - (1-u)*math.Pow(1-rng.Float64(), 1/float64(n-k-1))
			return at(u)*(1-f) + at(above)*f
		}
	}
	g := min(n, groups)
	sums, sizes := make([]float64, g), make([]float64, g)
	for i := range g {
		part := s.x[i*n/g : (i+1)*n/g]
		sums[i], sizes[i] = mean(part)*float64(len(part)), float64(len(part))
	}
	return func() float64 {
		var sum, size float64
		for range g {
			i := rng.IntN(g)
			sum += sums[i]
			size += sizes[i]
		}
		return sum / size
	}
}

// draws are statistics of both sides as they may have come out as well.
type draws struct {
	level    float64
	old, new []float64
}

func newDraws(o Options, draw func() (float64, float64)) draws {
	n := o.Draws
	if n <= 0 {
		n = 4000
	}
	d := draws{level: o.level(), old: make([]float64, n), new: make([]float64, n)}
	for i := range n {
		d.old[i], d.new[i] = draw()
	}
	return d
}

func (d draws) differences() []float64 {
	x := make([]float64, len(d.old))
	for i := range x {
		x[i] = d.new[i] - d.old[i]
	}
	slices.Sort(x)
	return x
}

func (d draws) within(ascending []float64) Interval {
	tail := (1 - d.level) / 2
	return Interval{Quantile(ascending, tail), Quantile(ascending, 1-tail)}
}

func (d draws) change() Interval { return d.within(d.differences()) }

func (d draws) relative() Interval {
	x := make([]float64, len(d.old))
	for i := range x {
		if !(d.old[i] > 0) {
			return none
		}
		x[i] = d.new[i]/d.old[i] - 1
	}
	slices.Sort(x)
	return d.within(x)
}

// p is twice the share of draws on the other side of no change, both 1 more, so
// that it is never 0 (A. C. Davison and D. V. Hinkley, "Bootstrap Methods and
// their Application", 1997, section 4.2).
func (d draws) p() float64 {
	x := d.differences()
	low, high := equals(x, 0)
	least := min(high, len(x)-low)
	return min(1, 2*float64(least+1)/float64(len(x)+1))
}

// equals is where values equal to x begin and end.
func equals(ascending []float64, x float64) (from, to int) {
	for n := len(ascending); n > 0; {
		half := n / 2
		if ascending[from+half] < x {
			from += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	if from == len(ascending) || ascending[from] != x {
		return from, from
	}
	to, _ = slices.BinarySearch(ascending[from:], math.Nextafter(x, math.Inf(1)))
	return from, from + to
}
