package join

import (
	"fmt"
	"math"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	// One request from 2 to 8 s; counter readings of 100 W at the given times.
	type reading struct{ s, joules float64 }
	every := func(from, to, step float64) (rs []reading) {
		for s := from; s <= to+1e-9; s += step {
			rs = append(rs, reading{s, 1000 + 100*s})
		}
		return rs
	}
	cat := func(parts ...[]reading) (rs []reading) {
		for _, p := range parts {
			rs = append(rs, p...)
		}
		return rs
	}
	reset := every(5.5, 12, 0.5)
	for i := range reset {
		reset[i].joules -= 1500
	}
	for _, c := range []struct {
		name    string
		why     string
		in      []reading
		maxGap  float64
		reasons []string
		share   bool
		joules  float64
	}{
		{"valid", "readings on both sides and in between", every(0, 12, 0.5), 0, []string{}, true, 600},
		{"edges", "readings exactly at both edges", every(2, 8, 0.5), 0, []string{}, true, 600},
		{"late start", "the first reading is after a", every(2.5, 12, 0.5), 0, []string{NoBracket}, false, 550},
		{"early stop", "the last reading is before b", every(0, 7.5, 0.5), 0, []string{NoBracket}, false, 550},
		{"gap", "nothing from 3 to 6.5 s, but both sides", cat(every(0, 3, 0.5), every(6.5, 12, 0.5)), 0, []string{Gap}, false, 600},
		{"allowed gap", "the same with --max-gap 4", cat(every(0, 3, 0.5), every(6.5, 12, 0.5)), 4, []string{}, true, 600},
		{"gap outside", "the silence ends before a", cat(every(-8, -5, 0.5), every(1, 12, 0.5)), 0, []string{}, true, 600},
		{"reset", "the counter went back to near 0 at 5.5 s; no power to bridge the 0.5 s with", cat(every(0, 5, 0.5), reset), 0, []string{Reset}, true, 550},
		{"slow", "an exporter's refresh of 30 s", every(-40, 50, 30), 0, []string{Gap, Stale}, true, 600},
		{"frozen", "the counter does not move while the GPU reports", []reading{{0, 5}, {1, 5}, {2, 5}, {3, 5}, {4, 5}, {5, 5}, {6, 5}, {7, 5}, {8, 5}, {9, 5}}, 0, []string{NoBracket}, false, 0},
		{"lost and found", "silent over both ends of the request", cat(every(0, 1, 0.5), every(40, 42, 0.5)), 0, []string{Gap}, false, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var ls []record.Line
			for i, r := range c.in {
				// The temperature makes every page a new one.
				ls = append(ls, read(t, 0, r.s, map[string]float64{record.FieldEnergy: r.joules, "gpu_temperature": float64(30 + i%2)}))
			}
			ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
			// Stream time goes on after the readings.
			end := &record.End{Run: "other", Reason: record.Complete}
			end.Time = at(60)
			ls = append(ls, line(t, end))
			got := attribute(t, sorted(ls), Options{MaxGap: c.maxGap})
			e := got.gpus[0]
			if diff := cmp.Diff(c.reasons, e.Reasons); diff != "" {
				t.Errorf("%s: reasons (-want +got):\n%s", c.why, diff)
			}
			if want := len(c.reasons) == 0; (e.Verdict == record.Valid) != want || got.total.Verdict != e.Verdict {
				t.Errorf("%s: verdict %s, total %s", c.why, e.Verdict, got.total.Verdict)
			}
			if have := fmt.Sprintf("%.6g", value(e.Energy)); have != fmt.Sprintf("%.6g", c.joules) {
				t.Errorf("%s: %s J, want %v", c.why, have, c.joules)
			}
			if s := got.shares["a"]; (s != nil && s.Energy != nil) != c.share {
				t.Errorf("%s: share %+v", c.why, s)
			}
			sum := value(e.Requests) + value(e.Others) + value(e.Idle)
			if d := sum - value(e.Energy); d > 1e-6 || d < -1e-6 {
				t.Errorf("%s: parts add up to %v J of %v", c.why, sum, value(e.Energy))
			}
		})
	}
}

// A reset is bridged by power where there is power.
func TestResetBridged(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	for n := range 25 {
		s, e := float64(n)*0.5, 5000+100*float64(n)*0.5
		if s > 5 {
			e -= 5500
		}
		ls = append(ls, read(t, 0, s, map[string]float64{record.FieldEnergy: e, record.FieldPower: 100}))
	}
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	e := attribute(t, sorted(ls), Options{}).gpus[0]
	if have := fmt.Sprintf("%.6g %v", value(e.Energy), e.Reasons); have != "600 [reset]" {
		t.Errorf("%s, want 600 J and a reset", have)
	}
	if value(e.PlusMinus) < 50 {
		t.Errorf("± is %v J; what was put in place of the reset is 50 J", value(e.PlusMinus))
	}
}

