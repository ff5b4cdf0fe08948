// Package arrival says when requests are due: pure sequences of offsets from
// the beginning of a phase, without a clock.
package arrival

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
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
		for yield(gamma(shape, rng) / shape) {
		}
	}
}

// gamma draws from the gamma distribution with scale 1, by Marsaglia and
// Tsang, A Simple Method for Generating Gamma Variables (2000), and for shapes
// below 1 by their section 6.
func gamma(shape float64, rng *rand.Rand) float64 {
	if shape < 1 {
		return gamma(shape+1, rng) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if u := 1 - rng.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
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
