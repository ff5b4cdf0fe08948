package stat

import (
	"math"
	"math/rand/v2"
)

// gammaDraw is a gamma variable of scale 1, by the method of G. Marsaglia and W.
// W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
func gammaDraw(shape float64, rng *rand.Rand) float64 {
	if shape < 1 {
		return gammaDraw(shape+1, rng) * math.Pow(1-rng.Float64(), 1/shape)
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
	x := gammaDraw(a, rng)
	return x / (x + gammaDraw(b, rng))
}
