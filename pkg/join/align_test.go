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
	seeds := uint64(10)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
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

// Two hosts whose scrapers both read their own localhost have lags of their own.
func TestLagsByHost(t *testing.T) {
	t.Parallel()
	var all []record.Line
	for i, host := range []string{"node1", "node2"} {
		run := &record.Run{Run: "R" + host, Tool: "aiperf-scrape", Host: host}
		run.Time = at(-4)
		all = append(all, line(t, run))
		ls, _ := bursts(t, 3, 0.4*float64(i))
		for _, l := range ls {
			if l.Type != record.TypeGPU {
				if i == 0 {
					all = append(all, l)
				}
				continue
			}
			var g record.GPU
			if err := l.Decode(&g); err != nil {
				t.Fatal(err)
			}
			g.Run, g.Source, g.Host, g.UUID = run.Run, "http://localhost:9400/metrics", host, "GPU-"+host
			all = append(all, line(t, &g))
		}
	}
	got := attribute(t, sorted(all), Options{})
	var lags []float64
	for _, e := range got.gpus {
		if e.Lag == nil || !e.Lag.Clear {
			t.Fatalf("%s has lag %+v", e.Host, e.Lag)
		}
		lags = append(lags, e.Lag.Seconds)
	}
	if len(lags) != 2 || math.Abs(lags[1]-lags[0]-0.4) > 0.03 {
		t.Errorf("lags %v, want them 0.4 s apart", lags)
	}
	found, err := FindLags(seq(all), Options{})
	if err != nil || len(found) != 2 || found["http://localhost:9400/metrics from node2"] == nil {
		t.Errorf("%v %v", found, err)
	}
}

// What does not tell for sure is not acted on: a load that comes at equal
// intervals, and one that is flat where the stream was cut.
func TestLagIsNotClear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		load func(ms int) bool
		from float64
	}{
		{"once a second", func(ms int) bool { return ms%1000 < 300 }, 0},
		{"flat in what was cut out", func(ms int) bool { return ms < 38_000 }, 10},
		{"one block", func(ms int) bool { return ms > 3000 && ms < 9000 }, 0},
	} {
		var ls []record.Line
		on, n := -1, 0
		for ms := 0; ms <= 40_000; ms++ {
			switch {
			case on < 0 && c.load(ms) && ms < 40_000:
				on = ms
			case on >= 0 && (!c.load(ms) || ms == 40_000):
				n++
				ls = append(ls, sent{id: fmt.Sprint(n), start: float64(on) / 1000, end: float64(ms) / 1000, phase: record.Profiling}.lines(t)...)
				on = -1
			}
		}
		watts, index := 70.0, 0
		for ms := -3000; ms < 42_000; ms++ {
			if ms%100 == 0 {
				g := &record.GPU{Source: "x", GPU: &index, UUID: "GPU-0", Taken: at(float64(ms) / 1000), Fields: map[string]float64{record.FieldPower: watts}}
				g.Time = g.Taken
				ls = append(ls, line(t, g))
			}
			target := 70.0
			if ms >= 0 && c.load(ms) {
				target = 300
			}
			watts += (target - watts) * 0.02
		}
		got := attribute(t, sorted(ls), Options{From: at(c.from)})
		if slices.Contains(got.notes, "lag") {
			t.Errorf("%s: a lag is told of", c.why)
		}
		if e := got.total; e != nil && e.Lag != nil && (e.Lag.Clear || math.Abs(e.Lag.Seconds) > 0.3) {
			t.Errorf("%s: lag %+v", c.why, e.Lag)
		}
	}
}
