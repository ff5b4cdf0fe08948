package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// series of whole numbers over a divisor, with ties.
func steps(n, by, modulus int, over float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i*by%modulus) / over
	}
	return x
}

// The values are those of scipy.stats.mannwhitneyu 1.17.1, exact and asymptotic.
func TestMannWhitney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why   string
		a, b  []float64
		u, p  float64
		exact bool
	}{
		{"small", []float64{1.1, 2.2, 3.3, 4.4, 5.5}, []float64{6.1, 7.2, 8.3, 0.4}, 5, 0.2857142857142857, true},
		{"the example of scipy's manual", []float64{19, 22, 16, 29, 24}, []float64{20, 11, 17, 12}, 17, 0.1111111111111111, true},
		{"as many as are exact", shifted(steps(50, 1, 1000, 1), 1), shifted(steps(50, 1, 1000, 1), 11.5), 780, 0.0010550164711136663, true},
		{"of different sizes", steps(8, 1, 1000, 1), shifted(steps(17, 1, 1000, 1), 3.5), 10, 0.00025148510274368397, true},
		{"ties", []float64{1, 2, 2, 3, 3, 3, 4, 5}, []float64{2, 3, 4, 4, 5, 5, 6}, 13.5, 0.0983349877585014, false},
		{"more than are exact", steps(60, 37, 101, 10), steps(80, 53, 97, 9), 2290.5, 0.6462497368881517, false},
		{"all equal", []float64{1, 1}, []float64{1, 1, 1}, 3, 1, false},
		{"infinite", []float64{math.Inf(1), 1}, []float64{math.Inf(-1), 0}, 4, 1.0 / 3, true},
	} {
		got := MannWhitney(c.a, c.b)
		if got.U != c.u || math.Abs(got.P-c.p) > 1e-12*c.p || got.Exact != c.exact {
			t.Errorf("%s: %+v, want U = %v, P = %v", c.why, got, c.u, c.p)
		}
		back := MannWhitney(c.b, c.a)
		if back.U != float64(len(c.a)*len(c.b))-c.u || math.Abs(back.P-got.P) > 1e-12 {
			t.Errorf("%s: the other way round it is %+v", c.why, back)
		}
	}
	for _, c := range [][2][]float64{{nil, {1}}, {{1}, nil}, {{math.NaN()}, {1}}} {
		if got := MannWhitney(c[0], c[1]); !math.IsNaN(got.P) {
			t.Errorf("%v gives %+v", c, got)
		}
	}
}

func shifted(x []float64, by float64) []float64 {
	for i := range x {
		x[i] += by
	}
	return x
}

// U is what counting the pairs gives.
func TestMannWhitneyPairs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		a, b := make([]float64, 1+rng.IntN(30)), make([]float64, 1+rng.IntN(30))
		var want float64
		for i := range a {
			a[i] = float64(rng.IntN(20))
		}
		for j := range b {
			b[j] = float64(rng.IntN(20))
			for _, v := range a {
				switch {
				case v > b[j]:
					want++
				case v == b[j]:
					want += 0.5
				}
			}
		}
		if got := MannWhitney(a, b); got.U != want || !(got.P >= 0 && got.P <= 1) {
			t.Fatalf("%v and %v: %+v, want U = %v", a, b, got, want)
		}
	}
}

// The exact probability is that of counting all orders.
func TestExactRank(t *testing.T) {
	t.Parallel()
	const n, m = 4, 5
	counts := make([]float64, n*m+1)
	var orders float64
	for set := range 1 << (n + m) {
		u, first, below := 0, 0, 0
		for i := range n + m {
			if set>>i&1 == 1 {
				first++
				u += below
			} else {
				below++
			}
		}
		if first == n {
			counts[u]++
			orders++
		}
	}
	var sum float64
	for u := range n*m/2 + 1 {
		sum += counts[u]
		if got, want := exactRank(n, m, u), min(1, 2*sum/orders); math.Abs(got-want) > 1e-14 {
			t.Errorf("U = %d: %v, want %v", u, got, want)
		}
	}
}

// The values are those of scipy.stats.t.ppf 1.17.1.
func TestStudentQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ p, df, want float64 }{
		{0.975, 1, 12.706204736174694}, {0.975, 2, 4.302652729749462}, {0.975, 4, 2.7764451051977934}, {0.975, 9, 2.262157162798205},
		{0.995, 4, 4.604094871349992}, {0.9, 2.5, 1.7302509288071766}, {0.999, 30, 3.3851848668293045}, {0.975, 1e6, 1.959966356814107},
		{0.6, 0.7, 0.35603136523468015}, {0.0005, 3, -12.923978636687481}, {0.5, 3, 0}, {0.975, math.Inf(1), 1.959963984540054},
	} {
		if got := StudentQuantile(c.p, c.df); math.Abs(got-c.want) > 1e-9*math.Abs(c.want) {
			t.Errorf("the %v quantile with %v degrees is %v, want %v", c.p, c.df, got, c.want)
		}
	}
	for _, c := range [][2]float64{{0, 1}, {1, 1}, {0.5, 0}, {math.NaN(), 1}, {0.5, math.NaN()}} {
		if got := StudentQuantile(c[0], c[1]); !math.IsNaN(got) {
			t.Errorf("%v gives %v", c, got)
		}
	}
}

func TestOverRuns(t *testing.T) {
	t.Parallel()
	r := OverRuns([]float64{10, 12, 11, 13, 14}, 0.95)
	if r.N != 5 || r.Mean != 12 || r.Min != 10 || r.Max != 14 || math.Abs(r.Std-math.Sqrt(2.5)) > 1e-12 ||
		math.Abs(r.Variation-math.Sqrt(2.5)/12) > 1e-12 || math.Abs(r.Error-math.Sqrt(0.5)) > 1e-12 ||
		math.Abs(r.Low-(12-2.7764451051977934*math.Sqrt(0.5))) > 1e-9 || math.Abs(r.High+r.Low-24) > 1e-9 {
		t.Errorf("%+v", r)
	}
	if r := OverRuns([]float64{3}, 0.95); r.Mean != 3 || r.Std != 0 || !math.IsNaN(r.Low) || !math.IsNaN(r.Critical) {
		t.Errorf("one run gives %+v", r)
	}
	if r := OverRuns([]float64{-1, 1}, 0.95); !math.IsInf(r.Variation, 1) {
		t.Errorf("the variation around 0 is %v", r.Variation)
	}
	if r := OverRuns(nil, 0.95); r.N != 0 || !math.IsNaN(r.Low) {
		t.Errorf("no run gives %+v", r)
	}
}

// go test -bench MannWhitney ./pkg/stat
func BenchmarkMannWhitney(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		n    int
	}{{"exact/values=50", 50}, {"values=100000", 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			x, y := make([]float64, c.n), make([]float64, c.n)
			for i := range x {
				x[i], y[i] = rng.ExpFloat64(), rng.ExpFloat64()
			}
			b.ReportAllocs()
			for b.Loop() {
				MannWhitney(x, y)
			}
		})
	}
}
