package stat

import (
	"cmp"
	"math"
	"slices"
)

// A Sum adds with Neumaier's compensation. The zero value is an empty sum.
type Sum struct{ sum, lost float64 }

// Add adds x.
func (s *Sum) Add(x float64) {
	t := s.sum + x
	if math.Abs(s.sum) >= math.Abs(x) {
		s.lost += (s.sum - t) + x
	} else {
		s.lost += (x - t) + s.sum
	}
	s.sum = t
}

// Value is the sum; 0 if nothing was added.
func (s *Sum) Value() float64 {
	if v := s.sum + s.lost; !math.IsNaN(v) {
		return v
	}
	return s.sum // infinite, and so is the compensation
}

// Quantile is the q-quantile, 0 ≤ q ≤ 1, of values in ascending order: x[0] and
// x[n−1] at the ends, linear at q·(n−1) between. It is NaN if there are none.
func Quantile(ascending []float64, q float64) float64 {
	return quantile(len(ascending), q, func(i int) float64 { return ascending[i] })
}

func quantile(n int, q float64, at func(int) float64) float64 {
	if n == 0 || math.IsNaN(q) {
		return math.NaN()
	}
	h := min(max(q, 0), 1) * float64(n-1)
	i := int(h)
	if i+1 >= n {
		return at(n - 1)
	}
	a, b := at(i), at(i+1)
	// Numpy's order of operations: from the nearer end, so that the result never
	// leaves [a, b] and equals b where it should.
	if f := h - float64(i); f >= 0.5 {
		return b - (b-a)*(1-f)
	} else {
		return a + (b-a)*f
	}
}

// A Deviation says what the squares of a standard deviation are divided by: the
// number of values less this.
type Deviation int

const (
	Population Deviation = 0 // the values are all there are
	Sample     Deviation = 1 // Bessel's correction: the values stand for more
)

// of is the standard deviation, with the convention that one value has none.
func (d Deviation) of(squares float64, n int) float64 {
	if n <= int(d) {
		return 0
	}
	return math.Sqrt(squares / float64(n-int(d)))
}

// Percentiles are those that a [Summary] has, in percent.
var Percentiles = [...]float64{1, 5, 10, 25, 50, 75, 90, 95, 99}

// A Summary describes a distribution. It means nothing if N is 0. What a kind
// of distribution does not have is NaN.
type Summary struct {
	N              int
	Sum, Mean, Std float64
	Min, Max       float64
	P              [len(Percentiles)]float64 // at Percentiles
	More           []Point                   // at others that were asked for
}

// A Point is the value at a percentile.
type Point struct{ Percent, Value float64 }

// Percentile is the value at one of [Percentiles] or of those that were asked
// for; false for any other, and if there are no values.
func (s Summary) Percentile(p float64) (float64, bool) {
	if s.N == 0 {
		return 0, false
	}
	if i := slices.Index(Percentiles[:], p); i >= 0 {
		return s.P[i], s.P[i] == s.P[i]
	}
	for _, x := range s.More {
		if x.Percent == p {
			return x.Value, x.Value == x.Value
		}
	}
	return 0, false
}

// Points are all percentiles of s, in ascending order.
func (s Summary) Points() []Point {
	list := make([]Point, 0, len(Percentiles)+len(s.More))
	for i, p := range Percentiles {
		list = append(list, Point{p, s.P[i]})
	}
	for _, x := range s.More {
		if !slices.Contains(Percentiles[:], x.Percent) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b Point) int { return cmp.Compare(a.Percent, b.Percent) })
	return list
}

// percentiles sets them, those that were asked for included.
func (s *Summary) percentiles(more []float64, at func(percent float64) float64) {
	for i, p := range Percentiles {
		s.P[i] = at(p)
	}
	for _, p := range more {
		s.More = append(s.More, Point{p, at(p)})
	}
}

// Summarize describes x, with more percentiles than [Percentiles] if they are
// given. Values that are not finite are the caller's to leave out. An empty x
// gives the zero Summary.
func Summarize(x []float64, d Deviation, more ...float64) Summary {
	return SummarizeInPlace(slices.Clone(x), d, more...)
}

// SummarizeInPlace is Summarize for a caller that does not need the order of x
// any more.
func SummarizeInPlace(x []float64, d Deviation, more ...float64) Summary {
	if len(x) == 0 {
		return Summary{}
	}
	sortFloats(x)
	var sum, squares Sum
	for _, v := range x {
		sum.Add(v)
	}
	s := Summary{N: len(x), Sum: sum.Value(), Min: x[0], Max: x[len(x)-1]}
	s.Mean = s.mean()
	for _, v := range x {
		squares.Add((v - s.Mean) * (v - s.Mean))
	}
	s.Std = d.of(squares.Value(), s.N)
	s.percentiles(more, func(p float64) float64 { return Quantile(x, p/100) })
	return s
}

// mean keeps the mean of equal values from falling a rounding outside of them.
func (s Summary) mean() float64 { return min(max(s.Sum/float64(s.N), s.Min), s.Max) }

// Scale is s in a unit of which the present one has f.
func (s Summary) Scale(f float64) Summary {
	s.Sum, s.Mean, s.Std, s.Min, s.Max = s.Sum*f, s.Mean*f, s.Std*f, s.Min*f, s.Max*f
	for i := range s.P {
		s.P[i] *= f
	}
	s.More = slices.Clone(s.More)
	for i := range s.More {
		s.More[i].Value *= f
	}
	return s
}

// Nearest describes x together with so many values that are infinite. Its
// percentiles are values: that at the rank nearest to q/100·(n−1), of two that
// are as near the even one (numpy's "nearest"); those that are infinite are
// NaN. Only N, Min and the percentiles are set. The order of x is changed.
func Nearest(x []float64, infinite int, more ...float64) Summary {
	n := len(x) + infinite
	if len(x) == 0 {
		return Summary{}
	}
	sortFloats(x)
	s := Summary{N: n, Min: x[0]}
	s.percentiles(more, func(p float64) float64 {
		if i := int(math.RoundToEven(p / 100 * float64(n-1))); i < len(x) {
			return x[i]
		}
		return math.NaN()
	})
	return s
}