// One GPU seen through two exporters is one GPU, and the finer one is used.
func TestTwoSources(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	add := func(source string, from, to, step float64) {
		i := 0
		for s := from; s <= to; s += step {
			g := &record.GPU{Source: source, GPU: &i, UUID: "GPU-x", Taken: at(s), Fields: map[string]float64{record.FieldEnergy: 100 * s}}
			g.Time = at(s)
			ls = append(ls, line(t, g))
		}
	}
	add("http://localhost:9400/metrics", -10, 50, 30)
	// The other one is a little older than it says, so that the two interleaved run backwards.
	add("http://localhost:9401/metrics", -9.98, 50, 0.1)
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	if len(got.gpus) != 1 || got.total.GPUs != 1 {
		t.Fatalf("%d GPUs, want 1", len(got.gpus))
	}
	e := got.gpus[0]
	if have := fmt.Sprintf("%.6g %.1f %d %v", value(e.Energy), value(e.Refresh), e.Readings, e.Reasons); have != "600 0.1 60 []" {
		t.Errorf("%s", have)
	}
}

// Instances repeat the power of their GPU.
func TestInstancesAreNotSummed(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, 0, 10, 0.5, 200)
	for n := range 20 {
		g := &record.GPU{Source: "x", UUID: "GPU-0", MIG: fmt.Sprint(n % 3), Taken: at(float64(n) / 2), Fields: map[string]float64{record.FieldPower: 200, record.FieldEnergy: float64(n)}}
		g.Time = at(float64(n) / 2)
		ls = append(ls, line(t, g))
	}
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	if have := fmt.Sprintf("%d %.6g", len(got.gpus), value(got.total.Energy)); have != "1 1200" {
		t.Errorf("GPUs and joules: %s, want 1 1200", have)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	gpu := steady(t, 0, 0, 10, 0.5, 200)
	load := sent{id: "a", start: 2, end: 4, phase: record.Profiling}.lines(t)
	warm := sent{id: "w", start: 2, end: 4, phase: record.Warmup}.lines(t)
	for _, c := range []struct {
		name  string
		in    [][]record.Line
		want  []string
		total bool
		same  bool
	}{
		{"both", [][]record.Line{gpu, load}, nil, true, false},
		{"no gpu", [][]record.Line{load}, []string{"no-gpu"}, false, true},
		{"no requests", [][]record.Line{gpu}, []string{"no-requests"}, false, true},
		{"only warm-up", [][]record.Line{gpu, warm}, []string{"no-window"}, true, false},
		{"no begin", [][]record.Line{gpu, load[1:]}, []string{"no-begin"}, true, false},
		{"never ends", [][]record.Line{gpu, load, warm[:1]}, []string{"unfinished"}, true, false},
		{"nothing", nil, nil, false, true},
	} {
		var ls []record.Line
		for _, p := range c.in {
			ls = append(ls, p...)
		}
		sorted(ls)
		got := attribute(t, ls, Options{})
		if diff := cmp.Diff(c.want, got.notes); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", c.name, diff)
		}
		if (got.total != nil) != c.total {
			t.Errorf("%s: total %+v", c.name, got.total)
		}
		if c.same && text(got.lines) != text(ls) {
			t.Errorf("%s: lines were changed", c.name)
		}
	}
}

// What a producer left in flight when it ended is not in flight any more.
func TestEndOfRunEndsItsRequests(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, 0, 20, 0.5, 100)
	lost := &record.Begin{Run: "killed", ID: "1", Phase: record.Profiling, Start: at(1)}
	lost.Time = at(1)
	ls = append(ls, line(t, lost))
	end := &record.End{Run: "killed", Reason: record.Interrupted}
	end.Time = at(4)
	ls = append(ls, line(t, end))
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	e := got.total
	if have := fmt.Sprintf("%.6g %.6g %v", value(e.Requests), value(e.Others), got.notes); have != "500 100 []" {
		t.Errorf("requests, others and notes: %s, want 500 100 []", have)
	}
}

// Exporters show a counter later than the power, or one that stands at 0 on a
// board that has none.
func TestCounterComesLater(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		counter func(s float64) (float64, bool)
		source  string
		counted bool
	}{
		{"from the third page on", func(s float64) (float64, bool) { return 1e6 + 100*s, s >= -4 }, "counter", true},
		{"0 until it was read", func(s float64) (float64, bool) {
			if s < -4 {
				return 0, true
			}
			return 1e6 + 100*s, true
		}, "counter", true},
		{"always 0", func(s float64) (float64, bool) { return 0, true }, "integral", false},
	} {
		var ls []record.Line
		for s := -5.0; s <= 20; s += 0.5 {
			ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
				g.Fields[record.FieldPower] = 100
				delete(g.Fields, record.FieldEnergy)
				if x, ok := c.counter(s); ok {
					g.Fields[record.FieldEnergy] = x
				}
				g.Fields[record.FieldUtilization] = s // so that each page is new
			}))
		}
		ls = append(ls, sent{id: "a", start: 2, end: 14, phase: record.Profiling}.lines(t)...)
		e := attribute(t, sorted(ls), Options{}).total
		if e.Source != c.source || math.Abs(value(e.Energy)-1200) > 1e-6 || (e.Counter != nil) != c.counted || e.Verdict != record.Valid {
			t.Errorf("%s: %v J by %s, counter %v, %s %v", c.why, value(e.Energy), e.Source, e.Counter, e.Verdict, e.Reasons)
		}
	}
}
