package arrival

import (
	"iter"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func take[T any](n int, seq iter.Seq[T]) []T {
	var all []T
	for x := range seq {
		if all = append(all, x); len(all) == n {
			break
		}
	}
	return all
}

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestConstant(t *testing.T) {
	t.Parallel()
	got := take(4, Due(Constant(), Steady(8)))
	if diff := cmp.Diff([]time.Duration{0, 125e6, 250e6, 375e6}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Nothing adds up: the millionth is where it should be.
	last := take(1_000_001, Due(Constant(), Steady(3000)))[1_000_000]
	if want := time.Duration(333_333_333_333); last != want {
		t.Errorf("the millionth is due at %v, want %v", last, want)
	}
}

// Gaps have the mean, the variance and the lack of memory that theory gives
// them. The limits are five standard errors.
func TestProcesses(t *testing.T) {
	t.Parallel()
	const n = 200_000
	for _, c := range []struct {
		why      string
		p        Process
		variance float64
		kurtosis float64 // of the distribution: the variance's standard error needs it
	}{
		{"poisson", Poisson(rng(1)), 1, 9},
		{"gamma 0.25: bursts", Gamma(0.25, rng(2)), 4, 27},
		{"gamma 1 is poisson", Gamma(1, rng(3)), 1, 9},
		{"gamma 4: smooth", Gamma(4, rng(4)), 0.25, 4.5},
	} {
		gaps := take(n, iter.Seq[float64](c.p))
		mean, variance, auto := 0.0, 0.0, 0.0
		for _, x := range gaps {
			mean += x / n
		}
		for i, x := range gaps {
			variance += (x - mean) * (x - mean) / n
			if i > 0 {
				auto += (x - mean) * (gaps[i-1] - mean) / n
			}
		}
		auto /= variance
		if e := 5 * math.Sqrt(c.variance/n); math.Abs(mean-1) > e {
			t.Errorf("%s: mean %.4f, want 1 ± %.4f", c.why, mean, e)
		}
		if e := 5 * c.variance * math.Sqrt((c.kurtosis-1)/n); math.Abs(variance-c.variance) > e {
			t.Errorf("%s: variance %.4f, want %.4f ± %.4f", c.why, variance, c.variance, e)
		}
		if e := 5 / math.Sqrt(n); math.Abs(auto) > e {
			t.Errorf("%s: autocorrelation %.4f, want 0 ± %.4f", c.why, auto, e)
		}
	}
}

// The distribution itself: exponential gaps against their quantiles
// (Kolmogorov-Smirnov at the 0.1 % level).
func TestPoissonIsExponential(t *testing.T) {
	t.Parallel()
	const n = 20_000
	below := make([]int, 101)
	for _, x := range take(n, iter.Seq[float64](Poisson(rng(7)))) {
		below[int(math.Ceil(100*(1-math.Exp(-x))))]++
	}
	sum := 0
	for q, k := range below {
		sum += k
		if d := math.Abs(float64(sum)/n - float64(q)/100); d > 1.95/math.Sqrt(n) {
			t.Errorf("%d of %d gaps lie below the %d %% quantile", sum, n, q)
		}
	}
}

func TestSameSeedSameTimes(t *testing.T) {
	t.Parallel()
	due := func(seed uint64) []time.Duration { return take(100, Due(Gamma(2, rng(seed)), Steady(10))) }
	if diff := cmp.Diff(due(1), due(1)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(due(1), due(2)) {
		t.Error("two seeds give the same times")
	}
}

func TestRamp(t *testing.T) {
	t.Parallel()
	// Until t seconds, 10·t²/(2·4) are expected while it rises, 20 in all.
	got := take(41, Due(Constant(), Ramp(10, 4)))
	for n, at := range got {
		want := math.Sqrt(float64(n) * 2 * 4 / 10)
		if n > 20 {
			want = 4 + float64(n-20)/10
		}
		if math.Abs(at.Seconds()-want) > 1e-9 {
			t.Errorf("arrival %d is due at %v, want %v s", n, at, want)
		}
	}
	if got := take(3, Due(Constant(), Ramp(10, 0))); got[2] != 200*time.Millisecond {
		t.Errorf("a ramp of no length: %v", got)
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	r, err := Series([]Point{{0, 10}, {2, 10}, {2.001, 0}, {5, 0}, {5.001, 100}, {6, 100}, {7, 0}})
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]int, 8)
	for _, at := range take(1000, Due(Constant(), r)) {
		counts[int(at.Seconds())]++
	}
	// 20 in two seconds, and the one at 0; none while it is 0; 100, then 50;
	// then it has fallen to 0 for good and the sequence ends.
	if diff := cmp.Diff([]int{10, 10, 1, 0, 0, 99, 50, 0}, counts); diff != "" {
		t.Errorf("arrivals by second (-want +got):\n%s", diff)
	}
	late, err := Series([]Point{{3, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if got := take(3, Due(Constant(), late)); got[2] != time.Second {
		t.Errorf("before the first point: %v", got)
	}
	for _, bad := range [][]Point{nil, {{0, -1}}, {{0, 1}, {0, 2}}, {{2, 1}, {1, 2}}, {{0, math.NaN()}}, {{-1, 1}}, {{0, math.Inf(1)}}} {
		if _, err := Series(bad); err == nil {
			t.Errorf("Series(%v) gives no error", bad)
		}
	}
}

// Whatever the rate, times ascend, and as many are due until an instant as the
// rate expects.
func FuzzDue(f *testing.F) {
	f.Add(1.0, 2.0, 3.0, 0.5)
	f.Fuzz(func(t *testing.T, a, b, c, step float64) {
		r, err := Series([]Point{{0, a}, {step, b}, {2 * step, c}})
		if err != nil || a > 1e6 || b > 1e6 || c > 1e6 || step > 1e6 || step < 1e-6 {
			return
		}
		before := time.Duration(-1)
		n := 0.0
		for at := range Due(Constant(), r) {
			if at < before {
				t.Fatalf("%v comes after %v", at, before)
			}
			before = at
			if n++; n == 200 {
				break
			}
		}
	})
}
