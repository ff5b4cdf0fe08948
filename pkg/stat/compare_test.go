package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// queue simulates the time that requests spend at a server with one place and
// exponential service of mean slow, the arrivals being Poisson at the given rate
// (D. V. Lindley's recursion), from its stationary state.
func queue(n int, rate, slow float64, rng *rand.Rand) []float64 {
	x := make([]float64, n)
	var wait float64
	if rng.Float64() < rate*slow {
		wait = rng.ExpFloat64() / (1/slow - rate)
	}
	for i := range x {
		x[i] = wait + slow*rng.ExpFloat64()
		wait = max(0, x[i]-rng.ExpFloat64()/rate)
	}
	return x
}

// autoregressive simulates latencies of mean about slow/10, whose logarithms are an
// autoregressive series of order 1.
func autoregressive(n int, phi, slow float64, rng *rand.Rand) []float64 {
	x := make([]float64, n)
	z := rng.NormFloat64()
	for i := range x {
		x[i] = slow * 0.1 * math.Exp(0.2*z)
		z = phi*z + math.Sqrt(1-phi*phi)*rng.NormFloat64()
	}
	return x
}

// atMost is how many of n may be found, each with probability p, so that more
// than that are found once in a thousand times.
func atMost(n int, p float64) int {
	term := math.Pow(1-p, float64(n)) // of k = 0
	sum := term
	for k := 0; ; k++ {
		if sum > 0.999 {
			return k
		}
		term *= float64(n-k) / float64(k+1) * p / (1 - p)
		sum += term
	}
}

// Two equal servers are found to differ in no more than 5 % of seeds, also of
// those seeds that had data enough, and two that differ by 3 % are found.
func TestCompareServers(t *testing.T) {
	t.Parallel()
	const seeds = 200
	type server func(slow float64, rng *rand.Rand) []float64
	for _, c := range []struct {
		name    string
		draw    server
		power   float64 // share of seeds in which 3 % is found in the mean, at least; 0 if there are not enough requests
		naive   int     // false positives of the test for independent values, at least
		decided int     // seeds with data enough for the mean, at least
	}{
		{"independent/requests=2000", func(slow float64, rng *rand.Rand) []float64 { return autoregressive(2000, 0, slow, rng) }, 0.9, 0, seeds},
		{"autoregressive/requests=8000", func(slow float64, rng *rand.Rand) []float64 { return autoregressive(8000, 0.8, slow, rng) }, 0.8, 60, seeds},
		{"queue/requests=4000", func(slow float64, rng *rand.Rand) []float64 { return queue(4000, 0.5, slow, rng) }, 0, 60, seeds / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var decided, found [3]int
			naive, power := 0, 0
			for seed := range uint64(seeds) {
				rng := rand.New(rand.NewPCG(seed, 7))
				x, y := c.draw(1, rng), c.draw(1, rng)
				old, same, slower := NewSeries(x), NewSeries(y), NewSeries(c.draw(1.03, rng))
				o := Options{Seed: seed, Draws: 1000}
				for i, s := range []Statistic{Mean, Percentile(50)} {
					if r := Compare(old, same, s, o); r.TooLittle == "" {
						decided[i]++
						found[i] += count1(r.Differs())
					}
				}
				if s := Shift(old, same); s.TooLittle == "" {
					decided[2]++
					found[2] += count1(s.P < 0.05)
				}
				naive += count1(MannWhitney(x, y).P < 0.05)
				power += count1(Compare(old, slower, Mean, o).Differs())
			}
			t.Logf("mean, median, shift: found a difference of 0 in %v of %v; the naive test in %d; 3 %% in %d", found, decided, naive, power)
			for i, name := range []string{"the mean", "the median", "the shift"} {
				if found[i] > atMost(decided[i], 0.05) {
					t.Errorf("%s differs in %d of %d seeds", name, found[i], decided[i])
				}
			}
			if naive < c.naive || decided[0] < c.decided || float64(power) < c.power*seeds {
				t.Errorf("naive %d, decided %d, power %d", naive, decided[0], power)
			}
		})
	}
}

