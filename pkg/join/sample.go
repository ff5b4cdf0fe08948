package join

import (
	"math"
	"slices"
)

// sampleCap is how many values a sample keeps.
const sampleCap = 4096

// A sample keeps all values until there are sampleCap, then every second one,
// then every fourth: bounded memory, and no chance in it.
type sample struct {
	xs     []float64
	stride int
	skip   int
}

func (s *sample) add(x float64) {
	if s.skip > 0 {
		s.skip--
		return
	}
	if len(s.xs) == sampleCap {
		half := s.xs[:0]
		for i := 0; i < sampleCap; i += 2 {
			half = append(half, s.xs[i])
		}
		s.xs = half
		s.stride = max(1, s.stride) * 2
	}
	s.xs = append(s.xs, x)
	s.skip = max(1, s.stride) - 1
}

// quantile interpolates linearly at q·(n−1); it is false without values.
func (s *sample) quantile(q float64) (float64, bool) {
	if len(s.xs) == 0 {
		return 0, false
	}
	xs := slices.Sorted(slices.Values(s.xs))
	at := q * float64(len(xs)-1)
	i := int(at)
	if i+1 == len(xs) {
		return xs[i], true
	}
	return xs[i] + (xs[i+1]-xs[i])*(at-math.Floor(at)), true
}
