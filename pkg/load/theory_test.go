package load

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/arrival"
	"aiperf/pkg/record"
)

// What leaves comes as the theory of its arrival process has it: the mean, the
// variance and the independence of the gaps between the starts of requests. The
// limits are five standard errors.
func TestArrivals(t *testing.T) {
	const n, rate = 4000, 50.0
	for _, c := range []struct {
		why      string
		process  func() arrival.Process
		variance float64 // of the gap, in units of the mean gap
		kurtosis float64
	}{
		{"constant", arrival.Constant, 0, 0},
		{"poisson", func() arrival.Process { return arrival.Poisson(random(1)) }, 1, 9},
		{"gamma 0.5, in bursts", func() arrival.Process { return arrival.Gamma(0.5, random(2)) }, 2, 15},
		{"gamma 5, smooth", func() arrival.Process { return arrival.Gamma(5, random(3)) }, 0.2, 4.2},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := serve(t, stream(step{5 * time.Second, word + stop + done})) // slower than any gap: many are in flight
			p := plan(server, true, Phase{Name: record.Profiling, Conversations: prompts, Requests: n,
				Arrivals: arrival.Due(c.process(), arrival.Steady(rate))})
			var starts []float64
			for _, r := range requests(t, Run(t.Context(), p)) {
				if r.Error != nil || *r.Late != 0 {
					t.Fatalf("%s: request %s is %v late, error %+v", c.why, r.ID, *r.Late, r.Error)
				}
				starts = append(starts, r.Start.Sub(p.Clock.Now())*rate)
			}
			slices.Sort(starts)
			mean, variance, auto := moments(starts)
			within(t, c.why+": mean", mean, 1, 5*math.Sqrt(c.variance/n)+1e-6)
			within(t, c.why+": variance", variance, c.variance, 5*c.variance*math.Sqrt(max(0, c.kurtosis-1)/n)+1e-6)
			if c.variance > 0 {
				within(t, c.why+": autocorrelation", auto/variance, 0, 5/math.Sqrt(n))
			}
		})
	}
}

// moments are those of the gaps between instants: mean, variance, and the
// covariance of a gap with the next.
func moments(at []float64) (mean, variance, auto float64) {
	gaps := make([]float64, len(at)-1)
	for i := range gaps {
		gaps[i] = at[i+1] - at[i]
		mean += gaps[i] / float64(len(gaps))
	}
	for i, g := range gaps {
		variance += (g - mean) * (g - mean) / float64(len(gaps))
		if i > 0 {
			auto += (g - mean) * (gaps[i-1] - mean) / float64(len(gaps)-1)
		}
	}
	return mean, variance, auto
}

func within(t *testing.T, what string, got, want, limit float64) {
	t.Helper()
	if !(math.Abs(got-want) <= limit) {
		t.Errorf("%s is %.4f, want %.4f ± %.4f", what, got, want, limit)
	}
}

// A rate that changes is followed: as many requests have left at each instant as
// the integral of the rate expects.
func TestRateSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, stream(step{ms, word + stop + done}))
		rate, err := arrival.Series([]arrival.Point{{At: 0, Rate: 0}, {At: 10, Rate: 100}, {At: 20, Rate: 20}})
		if err != nil {
			t.Fatal(err)
		}
		p := plan(server, true, Phase{Name: record.Profiling, Conversations: prompts, Duration: 30 * time.Second, Grace: -1,
			Arrivals: arrival.Due(arrival.Constant(), rate)})
		began := p.Clock.Now()
		counts := map[int]int{}
		for _, r := range requests(t, Run(t.Context(), p)) {
			for _, until := range []int{5, 10, 20, 30} {
				if r.Start.Sub(began) < float64(until) {
					counts[until]++
				}
			}
		}
		for until, want := range map[int]float64{5: 125, 10: 500, 20: 1100, 30: 1300} {
			within(t, "requests until then", float64(counts[until]), want, 1)
		}
	})
}
