package join

import "math"

// An exact is a sum in double-double arithmetic: a running sum to and from which
// millions of terms are added and taken keeps 30 digits, so that it is zero when
// it should be, and differences of it are as good as its terms. See Dekker, "A
// floating-point technique for extending the available precision", 1971.
type exact struct{ hi, lo float64 }

func (s *exact) add(x float64) {
	hi := s.hi + x
	b := hi - s.hi
	lo := (s.hi - (hi - b)) + (x - b) + s.lo
	s.hi = hi + lo
	s.lo = lo - (s.hi - hi)
}

// addProduct adds x·y without rounding the product.
func (s *exact) addProduct(x, y float64) {
	p := x * y
	if p == 0 {
		return
	}
	s.add(p)
	if x != 1 && x != -1 { // most weights are
		s.add(math.FMA(x, y, -p))
	}
}

func (s exact) value() float64 { return s.hi + s.lo }
