package stat

import (
	"math"
	"slices"
)

// A Weight is a value and how long it was held.
type Weight struct{ Value, For float64 }

// Weigh describes a quantity by the time for which it had each of its values,
// over a window of the given length; what the values do not fill counts as 0 in
// the mean. The p-th percentile is the least value that, with all lower ones,
// was held for p % of the time; it is not interpolated, for between two values
// the quantity was never. As in AIPerf there is no sum, and of [Percentiles]
// there are 50, 90, 95 and 99 only. The order of w is changed. Nothing held for
// any time gives the zero Summary.
func Weigh(w []Weight, length float64, more ...float64) Summary {
	w = slices.DeleteFunc(w, func(x Weight) bool { return !(x.For > 0) })
	if len(w) == 0 || !(length > 0) {
		return Summary{}
	}
	var area, squares, held Sum
	s := Summary{N: len(w), Sum: math.NaN(), Min: w[0].Value, Max: w[0].Value}
	for _, x := range w {
		area.Add(x.Value * x.For)
		held.Add(x.For)
		s.Min, s.Max = min(s.Min, x.Value), max(s.Max, x.Value)
	}
	s.Mean = area.Value() / length
	for _, x := range w {
		squares.Add(x.For * (x.Value - s.Mean) * (x.Value - s.Mean))
	}
	s.Std = math.Sqrt(squares.Value() / length)
	s.percentiles(more, func(p float64) float64 {
		if (p < 50 || p == 75) && !slices.Contains(more, p) {
			return math.NaN()
		}
		return heldFor(w, p/100*held.Value())
	})
	return s
}

// heldFor is the least value that with all lower ones was held for so long. It
// is found by partition, in time that grows with the number of values.
func heldFor(w []Weight, long float64) float64 {
	for seed := uint32(1); len(w) > 1; {
		// The middle of three by chance: ordered input is the common one.
		var v [3]float64
		for i := range v {
			seed = seed*1664525 + 1013904223
			v[i] = w[uint64(seed)*uint64(len(w))>>32].Value
		}
		pivot := max(min(v[0], v[1]), min(max(v[0], v[1]), v[2]))
		var below, equal float64
		lo, hi := 0, len(w) // w[:lo] below, w[hi:] above
		for i := 0; i < hi; {
			switch x := w[i]; {
			case x.Value < pivot:
				below += x.For
				w[lo], w[i] = w[i], w[lo]
				lo++
				i++
			case x.Value > pivot:
				hi--
				w[hi], w[i] = w[i], w[hi]
			default:
				equal += x.For
				i++
			}
		}
		switch {
		case lo > 0 && long <= below:
			w = w[:lo]
		case hi == len(w) || long <= below+equal:
			return pivot
		default:
			w, long = w[hi:], long-below-equal
		}
	}
	return w[0].Value
}
