package stat

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// A Sketch is a distribution of any number of values in bounded memory: how many
// fell into each of the classes into which every power of two is cut evenly. Its
// quantiles are within a relative error that is chosen beforehand; N, Sum, Mean,
// Min, Max are exact, and Std but for rounding. It is DDSketch (C. Masson, J. E.
// Rim and H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
// relative-error guarantees", VLDB 2019) with classes that are read from the bits
// of a number and not from its logarithm.
//
// A power of two within which there are values takes 512 bytes at 1 %, so that
// latencies from a microsecond to an hour take 17 KiB, and whatever the values
// are no more than some 2 MiB; at a tenth of the error it is eight times as much.
// The zero value is an empty sketch of 1 %.
type Sketch struct {
	above, below octaves // values above 0, and those below it, by their size
	zeros        uint64
	fine         uint // log₂ of the classes of a power of two; 0: defaultFine
	n            uint64
	sum          Sum
	min, max     float64
	mean, square float64 // running, for the deviation
}

// octaves are the classes by the exponent of a number, as its bits have it, from
// the least exponent that was seen on.
type octaves struct {
	first   int
	classes [][]uint64
}

const (
	defaultFine = 6 // 1/129: 0.78 %
	leastFine   = 1
	mostFine    = 12
)

// NewSketch gives an empty sketch whose quantiles are off by at most a share of
// err, which is from 0.0002 to 0.2.
func NewSketch(err float64) (*Sketch, error) {
	for fine := uint(leastFine); fine <= mostFine; fine++ {
		if classError(fine) <= err {
			return &Sketch{fine: fine}, nil
		}
	}
	return nil, fmt.Errorf("a sketch with a relative error of %v: it must be from %.1g to 0.2", err, classError(mostFine))
}

// classError is half of a class beside its middle, where that is the most: at
// the lower end of a power of two.
func classError(fine uint) float64 { return 1 / float64(uint64(2)<<fine+1) }

func (s *Sketch) shift() uint {
	if s.fine == 0 {
		return defaultFine
	}
	return s.fine
}

// Error is by how much a quantile may be off, as a share of it: of the larger of
// the values on both sides of it, if one is above 0 and the other below. Numbers
// below 1e-307 may be off by more.
func (s *Sketch) Error() float64 { return classError(s.shift()) }

// Len is the number of values.
func (s *Sketch) Len() int { return int(s.n) }

// Add counts v. A value that is not finite is passed over.
func (s *Sketch) Add(v float64) {
	if v-v != 0 {
		return
	}
	if s.n == 0 {
		s.min, s.max = v, v
	}
	s.min, s.max = min(s.min, v), max(s.max, v)
	s.n++
	s.sum.Add(v)
	// B. P. Welford, Technometrics 4 (1962).
	d := v - s.mean
	s.mean += d / float64(s.n)
	s.square += d * (v - s.mean)
	switch {
	case v > 0:
		s.above.add(v, s.shift())
	case v < 0:
		s.below.add(-v, s.shift())
	default:
		s.zeros++
	}
}

const mantissa = 52 // bits

func (o *octaves) add(v float64, fine uint) {
	b := math.Float64bits(v)
	classes := o.octave(int(b>>mantissa), fine)
	classes[b<<(64-mantissa)>>(64-fine)]++
}

// octave is the classes of an exponent.
func (o *octaves) octave(e int, fine uint) []uint64 {
	switch n := len(o.classes); {
	case n == 0:
		o.first, o.classes = e, make([][]uint64, 1)
	case e < o.first:
		o.classes = append(make([][]uint64, o.first-e, o.first-e+n), o.classes...)
		o.first = e
	case e >= o.first+n:
		o.classes = append(o.classes, make([][]uint64, e+1-o.first-n)...)
	}
	c := &o.classes[e-o.first]
	if *c == nil {
		*c = make([]uint64, 1<<fine)
	}
	return *c
}

// middle is the number that is off by the same share from both ends of class i
// of exponent e.
func middle(e, i int, fine uint) float64 {
	width := uint64(1) << (mantissa - fine)
	low := math.Float64frombits(uint64(e)<<mantissa + uint64(i)*width)
	high := math.Float64frombits(uint64(e)<<mantissa + uint64(i+1)*width)
	if low == 0 || math.IsInf(high, 1) {
		return low
	}
	return low + (high-low)*(low/(low+high))
}

// Merge adds the values of other, which must have the same error. It gives what
// adding them one by one would have given.
func (s *Sketch) Merge(other *Sketch) error {
	if s.shift() != other.shift() {
		return fmt.Errorf("merge sketches of relative errors %.2g and %.2g", s.Error(), other.Error())
	}
	if other.n == 0 {
		return nil
	}
	if s.n == 0 {
		s.min, s.max = other.min, other.max
	}
	s.min, s.max = min(s.min, other.min), max(s.max, other.max)
	// T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37 (1983).
	n, m := float64(s.n), float64(other.n)
	d := other.mean - s.mean
	s.square += other.square + d*d*n*m/(n+m)
	s.mean += d * m / (n + m)
	s.n += other.n
	s.zeros += other.zeros
	s.sum.Add(other.sum.sum)
	s.sum.Add(other.sum.lost)
	s.above.merge(other.above, s.shift())
	s.below.merge(other.below, s.shift())
	return nil
}

func (o *octaves) merge(other octaves, fine uint) {
	for e, classes := range other.classes {
		if classes == nil {
			continue
		}
		mine := o.octave(other.first+e, fine)
		for i, count := range classes {
			mine[i] += count
		}
	}
}

// Bytes is the memory that the classes take.
func (s *Sketch) Bytes() int {
	n := 0
	for _, o := range []octaves{s.above, s.below} {
		n += cap(o.classes) * 3 * bits.UintSize / 8
		for _, classes := range o.classes {
			n += len(classes) * 8
		}
	}
	return n
}

// ascending calls f with a value for each class that has any, and how many.
func (s *Sketch) ascending(f func(v float64, count uint64)) {
	fine := s.shift()
	for e, classes := range slices.Backward(s.below.classes) {
		for i, count := range slices.Backward(classes) {
			if count > 0 {
				f(-middle(s.below.first+e, i, fine), count)
			}
		}
	}
	if s.zeros > 0 {
		f(0, s.zeros)
	}
	for e, classes := range s.above.classes {
		for i, count := range classes {
			if count > 0 {
				f(middle(s.above.first+e, i, fine), count)
			}
		}
	}
}

// index gives the value at an index of the values in ascending order.
func (s *Sketch) index() func(i int) float64 {
	values := cumulative(s.ascending)
	return func(i int) float64 {
		switch i { // these are known
		case 0:
			return s.min
		case int(s.n) - 1:
			return s.max
		}
		return min(max(values.at(i), s.min), s.max)
	}
}

// Quantile is the q-quantile as [Quantile] defines it, within [Sketch.Error]. It
// is NaN if there are no values.
func (s *Sketch) Quantile(q float64) float64 { return quantile(int(s.n), q, s.index()) }

// Summary describes the values, as [Summarize] would, but for the error of the
// percentiles.
func (s *Sketch) Summary(d Deviation) Summary {
	if s.n == 0 {
		return Summary{}
	}
	r := Summary{N: int(s.n), Sum: s.sum.Value(), Min: s.min, Max: s.max}
	r.Mean = r.mean()
	r.Std = d.of(s.square, r.N)
	at := s.index()
	for i, p := range Percentiles {
		r.P[i] = quantile(r.N, p/100, at)
	}
	return r
}
