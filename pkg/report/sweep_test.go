package report

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slowLoad tells, for an instant, what was in flight, by looking at every
// request.
type slowRequest struct {
	start, first, end float64
	in, out           float64
	gaps              []float64
	failed            bool
}

func (r slowRequest) at(t float64) (flying, decoding, decodeRate, prefillRate, tokens float64) {
	if r.start <= t && t < r.end {
		flying = 1
	}
	if r.failed {
		return
	}
	if r.start <= t && t < r.first {
		prefillRate = r.in / (r.first - r.start)
	}
	if r.start <= t && t < r.end {
		tokens = r.in
	}
	if r.first <= t && t < r.end {
		decoding = 1
		tokens++
		at := r.first
		for _, g := range r.gaps {
			if at <= t && t < at+g {
				decodeRate = (r.out - 1) / float64(len(r.gaps)) / g
			}
			if at += g; at <= t {
				tokens += (r.out - 1) / float64(len(r.gaps))
			}
		}
	}
	return
}

// The sweeps give what looking at all requests between every two events gives.
func TestSweepsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var stream strings.Builder
		var list []slowRequest
		var events []float64
		for range 1 + rng.IntN(12) {
			r := slowRequest{start: float64(rng.IntN(1000)) / 100, in: float64(1 + rng.IntN(50)), failed: rng.IntN(6) == 0}
			r.first = r.start + float64(1+rng.IntN(50))/100
			r.end = r.first
			var text strings.Builder
			fmt.Fprintf(&text, "[%g", r.first-r.start)
			events = append(events, r.start, r.first)
			for range 1 + rng.IntN(5) {
				g := float64(1+rng.IntN(30)) / 100
				r.gaps = append(r.gaps, g)
				r.end += g
				events = append(events, r.end)
				fmt.Fprintf(&text, ",%g", g)
			}
			r.out = float64(2 + rng.IntN(20))
			more := `,"gaps":` + text.String() + "]"
			if r.failed {
				more += `,"error":{"class":"timeout"}`
			}
			line := ask("m", r.start, r.end-r.start, r.first-r.start, int(r.out), more)
			stream.WriteString(strings.Replace(line, `"in":10`, fmt.Sprintf(`"in":%g`, r.in), 1))
			list = append(list, r)
		}
		checkSweeps(t, build(t, stream.String()), list, events)
	}
}

func checkSweeps(t *testing.T, r *Report, list []slowRequest, events []float64) {
	t.Helper()
	slices.Sort(events)
	type held struct{ x, long float64 }
	curves := map[string][]held{}
	add := func(tag string, x, long float64) { curves[tag] = append(curves[tag], held{x, long}) }
	for i := 1; i < len(events); i++ {
		long := events[i] - events[i-1]
		if long < 1e-6 {
			continue
		}
		var sum [5]float64
		for _, q := range list {
			a, b, c, d, e := q.at((events[i] + events[i-1]) / 2)
			for j, x := range []float64{a, b, c, d, e} {
				sum[j] += x
			}
		}
		add("effective_concurrency", sum[0], long)
		add("effective_decode_concurrency", sum[1], long)
		add("effective_decode_throughput", sum[2], long)
		add("effective_prefill_throughput", sum[3], long)
		add("tokens_in_flight", sum[4], long)
		if sum[1] > 0 {
			add("active_decode_throughput", sum[2], long)
			add("active_decode_throughput_per_user", sum[2]/sum[1], long)
		}
	}
	for tag, curve := range curves {
		m, ok := r.Metric(tag)
		slices.SortFunc(curve, func(a, b held) int { return cmp.Compare(a.x, b.x) })
		total, area := 0.0, 0.0
		for _, h := range curve {
			total, area = total+h.long, area+h.x*h.long
		}
		if !ok && area > 0 {
			t.Errorf("%s is missing", tag)
			continue
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-4*max(1, math.Abs(b)) }
		if ok && !near(m.Stat.Mean, area/total) {
			t.Errorf("%s is %v on average, want %v", tag, m.Stat.Mean, area/total)
		}
		passed := 0.0
		for _, h := range curve {
			if passed += h.long; passed >= 0.9*total+1e-5 && ok {
				// Where the share is just reached rounding may decide.
				if x, _ := m.Stat.Percentile(90); !near(x, h.x) && passed-h.long < 0.9*total-1e-5 {
					t.Errorf("%s: p90 is %v, want %v", tag, x, h.x)
				}
				break
			}
		}
	}
}
