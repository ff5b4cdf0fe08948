// Package arrival says when requests are due: pure sequences of offsets from
// the beginning of a phase, without a clock.
package arrival

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"aiperf/pkg/stat"
)

// A Process yields the gaps between arrivals in units of the mean gap: their
// mean is 1, and they do not end.
type Process iter.Seq[float64]

// Constant arrivals are evenly spaced.
func Constant() Process {
	return func(yield func(float64) bool) {
		for yield(1) {
		}
	}
}

// Poisson arrivals are independent of each other: gaps are exponential, with a
// variance of 1.
func Poisson(rng *rand.Rand) Process {
	return func(yield func(float64) bool) {
		for yield(rng.ExpFloat64()) {
		}
	}
}

// Gamma arrivals have gaps of a gamma distribution of the given shape, whose
// variance is 1/shape: below 1 they come in bursts, 1 is Poisson, above they
// are smoother. vLLM's bench calls the shape burstiness, AIPerf smoothness.
func Gamma(shape float64, rng *rand.Rand) Process {
	return func(yield func(float64) bool) {
		for yield(stat.Gamma(shape, rng) / shape) {
		}
	}
}

// Due gives the instants at which the arrivals of a process are due when they
// come at the given rate: the n-th at the instant until which the rate expects
// as many as the process's first n gaps add up to. The first gap is left out,
// so that the first arrival is due at once. The sequence ends if the rate falls
// to 0 for good.
func Due(p Process, r Rate) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		expected, first := 0.0, true
		for gap := range p {
			if !first {
				expected += gap
			}
			first = false
			t := r.when(expected)
			if t > math.MaxInt64/1e9 || !yield(time.Duration(math.Round(t*1e9))) {
				return
			}
		}
	}
}
