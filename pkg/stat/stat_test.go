package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The values are numpy.percentile's for these arrays.
func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    []float64
		q    float64 // per cent
		want float64
	}{
		{[]float64{1, 2, 3, 4}, 50, 2.5},
		{[]float64{1, 2, 3, 4}, 25, 1.75},
		{[]float64{1, 2, 3, 4}, 99, 3.97},
		{[]float64{1, 2, 3, 4}, 0, 1},
		{[]float64{1, 2, 3, 4}, 100, 4},
		{[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 90, 91},
		{[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 95, 95.5},
		{[]float64{3}, 99, 3},
	} {
		if got := Quantile(c.x, c.q/100); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("the %v %% quantile of %v is %v, want %v", c.q, c.x, got, c.want)
		}
	}
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	s := Summarize([]float64{2, 4, 4, 4, 5, 5, 7, 9}, Population)
	if s.N != 8 || s.Mean != 5 || s.Std != 2 || s.Min != 2 || s.Max != 9 || s.Sum != 40 {
		t.Errorf("%+v", s)
	}
	if got := Summarize([]float64{2, 4, 4, 4, 5, 5, 7, 9}, Sample).Std; math.Abs(got-math.Sqrt(32.0/7)) > 1e-12 {
		t.Errorf("the sample standard deviation is %v", got)
	}
	if got := Summarize([]float64{3}, Sample).Std; got != 0 {
		t.Errorf("the standard deviation of one value is %v, want 0, as AIPerf has it", got)
	}
	if s := Summarize(nil, Population); s.N != 0 {
		t.Errorf("nothing gives %+v", s)
	}
}

// A sum of many values does not lose the small ones.
func TestSum(t *testing.T) {
	t.Parallel()
	var s Sum
	s.Add(1e16)
	for range 1000 {
		s.Add(1)
	}
	s.Add(-1e16)
	if s.Value() != 1000 {
		t.Errorf("the sum is %v, want 1000", s.Value())
	}
}

// A tally gives what the values themselves give.
func TestTally(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 10, 10_000} {
		var tally Tally
		var x []float64
		for range n {
			v := uint64(rng.ExpFloat64() * 10_000)
			tally.Add(v)
			x = append(x, float64(v))
		}
		slices.Sort(x)
		got, want := tally.Summary(Population), Summarize(x, Population)
		if tally.Len() != n || got.N != want.N || got.Min != want.Min || got.Max != want.Max ||
			math.Abs(got.Mean-want.Mean) > 1e-9*want.Mean || math.Abs(got.Std-want.Std) > 1e-6*want.Std+1e-9 {
			t.Errorf("%d values: %+v, want %+v", n, got, want)
		}
		for _, p := range []float64{1, 50, 99} {
			a, _ := got.Percentile(p)
			if b, _ := want.Percentile(p); a != b {
				t.Errorf("%d values: p%v is %v, want %v", n, p, a, b)
			}
		}
	}
}