func count1(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Between two queues that differ by 3 %, enough requests find it.
func TestCompareQueues(t *testing.T) {
	if testing.Short() {
		t.Skip("many seeds: too long for the race detector")
	}
	t.Parallel()
	const seeds, n = 40, 50_000
	var found [3]int
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		old, new := NewSeries(queue(n, 0.5, 1, rng)), NewSeries(queue(n, 0.5, 1.03, rng))
		o := Options{Seed: seed, Draws: 1000}
		found[0] += count1(Compare(old, new, Mean, o).Differs())
		found[1] += count1(Compare(old, new, Percentile(50), o).Differs())
		found[2] += count1(Shift(old, new).P < 0.05)
	}
	t.Logf("mean, median, shift: found 3 %% in %v of %d", found, seeds)
	if slices.Min(found[:]) < seeds*3/4 {
		t.Errorf("found 3 %% in %v of %d", found, seeds)
	}
}

// A high percentile of independent values.
func TestComparePercentile(t *testing.T) {
	if testing.Short() {
		t.Skip("many seeds: too long for the race detector")
	}
	t.Parallel()
	const seeds = 200
	found, power := 0, 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 11))
		draw := func(slow float64) *Series { return NewSeries(autoregressive(3000, 0, slow, rng)) }
		old := draw(1)
		o := Options{Seed: seed, Draws: 1000}
		c := Compare(old, draw(1), Percentile(99), o)
		if c.TooLittle != "" {
			t.Fatal(c.TooLittle)
		}
		found += count1(c.Differs())
		power += count1(Compare(old, draw(1.1), Percentile(99), o).Differs())
	}
	t.Logf("found a difference of 0 in %d, and 10 %% in %d of %d", found, power, seeds)
	if found > atMost(seeds, 0.05) || power < seeds*9/10 {
		t.Errorf("found a difference of 0 in %d, and 10 %% in %d of %d", found, power, seeds)
	}
}

// With several runs on each side, what differs from run to run is covered, which
// it is not if the runs are taken for one.
func TestCompareRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("many seeds: too long for the race detector")
	}
	t.Parallel()
	const seeds = 200
	found, merged, power := 0, 0, 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 13))
		draw := func(slow float64) (runs [][]float64) {
			for range 5 {
				runs = append(runs, autoregressive(500, 0, slow*(1+0.02*rng.NormFloat64()), rng))
			}
			return runs
		}
		a, b, slower := draw(1), draw(1), draw(1.1)
		o := Options{Seed: seed, Draws: 1000}
		c := Compare(NewSeries(a...), NewSeries(b...), Mean, o)
		if !c.Runs || c.Batches != [2]int{5, 5} || c.TooLittle != "" {
			t.Fatalf("%+v", c)
		}
		found += count1(c.Differs())
		merged += count1(Compare(NewSeries(shuffled(a, rng)), NewSeries(shuffled(b, rng)), Mean, o).Differs())
		power += count1(Compare(NewSeries(a...), NewSeries(slower...), Mean, o).Differs())
	}
	t.Logf("found a difference of 0 in %d (%d if merged), and 10 %% in %d of %d", found, merged, power, seeds)
	if found > atMost(seeds, 0.05) || merged < seeds/4 || power < seeds*9/10 {
		t.Errorf("found a difference of 0 in %d (%d if merged), and 10 %% in %d of %d", found, merged, power, seeds)
	}
}

func shuffled(runs [][]float64, rng *rand.Rand) []float64 {
	x := slices.Concat(runs...)
	rng.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
	return x
}

