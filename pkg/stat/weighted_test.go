package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowWeigh computes what Weigh does in the most direct way: sort, then walk.
func slowWeigh(w []Weight, length float64, p float64) (mean, std, at float64) {
	w = slices.Clone(w)
	slices.SortFunc(w, func(a, b Weight) int {
		if a.Value < b.Value {
			return -1
		}
		return 1
	})
	held := 0.0
	for _, x := range w {
		mean += x.Value * x.For / length
		held += x.For
	}
	for _, x := range w {
		std += x.For * (x.Value - mean) * (x.Value - mean) / length
	}
	passed := 0.0
	for _, x := range w {
		passed += x.For
		if passed >= p/100*held {
			return mean, math.Sqrt(std), x.Value
		}
	}
	return mean, math.Sqrt(std), math.NaN()
}

// By partition or by sorting, the statistics are the same.
func TestWeigh(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + rng.IntN(200)
		w := make([]Weight, n)
		length := 0.0
		for i := range w {
			w[i] = Weight{float64(rng.IntN(1 + n/3)), 0.1 + rng.Float64()}
			length += w[i].For
		}
		if rng.IntN(4) == 0 {
			slices.SortFunc(w, func(a, b Weight) int { return int(a.Value - b.Value) })
		}
		want := slices.Clone(w)
		got := Weigh(w, length, 0, 12.5, 99.9)
		for _, p := range []float64{50, 90, 95, 99, 12.5, 99.9} {
			mean, std, at := slowWeigh(want, length, p)
			if x, ok := got.Percentile(p); !ok || x != at {
				t.Fatalf("p%v of %v is %v, want %v", p, want, x, at)
			}
			if math.Abs(got.Mean-mean) > 1e-9 || math.Abs(got.Std-std) > 1e-9 {
				t.Fatalf("mean and std are %v, %v, want %v, %v", got.Mean, got.Std, mean, std)
			}
		}
		if x, _ := got.Percentile(0); x != got.Min {
			t.Fatalf("p0 is %v, and the least is %v", x, got.Min)
		}
		if _, ok := got.Percentile(25); ok || !math.IsNaN(got.Sum) {
			t.Fatal("it has what AIPerf does not have: p25 or a sum")
		}
	}
	if s := Weigh([]Weight{{1, 0}, {2, -1}}, 3); s.N != 0 {
		t.Errorf("what was held for no time gives %+v", s)
	}
}

// The radix sort gives the order of a comparing one.
func TestSortFloats(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, few - 1, few, 5000} {
		for _, f := range []func() float64{
			func() float64 { return rng.NormFloat64() * 1e3 },
			func() float64 { return float64(rng.IntN(3)) },
			func() float64 { return 7 },
			func() float64 { return math.Ldexp(rng.NormFloat64(), rng.IntN(1000)-500) },
		} {
			x := make([]float64, n)
			for i := range x {
				x[i] = f()
			}
			want := slices.Sorted(slices.Values(x))
			sortFloats(x)
			if !slices.Equal(x, want) {
				t.Errorf("%d values are not in order", n)
			}
		}
	}
}

// The values are numpy.percentile's with method="nearest".
func TestNearest(t *testing.T) {
	t.Parallel()
	s := Nearest([]float64{3, 1, 2, 4}, 1, 12.5)
	for p, want := range map[float64]float64{1: 1, 25: 2, 50: 3, 75: 4, 12.5: 1} {
		if got, ok := s.Percentile(p); !ok || got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if x, ok := s.Percentile(99); ok {
		t.Errorf("p99 is %v, and should be infinite", x)
	}
	if s.N != 5 || s.Min != 1 {
		t.Errorf("%+v", s)
	}
}

// More percentiles are told among the usual ones, and scaled with them.
func TestMorePercentiles(t *testing.T) {
	t.Parallel()
	x := make([]float64, 1001)
	for i := range x {
		x[i] = float64(i)
	}
	s := Summarize(x, Population, 99.9, 50, 2).Scale(2)
	if got, ok := s.Percentile(99.9); !ok || math.Abs(got-1998) > 1e-9 {
		t.Errorf("p99.9 is %v", got)
	}
	var at []float64
	for _, p := range s.Points() {
		at = append(at, p.Percent)
	}
	if want := []float64{1, 2, 5, 10, 25, 50, 75, 90, 95, 99, 99.9}; !slices.Equal(at, want) {
		t.Errorf("percentiles are %v, want %v", at, want)
	}
	var rounded, whole Tally
	rounded.AddNanoseconds([]int64{0, 499, 500, 1499, 1500, 12345678901})
	for _, us := range []uint64{0, 0, 1, 1, 2, 12345679} {
		whole.Add(us)
	}
	if got, want := rounded.Summary(Population), whole.Summary(Population); got.P != want.P || got.Sum != want.Sum || got.N != want.N {
		t.Errorf("nanoseconds give %+v, want %+v", got, want)
	}
	var a, b, all Tally
	for i := range uint64(5000) {
		v := i * i % 7_000_000
		all.Add(v)
		if i%3 == 0 {
			a.Add(v)
		} else {
			b.Add(v)
		}
	}
	a.Merge(&b)
	got, want := a.Summary(Population, 99.9), all.Summary(Population, 99.9)
	if got.N != want.N || got.Sum != want.Sum || got.P != want.P || got.More[0] != want.More[0] {
		t.Errorf("two tallies merged give %+v, want %+v", got, want)
	}
}

// go test -run '^$' -bench Sort ./pkg/stat
func BenchmarkSort(b *testing.B) {
	x := make([]float64, 1_000_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = rng.ExpFloat64()
	}
	y := make([]float64, len(x))
	for name, f := range map[string]func([]float64){"by=bytes": sortFloats, "by=comparing": slices.Sort[[]float64]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(y, x)
				f(y)
			}
		})
	}
}
