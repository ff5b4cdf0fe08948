package join

import (
	"maps"
	"math"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// A run in which the GPU rests until 5 s, decodes until 15 s, and is hot and
// throttled until 20 s, while requests queue from 10 s on.
func varied(t testing.TB) []record.Line {
	var ls []record.Line
	for s := -1.0; s <= 25; s += 0.25 {
		ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
			f := map[string]float64{record.FieldSMUtilization: 0, fieldDRAM: 0, record.FieldPowerViol: max(0, min(s, 20)-15)}
			if s >= 5 && s < 20 {
				f[record.FieldSMUtilization], f[fieldDRAM] = 0.4, 0.8
			}
			maps.Copy(g.Fields, f)
		}))
		waiting := 0.0
		if s >= 10 && s < 15 {
			waiting = 4
		}
		running, kv := 2.0, 0.5
		v := &record.Server{Source: "http://127.0.0.1:8000/metrics", Server: "vllm", Taken: at(s), Series: []record.Series{
			{Name: "vllm:num_requests_running", Type: record.Gauge, Value: &running},
			{Name: "vllm:num_requests_waiting", Type: record.Gauge, Value: &waiting},
			{Name: "vllm:kv_cache_usage_perc", Type: record.Gauge, Value: &kv},
		}}
		v.Time = at(s + 0.001)
		ls = append(ls, line(t, v))
	}
	for _, q := range []sent{
		{id: "a", start: 0, end: 0.1, phase: record.Profiling},
		{id: "b", start: 5, end: 9, phase: record.Profiling},
		{id: "c", start: 9, end: 20, phase: record.Profiling},
	} {
		pair := q.lines(t)
		var r record.Request
		if err := pair[1].Decode(&r); err != nil {
			t.Fatal(err)
		}
		r.URL = "http://localhost:8000/v1/chat/completions"
		ls = append(ls, pair[0], line(t, &r))
	}
	return sorted(ls)
}

func TestRegimesOfARun(t *testing.T) {
	t.Parallel()
	opt := Options{Resolution: 5}
	got := attribute(t, varied(t), opt)
	var names []string
	for _, l := range got.lines {
		var n record.Note
		if l.Type != record.TypeNote {
			continue
		}
		if err := l.Decode(&n); err != nil || n.Regime == nil || n.Code != RegimeNote || n.Message == "" {
			t.Fatalf("%s: %v", l.Raw, err)
		}
		names = append(names, n.Regime.Name)
		if want := at(5 * float64(len(names)-1)); n.Regime.From != want {
			t.Errorf("slot %d begins at %v, want %v", len(names), n.Regime.From, want)
		}
	}
	if diff := cmp.Diff([]string{record.RegimeIdle, record.RegimeMemoryBound, record.RegimeQueueBound, record.RegimeThrottled}, names[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r := got.total.Regime
	if r == nil || r.Name != record.RegimeThrottled || r.Thresholds != DefaultThresholds.String() || math.Abs(*r.PowerViolation-0.25) > 0.01 || r.InFlight == nil {
		t.Errorf("the phase: %+v", r)
	}
	if !slices.IsSortedFunc(got.lines, func(a, b record.Line) int { return int(a.Time - b.Time) }) {
		t.Error("the stream is not sorted any more")
	}
	if diff := cmp.Diff(text(got.lines), text(attribute(t, got.lines, opt).lines)); diff != "" {
		t.Errorf("once and twice:\n%s", diff)
	}
	soft := DefaultThresholds
	soft.Throttled, soft.Waiting = 0.9, 100
	if r := attribute(t, varied(t), Options{Thresholds: &soft}).total.Regime; r == nil || r.Name != record.RegimeMemoryBound {
		t.Errorf("with other thresholds: %+v", r)
	}
}

func TestServerOnRequests(t *testing.T) {
	t.Parallel()
	all := varied(t)
	for _, c := range []struct {
		why string
		in  []record.Line
	}{
		{"with GPUs", all},
		{"without", slices.DeleteFunc(slices.Clone(all), func(l record.Line) bool { return l.Type == record.TypeGPU })},
	} {
		got := map[string]*record.ServerState{}
		for l, err := range Attribute(seq(c.in), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			var r record.Request
			if l.Type != record.TypeRequest {
				continue
			}
			if err := l.Decode(&r); err != nil {
				t.Fatal(err)
			}
			got[r.ID] = r.Server
		}
		two, half, zero, mean := 2.0, 0.5, 0.0, 1.818
		want := map[string]*record.ServerState{
			"a": {Sources: 1, Running: &two, RunningStart: &two, Waiting: &zero, WaitingStart: &zero, KVCache: &half, KVCacheStart: &half},
			"b": {Sources: 1, Running: &two, RunningStart: &two, Waiting: &zero, WaitingStart: &zero, KVCache: &half, KVCacheStart: &half},
			"c": {Sources: 1, Running: &two, RunningStart: &two, Waiting: &mean, WaitingStart: &zero, KVCache: &half, KVCacheStart: &half},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}
