package stat

import (
	"math"
	"math/rand/v2"
)

// Gamma draws from the gamma distribution of scale 1, by Marsaglia and Tsang, A
// Simple Method for Generating Gamma Variables (2000), and for shapes below 1 by
// their section 6.
func Gamma(shape float64, rng *rand.Rand) float64 {
	if shape < 1 {
		return Gamma(shape+1, rng) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := rng.NormFloat64()
		v := 1 + c*z
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-rng.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// betaDraw is a beta variable.
func betaDraw(a, b float64, rng *rand.Rand) float64 {
	x := Gamma(a, rng)
	return x / (x + Gamma(b, rng))
}
