package join

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"
)

func isLineError(err error) bool { return errors.As(err, new(*record.LineError)) }

// A curveOf is what a source said, by time.
type curveOf struct {
	source string
	t      []float64
	x      [quantities][]float64
}

// mean and at by brute force: linear between readings, unknown outside them.
func (d curveOf) mean(q int, a, b float64) (float64, bool) {
	sum, seconds := 0.0, 0.0
	for i := 1; i < len(d.t); i++ {
		from, to := max(a, d.t[i-1]), min(b, d.t[i])
		if from < to {
			x, _ := d.at(q, from)
			y, _ := d.at(q, to)
			sum += (x + y) / 2 * (to - from)
			seconds += to - from
		}
	}
	return sum / seconds, b > a && seconds >= (b-a)/2
}

func (d curveOf) at(q int, s float64) (float64, bool) {
	i, exact := slices.BinarySearch(d.t, s)
	switch {
	case exact:
		return d.x[q][i], true
	case i == 0 || i == len(d.t):
		return 0, false
	}
	return d.x[q][i-1] + (d.x[q][i]-d.x[q][i-1])*(s-d.t[i-1])/(d.t[i]-d.t[i-1]), true
}

func tell(t testing.TB, d curveOf, i int) record.Line {
	return page(t, d.source, d.t[i], fmt.Sprintf("vllm:num_requests_running %v", d.x[qRunning][i]),
		fmt.Sprintf("vllm:num_requests_waiting %v", d.x[qWaiting][i]), fmt.Sprintf("vllm:kv_cache_usage_perc %v", d.x[qKVCache][i]))
}

func near(p *float64, x float64, ok bool) bool {
	return (p != nil) == ok && (!ok || math.Abs(*p-x) < 1e-3)
}

// TestServersEqualBruteForce on random runs, by address and by all together.
func TestServersEqualBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		var ds []curveOf
		for i := range 1 + r.IntN(3) {
			d := curveOf{source: fmt.Sprintf("http://node%d:8000/metrics", i)}
			for s := 3 * r.Float64(); s < 18+3*r.Float64(); s += 0.1 + r.Float64() {
				d.t = append(d.t, float64(int64(s*1e6))/1e6)
				for q := range d.x {
					d.x[q] = append(d.x[q], math.Round(1000*r.Float64())/1000*[]float64{20, 5, 1}[q])
				}
			}
			ds = append(ds, d)
		}
		var lives [][2]float64
		var instants []float64
		for range 40 {
			a := float64(r.IntN(20_000_000)) / 1e6
			b := a + float64(r.IntN(6_000_000))/1e6
			lives, instants = append(lives, [2]float64{a, b}), append(instants, a, b)
		}
		slices.Sort(instants)
		var s servers
		next := make([]int, len(ds))
		states := map[float64]serverState{}
		for _, now := range instants {
			for i, d := range ds { // each has been read beyond the instant
				for next[i] < len(d.t) && (next[i] == 0 || d.t[next[i]-1] < now) {
					if err := s.take(tell(t, d, next[i])); err != nil {
						t.Fatal(err)
					}
					next[i]++
				}
			}
			s.to(at(now))
			states[now] = s.snap()
		}
		for _, life := range lives {
			a, b := life[0], life[1]
			for _, url := range []string{"http://node0:8000/v1/completions", "http://gateway/v1"} {
				got := s.between(states[a], states[b], url)
				if got == nil {
					got = new(record.ServerState)
				}
				of := ds
				if url != "http://gateway/v1" {
					of = ds[:1]
				}
				for q, p := range [quantities][2]*float64{{got.RunningStart, got.Running}, {got.WaitingStart, got.Waiting}, {got.KVCacheStart, got.KVCache}} {
					var start, mean, starts, means float64
					for _, d := range of {
						if x, ok := d.at(q, a); ok {
							start, starts = start+x, starts+1
						}
						if x, ok := d.mean(q, a, b); ok {
							mean, means = mean+x, means+1
						}
					}
					if q == qKVCache {
						start, mean = start/starts, mean/means
					}
					if !near(p[0], start, starts > 0) || !near(p[1], mean, means > 0) {
						t.Errorf("seed %d, %v, %s, quantity %d: start %v, mean %v; want %v (%v), %v (%v)", seed, life, url, q, value(p[0]), value(p[1]), start, starts, mean, means)
					}
				}
			}
		}
	}
}

