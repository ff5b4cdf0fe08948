package stat

import (
	"math"
	"sort"
)

// A Curve is a quantity that was read at some instants: X[i] at T[i], T
// ascending. It is linear between them, and level beyond the first and the
// last.
type Curve struct{ T, X []float64 }

// At is the curve at t; NaN if nothing was read.
func (c Curve) At(t float64) float64 {
	n := len(c.T)
	switch i := sort.SearchFloat64s(c.T, t); {
	case n == 0:
		return math.NaN()
	case i == 0:
		return c.X[0]
	case i == n:
		return c.X[n-1]
	case c.T[i] == t:
		return c.X[i]
	default:
		f := (t - c.T[i-1]) / (c.T[i] - c.T[i-1])
		return c.X[i-1] + f*(c.X[i]-c.X[i-1])
	}
}

// Mean is the time-weighted mean over [a, b], by the trapezoid rule: reading
// more often what does not change more often leaves it as it is, which is not
// true of the mean of the readings. It is NaN if nothing was read or a > b, and
// the value at a if a = b.
func (c Curve) Mean(a, b float64) float64 {
	if len(c.T) == 0 || !(a <= b) {
		return math.NaN()
	}
	if a == b {
		return c.At(a)
	}
	var area Sum
	t, x := a, c.At(a)
	for i := sort.SearchFloat64s(c.T, a); i < len(c.T) && c.T[i] < b; i++ {
		area.Add((c.T[i] - t) * (x + c.X[i]) / 2)
		t, x = c.T[i], c.X[i]
	}
	area.Add((b - t) * (x + c.At(b)) / 2)
	return area.Value() / (b - a)
}