func TestCompareTooLittle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	enough := autoregressive(2000, 0, 1, rng)
	for _, c := range []struct {
		why      string
		old, new []float64
		s        Statistic
		want     string // the beginning
	}{
		{"no values", enough, nil, Mean, "new: there are no values"},
		{"not finite", []float64{math.NaN(), math.Inf(1)}, enough, Mean, "old: there are no values"},
		{"one value", enough, []float64{1}, Percentile(50), "new: 1 values, and some 84 are needed (or 3 runs on each side)"},
		{"eighty", autoregressive(80, 0, 1, rng), enough, Mean, "old: 80 values, and some"},
		{"long, but of few that stand alone", enough, autoregressive(2000, 0.99, 1, rng), Mean, "new: 2000 values, and some"},
		{"enough for the mean, and not for p99", enough, autoregressive(800, 0, 1, rng), Percentile(99), "new: 800 values, and some 1"},
		{"a trend", enough, steps(5000, 1, 5000, 1), Mean, "new: 5000 values, and some"},
	} {
		got := Compare(NewSeries(c.old), NewSeries(c.new), c.s, Options{})
		if !strings.HasPrefix(got.TooLittle, c.want) || got.Differs() || !math.IsNaN(got.P) || !math.IsNaN(got.ChangeIn.Low) || !math.IsNaN(got.RelativeIn.High) {
			t.Errorf("%s: %+v, want %s", c.why, got, c.want)
		}
		if c.s == Mean && c.why != "a trend" { // which is above all of the other
			if s := Shift(NewSeries(c.old), NewSeries(c.new)); s.TooLittle == "" || !math.IsNaN(s.P) {
				t.Errorf("%s: %+v", c.why, s)
			}
		}
	}
}

// What does not vary is compared as it stands.
func TestCompareConstant(t *testing.T) {
	t.Parallel()
	constant := func(v float64) *Series { return NewSeries(slices.Repeat([]float64{v}, 400)) }
	for _, s := range []Statistic{Mean, Percentile(99), Percentile(50)} {
		same := Compare(constant(128), constant(128), s, Options{})
		if s.q < 0.99 && (same.Differs() || same.P != 1 || same.Change != 0 || same.TooLittle != "") {
			t.Errorf("%+v", same)
		}
		more := Compare(constant(128), constant(160), s, Options{})
		if want := (Interval{32, 32}); !more.Differs() || more.ChangeIn != want || more.Relative != 0.25 || more.P > 0.001 {
			t.Errorf("%+v", more)
		}
	}
	if s := Shift(constant(1), constant(1)); s.P != 1 || s.Above != 0.5 {
		t.Errorf("%+v", s)
	}
	if s := Shift(constant(1), constant(2)); s.P != 0 || s.Above != 1 {
		t.Errorf("%+v", s)
	}
	if c := Compare(constant(0.1), constant(0.1), Mean, Options{}); c.Differs() || c.TooLittle != "" || c.P != 1 {
		t.Errorf("a tenth: %+v", c)
	}
	zero := Compare(constant(0), constant(1), Mean, Options{})
	if !zero.Differs() || !math.IsNaN(zero.RelativeIn.Low) {
		t.Errorf("from 0: %+v", zero)
	}
}

// The same seed gives the same intervals, and a wider level wider ones.
func TestCompareSeed(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := NewSeries(autoregressive(2000, 0.5, 1, rng)), NewSeries(autoregressive(2000, 0.5, 1.1, rng))
	for _, s := range []Statistic{Mean, Percentile(90)} {
		one, two := Compare(a, b, s, Options{Seed: 3}), Compare(a, b, s, Options{Seed: 3})
		if one != two {
			t.Errorf("%+v and %+v", one, two)
		}
		wide := Compare(a, b, s, Options{Seed: 3, Level: 0.99})
		if !(wide.ChangeIn.Low < one.ChangeIn.Low) || !(wide.ChangeIn.High > one.ChangeIn.High) || !one.RelativeIn.Contains(one.Relative) {
			t.Errorf("%+v at 95 %%, %+v at 99 %%", one, wide)
		}
	}
}

