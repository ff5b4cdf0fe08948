package stat

import "math"

// StudentQuantile is the p-quantile, 0 < p < 1, of Student's t distribution with
// df degrees of freedom, which need not be whole. It is found by bisection of the
// distribution function, to the last digits. It is NaN where it has no meaning.
func StudentQuantile(p, df float64) float64 {
	switch {
	case !(p > 0 && p < 1) || !(df > 0):
		return math.NaN()
	case p < 0.5:
		return -StudentQuantile(1-p, df)
	case p == 0.5:
		return 0
	case math.IsInf(df, 1):
		return math.Sqrt2 * math.Erfinv(2*p-1)
	}
	tail := 1 - p
	low, high := 0.0, 1.0
	for studentTail(high, df) > tail && high < 1e300 {
		low, high = high, high*2
	}
	for range 200 {
		m := low + (high-low)/2
		if m == low || m == high {
			break
		}
		if studentTail(m, df) > tail {
			low = m
		} else {
			high = m
		}
	}
	return low + (high-low)/2
}

// studentTail is the probability of more than t ≥ 0.
func studentTail(t, df float64) float64 { return incompleteBeta(df/(df+t*t), df/2, 0.5) / 2 }

// incompleteBeta is the regularized incomplete beta function I_x(a, b), by the
// continued fraction of the NIST Digital Library of Mathematical Functions,
// 8.17.22, evaluated as W. J. Lentz does (Applied Optics 15, 1976).
func incompleteBeta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - incompleteBeta(1-x, b, a)
	}
	lga, _ := math.Lgamma(a)
	lgb, _ := math.Lgamma(b)
	lgab, _ := math.Lgamma(a + b)
	front := math.Exp(lgab-lga-lgb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1), tiny)
	f := d
	for m := 1.0; m < 10_000; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/nonzero(1+even*d, tiny), nonzero(1+even/c, tiny)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/nonzero(1+odd*d, tiny), nonzero(1+odd/c, tiny)
		f *= d * c
		if math.Abs(d*c-1) < 1e-16 {
			break
		}
	}
	return front * f
}

func nonzero(x, tiny float64) float64 {
	if math.Abs(x) < tiny {
		return tiny
	}
	return x
}

// normalTail is the probability that a standard normal variable is more than z.
func normalTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
