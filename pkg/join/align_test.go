package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"
)

// bursts is a load of some bursts of requests, and the readings of a GPU that
// follows it, whose scraper's clock is off by skew.
func bursts(t testing.TB, seed uint64, skew float64) (ls []record.Line, joules float64) {
	r := rand.New(rand.NewPCG(seed, 4))
	busy := make([]int, 45_000) // requests in flight, by millisecond
	s := 1.0
	for i := 0; s < 35; i++ {
		q := sent{id: fmt.Sprint(i), start: micro(s), end: micro(s + 0.5 + 2*r.Float64()), phase: record.Profiling}
		ls = append(ls, q.lines(t)...)
		for ms := int(q.start * 1000); ms < int(q.end*1000); ms++ {
			busy[ms]++
		}
		s = q.end + 0.3 + 2*r.Float64()
	}
	const tau = 0.05
	watts, sum, index := 70.0, 1e5, 0
	for ms := -3000; ms < len(busy); ms++ {
		if ms%100 == 0 {
			at := at(float64(ms)/1000 + skew)
			g := &record.GPU{Source: "http://node1:9400/metrics", Host: "node1", GPU: &index, UUID: "GPU-0", Taken: at, Fields: map[string]float64{
				record.FieldPower: watts, record.FieldEnergy: math.Floor(sum*1e3) / 1e3,
			}}
			g.Time = at.Add(0.001)
			ls = append(ls, line(t, g))
		}
		target := 70.0
		if ms >= 0 && busy[ms] > 0 {
			target = 300
		}
		watts += (target - watts) * 0.001 / tau
		sum += watts * 0.001
		if ms >= 0 && busy[ms] > 0 {
			joules += watts * 0.001
		}
	}
	return sorted(ls), joules
}

// A clock that is 250 ms off is found, told, and its effect taken away.
func TestAlign(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		straight := lagOf(t, seed, 0)
		for _, skew := range []float64{0.25, -0.25, 1.5} {
			ls, joules := bursts(t, seed, skew)
			got := attribute(t, ls, Options{})
			lag := got.total.Lag
			if lag == nil || math.Abs(lag.Seconds-skew) > 0.1 || math.Abs(lag.Seconds-straight-skew) > 0.03 {
				t.Fatalf("seed %d: lag %+v, want %v or a little more, that is %v more than %v", seed, lag, skew, skew, straight)
			}
			if !slices.Contains(got.notes, "lag") {
				t.Errorf("seed %d: nothing is said of a lag of %v s", seed, lag.Seconds)
			}
			found, err := FindLags(seq(ls), Options{})
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			var by map[string]float64
			for source, l := range found {
				by = map[string]float64{source: l.Seconds}
			}
			cured := attribute(t, ls, Options{Lag: by})
			off, was := math.Abs(value(cured.total.Requests)-joules), math.Abs(value(got.total.Requests)-joules)
			if off > 0.06*joules || off > was/2 {
				t.Errorf("seed %d, skew %v: requests were charged %v J after it was aligned and %v J before, want %v", seed, skew, value(cured.total.Requests), value(got.total.Requests), joules)
			}
			if l := cured.total.Lag; l == nil || math.Abs(l.Seconds) > 0.02 || value(l.Applied) == 0 {
				t.Errorf("seed %d: what is left is %+v", seed, l)
			}
		}
	}
}

func lagOf(t testing.TB, seed uint64, skew float64) float64 {
	ls, _ := bursts(t, seed, skew)
	got := attribute(t, ls, Options{})
	if slices.Contains(got.notes, "lag") || got.total.Lag == nil {
		t.Fatalf("seed %d: notes %v, lag %v", seed, got.notes, got.total.Lag)
	}
	return got.total.Lag.Seconds
}