// The intervals are those of resampling value by value.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float64, 150), make([]float64, 500)
	for i := range x {
		x[i] = 1 + rng.ExpFloat64()
	}
	for i := range y {
		y[i] = 1.5 + rng.ExpFloat64()
	}
	resample := func(s Statistic, from []float64) float64 {
		r := make([]float64, len(from))
		for i := range r {
			r[i] = from[rng.IntN(len(from))]
		}
		slices.Sort(r)
		return s.of(r)
	}
	for _, s := range []Statistic{Mean, Percentile(50), Percentile(90), Percentile(0), Percentile(100)} {
		var diff, ratio []float64
		for range 1500 {
			a, b := resample(s, x), resample(s, y)
			diff, ratio = append(diff, b-a), append(ratio, b/a-1)
		}
		slices.Sort(diff)
		slices.Sort(ratio)
		change, relative := Bootstrap(NewSeries(x), NewSeries(y), s, Options{Draws: 10_000})
		for _, c := range []struct {
			got  Interval
			want []float64
		}{{change, diff}, {relative, ratio}} {
			low, high := Quantile(c.want, 0.025), Quantile(c.want, 0.975)
			room := 0.1 * (high - low)
			if math.Abs(c.got.Low-low) > room || math.Abs(c.got.High-high) > room {
				t.Errorf("%+v: %v, want [%v, %v]", s, c.got, low, high)
			}
		}
	}
	if change, _ := Bootstrap(NewSeries(), NewSeries(x), Mean, Options{}); !math.IsNaN(change.Low) {
		t.Errorf("nothing gives %v", change)
	}
}

// Nothing that is compared makes it panic, and a seed gives one result.
func FuzzCompare(f *testing.F) {
	f.Add(uint64(1), 300, 2, 1.0, 50.0)
	f.Add(uint64(2), 5000, 1, 1e308, 99.9)
	f.Add(uint64(3), 0, 3, 0.0, 100.0)
	f.Add(uint64(4), 400, 1, 1.0, math.NaN())
	f.Fuzz(func(t *testing.T, seed uint64, n, runs int, scale, p float64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n, runs = min(max(n, 0), 3000), min(max(runs, 1), 5)
		draw := func() *Series {
			all := make([][]float64, runs)
			for i := range all {
				all[i] = autoregressive(n, 0.5, scale, rng)
				for j := range all[i] {
					if rng.IntN(50) == 0 {
						all[i][j] = []float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64, 1}[rng.IntN(6)]
					}
				}
			}
			return NewSeries(all...)
		}
		a, b := draw(), draw()
		for _, s := range []Statistic{Mean, Percentile(p)} {
			o := Options{Seed: seed, Draws: 50}
			c := Compare(a, b, s, o)
			if again := Compare(a, b, s, o); fmt.Sprint(again) != fmt.Sprint(c) {
				t.Fatalf("%+v and %+v", c, again)
			}
			if c.TooLittle == "" && c.ChangeIn.Low > c.ChangeIn.High || c.P < 0 || c.P > 1 {
				t.Fatalf("%+v", c)
			}
			Bootstrap(a, b, s, o)
		}
		if s := Shift(a, b); s.P < 0 || s.P > 1 || s.Above < 0 || s.Above > 1 {
			t.Fatalf("%+v", s)
		}
	})
}

// go test -bench Compare ./pkg/stat
func BenchmarkCompare(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 1_000_000
	x, y := queue(n, 0.5, 1, rng), queue(n, 0.5, 1.03, rng)
	old, new := NewSeries(x), NewSeries(y)
	b.Run(fmt.Sprintf("sort/values=%d", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewSeries(x)
		}
	})
	for name, s := range map[string]Statistic{"mean": Mean, "p99": Percentile(99)} {
		b.Run(fmt.Sprintf("dependent/statistic=%s/values=%d", name, n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compare(old, new, s, Options{})
			}
		})
		b.Run(fmt.Sprintf("bootstrap/statistic=%s/values=%d", name, n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Bootstrap(old, new, s, Options{})
			}
		})
	}
	b.Run(fmt.Sprintf("shift/values=%d", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Shift(old, new)
		}
	})
}