// TestFrontEnds: who is asked for what.
func TestFrontEnds(t *testing.T) {
	t.Parallel()
	front := func(s float64) record.Line {
		return page(t, "http://front:8000/metrics", s, "dynamo_frontend_inflight_requests 10", "dynamo_frontend_queued_requests 4")
	}
	engine := func(n, s float64) record.Line {
		return page(t, fmt.Sprintf("http://worker%v:8081/metrics", n), s, fmt.Sprintf("vllm:num_requests_running %v", n), fmt.Sprintf("vllm:kv_cache_usage_perc %v", n/10))
	}
	for _, c := range []struct {
		name    string
		pages   func(s float64) []record.Line
		url     string
		want    [3]float64
		sources int
	}{
		{"front end asked", func(s float64) []record.Line { return []record.Line{front(s), engine(2, s), engine(6, s)} }, "http://front:8000/v1", [3]float64{10, 4, 0.4}, 3},
		{"worker asked", func(s float64) []record.Line { return []record.Line{front(s), engine(2, s), engine(6, s)} }, "http://worker2:8081/v1", [3]float64{2, 0, 0.2}, 1},
		{"through a gateway", func(s float64) []record.Line { return []record.Line{front(s), engine(2, s), engine(6, s)} }, "http://gateway/v1", [3]float64{8, 0, 0.4}, 2},
		{"only a front end", func(s float64) []record.Line { return []record.Line{front(s)} }, "", [3]float64{10, 4, 0}, 1},
		{"two names of one server", func(s float64) []record.Line {
			return []record.Line{page(t, "http://localhost:8000/metrics", s, "vllm:num_requests_running 3"), page(t, "http://127.0.0.1:8000/metrics", s, "vllm:num_requests_running 3")}
		}, "http://[::1]:8000/v1", [3]float64{3, 0, 0}, 1},
		{"two servers behind one port", func(s float64) []record.Line {
			return []record.Line{page(t, "http://x:8000/a/metrics", s, "vllm:num_requests_running 3"), page(t, "http://x:8000/b/metrics", s, "vllm:num_requests_running 4")}
		}, "http://x:8000/a/v1", [3]float64{7, 0, 0}, 2},
	} {
		var s servers
		for _, x := range []float64{0, 10} {
			for _, l := range c.pages(x) {
				if err := s.take(l); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.to(at(2))
		a := s.snap()
		s.to(at(6))
		got := s.between(a, s.snap(), c.url)
		if got == nil {
			t.Errorf("%s: nothing", c.name)
			continue
		}
		have := [3]float64{value(got.Running), value(got.Waiting), value(got.KVCache)}
		if have != c.want || got.Sources != c.sources || value(got.RunningStart) != c.want[0] {
			t.Errorf("%s: %v from %d sources, at the start %v; want %v from %d", c.name, have, got.Sources, value(got.RunningStart), c.want, c.sources)
		}
	}
}

// TestServersLate: what comes when the cursor is beyond it is nobody's, and what
// is not known is not curveOf.
func TestServersLate(t *testing.T) {
	t.Parallel()
	var s servers
	say := func(x, n float64) {
		if err := s.take(page(t, "http://x/metrics", x, fmt.Sprintf("vllm:num_requests_running %v", n))); err != nil {
			t.Fatal(err)
		}
	}
	if s.between(s.snap(), s.snap(), "http://x") != nil {
		t.Error("servers that said nothing know something")
	}
	say(0, 4)
	say(1, 4)
	if h := s.until(at(5), at(1.5), 3); h != at(1) {
		t.Errorf("settled until %v, want %v", h, at(1))
	}
	if h := s.until(at(5), at(9), 3); h != at(5) {
		t.Errorf("settled until %v, want %v: it is silent for too long", h, at(5))
	}
	s.to(at(10))
	a := s.snap()
	say(9, 100) // too late for anybody
	say(11, 2)
	say(21, 2)
	s.to(at(20))
	got := s.between(a, s.snap(), "http://x")
	if got == nil || got.RunningStart != nil || got.Running == nil || *got.Running < 2 || *got.Running > 8 {
		t.Fatalf("%+v, want no start, for it was not known, and a mean after it", got)
	}
	a = s.snap()
	s.to(at(40))
	if got := s.between(a, s.snap(), "http://x"); got == nil || got.Running != nil || value(got.RunningStart) != 2 {
		t.Errorf("%+v, want a start and no mean: 1 s of 20 is known", got)
	}
}

// TestServersAreBounded: what lies behind the cursor is forgotten, and there are
// only so many sources.
func TestServersAreBounded(t *testing.T) {
	t.Parallel()
	var s servers
	for i := range 3 * mostServers {
		s.add(&serverReading{source: fmt.Sprintf("http://n%d/metrics", i), taken: at(0), has: [quantities]bool{true}})
	}
	if len(s.list) != mostServers || s.ignored != 2*mostServers {
		t.Errorf("%d sources, %d readings ignored", len(s.list), s.ignored)
	}
	for i := range 2 * prelude {
		x := at(1 + float64(i)/3)
		s.add(&serverReading{source: "http://n0/metrics", taken: x, value: [quantities]float64{1}, has: [quantities]bool{true}})
	}
	s.to(s.list[0].latest)
	if n := len(s.list[0].curve[qRunning].knots); n > 2 {
		t.Errorf("%d readings held behind the cursor", n)
	}
	for i := range 3000 {
		s.between(s.snap(), s.snap(), fmt.Sprintf("http://n0/%d", i))
	}
	if len(s.places) > 1024 {
		t.Errorf("%d URLs held", len(s.places))
	}
}
