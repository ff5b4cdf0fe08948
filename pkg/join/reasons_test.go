package join

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// gpuLine is a reading of GPU-0 that a test changes.
func gpuLine(t testing.TB, s float64, change func(*record.GPU)) record.Line {
	t.Helper()
	i := 0
	g := &record.GPU{
		Source: "http://node1:9400/metrics", Host: "node1", GPU: &i, UUID: "GPU-0", Taken: at(s),
		Fields: map[string]float64{record.FieldEnergy: 1000 + 100*s, record.FieldPower: 100 + math.Mod(s, 1)},
	}
	g.Time = at(s + 0.001)
	change(g)
	return line(t, g)
}

func TestReasons(t *testing.T) {
	t.Parallel()
	within := func(x float64) *float64 { return &x }
	other := func(s float64) record.Line {
		return gpuLine(t, s, func(g *record.GPU) { *g.GPU = 1; g.UUID = "GPU-1" })
	}
	for _, c := range []struct {
		name   string
		make   func(s float64) []record.Line // of one tick
		opt    Options
		want   []string
		reason string
	}{
		{"none", func(s float64) []record.Line { return []record.Line{gpuLine(t, s, func(*record.GPU) {})} }, Options{}, nil, ""},
		{"skew", func(s float64) []record.Line {
			return []record.Line{gpuLine(t, s, func(g *record.GPU) { g.Within = within(0.15) })}
		}, Options{}, []string{Skew}, "150 ms is more than 100 ms"},
		{"skew allowed", func(s float64) []record.Line {
			return []record.Line{gpuLine(t, s, func(g *record.GPU) { g.Within = within(0.15) })}
		}, Options{MaxSkew: 0.2}, nil, "--max-skew 200ms"},
		{"skew inside", func(s float64) []record.Line {
			return []record.Line{gpuLine(t, s, func(g *record.GPU) {
				if s == 5 {
					g.Within = within(0.15)
				}
			})}
		}, Options{}, nil, "it moves no edge"},
		{"skew elsewhere", func(s float64) []record.Line {
			return []record.Line{gpuLine(t, s, func(g *record.GPU) {
				if s < 0 {
					g.Within = within(0.15)
				}
			})}
		}, Options{}, nil, "before the window"},
		{"stale", func(s float64) []record.Line {
			if math.Mod(s, 1) != 0 {
				return nil
			}
			return []record.Line{gpuLine(t, s, func(*record.GPU) {})}
		}, Options{}, []string{Stale}, "a refresh of 1 s in a window of 6 s"},
		{"mig", func(s float64) []record.Line {
			var ls []record.Line
			for _, id := range []string{"3", "5"} {
				ls = append(ls, gpuLine(t, s, func(g *record.GPU) { g.MIG = id }))
			}
			return ls
		}, Options{}, []string{MIG}, "only instances' rows, which repeat the whole GPU's power"},
		{"gpu-lost", func(s float64) []record.Line {
			if s > 5 {
				return []record.Line{other(s)}
			}
			return []record.Line{gpuLine(t, s, func(*record.GPU) {}), other(s)}
		}, Options{}, []string{NoBracket, GPULost}, "its neighbour is still there"},
		{"gpu-lost alone", func(s float64) []record.Line {
			if s > 5 {
				none := 0
				x := &record.Scrape{Source: "http://node1:9400/metrics", GPUs: &none}
				x.Time = at(s)
				return []record.Line{line(t, x)}
			}
			return []record.Line{gpuLine(t, s, func(*record.GPU) {})}
		}, Options{}, []string{NoBracket, GPULost}, "the page has no GPU any more"},
		{"scraper stopped", func(s float64) []record.Line {
			if s > 5 {
				return nil
			}
			return []record.Line{gpuLine(t, s, func(*record.GPU) {}), other(s)}
		}, Options{}, []string{NoBracket}, "nothing is known of either"},
		{"fallen off the bus", func(s float64) []record.Line {
			return []record.Line{gpuLine(t, s, func(g *record.GPU) {
				g.Fields[record.FieldXID] = 0
				if s > 5 {
					g.Fields[record.FieldXID] = 79
				}
			})}
		}, Options{}, []string{GPULost}, "XID 79"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var ls []record.Line
			for s := -3.0; s <= 20; s += 0.5 {
				ls = append(ls, c.make(s)...)
			}
			ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
			got := attribute(t, sorted(ls), c.opt)
			i := slices.IndexFunc(got.gpus, func(e record.Energy) bool { return e.UUID == "GPU-0" })
			e := got.gpus[i]
			if diff := cmp.Diff(c.want, append([]string(nil), e.Reasons...)); diff != "" {
				t.Errorf("%s: reasons (-want +got):\n%s", c.reason, diff)
			}
			if c.name == "mig" && math.Abs(value(e.Energy)-600) > 1e-6 {
				t.Errorf("%v J, want the GPU's 600 once", value(e.Energy))
			}
		})
	}
}

func TestXIDs(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	for s := 0.0; s < 20; s += 0.5 {
		ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
			g.Fields[record.FieldXID] = 13 // from before
			if s >= 5 {
				g.Fields[record.FieldXID] = 31
			}
			if s >= 6 {
				g.Fields[record.FieldXID] = 43
			}
		}))
	}
	for id, x := range map[string][2]float64{"before": {1, 4}, "one": {4, 5.2}, "both": {4, 7}, "after": {7, 8}} {
		ls = append(ls, sent{id: id, start: x[0], end: x[1], phase: record.Profiling}.lines(t)...)
	}
	got := attribute(t, sorted(ls), Options{})
	for id, want := range map[string][]int{"before": nil, "one": {31}, "both": {31, 43}, "after": nil} {
		if diff := cmp.Diff(want, got.shares[id].XID); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// A clock that drops under load is held down; one that rests is not.
func TestClockDrops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why         string
		clock, busy float64 // from 10 s on
		reasons     float64
		want        bool
	}{
		{"the clock stays", 1.98e9, 0.9, 0, false},
		{"a tenth less is allowed", 1.79e9, 0.9, 0, false},
		{"it drops under load", 1.5e9, 0.9, 0, true},
		{"it rests", 0.3e9, 0, 0, false},
		{"the driver says why: power cap", 1.98e9, 0.9, 4, true},
		{"the driver says why: idle", 0.3e9, 0, 1, false},
	} {
		var ls []record.Line
		for s := 0.0; s < 20; s += 0.5 {
			ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
				g.Fields[record.FieldSMClock], g.Fields[record.FieldUtilization] = 1.98e9, 0.9
				g.Fields[fieldReasons] = 0
				if s >= 10 {
					g.Fields[record.FieldSMClock], g.Fields[record.FieldUtilization] = c.clock, c.busy
					g.Fields[fieldReasons] = c.reasons
				}
			}))
		}
		ls = append(ls, sent{id: "before", start: 3, end: 5, phase: record.Profiling}.lines(t)...)
		ls = append(ls, sent{id: "during", start: 11, end: 12, phase: record.Profiling}.lines(t)...)
		got := attribute(t, sorted(ls), Options{})
		for id, want := range map[string]bool{"before": false, "during": c.want} {
			if s := got.shares[id]; s == nil || s.Throttled == nil || *s.Throttled != want {
				t.Errorf("%s: request %s has %+v, want throttled %v", c.why, id, s, want)
			}
		}
	}
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	one, three := 1, 3
	a := &reading{host: "node1", uuid: "GPU-aaaa-1", model: "NVIDIA H100 80GB HBM3", index: &one, source: "http://node1:9400/metrics", labels: []byte(`{"pod":"vllm-0","namespace":"ml","odd":"x[0]","path":"\\a\\b"}`)}
	b := &reading{host: "node2", uuid: "GPU-bbbb-2", model: "NVIDIA A100", index: &three, source: "http://node2:9400/metrics"}
	for _, c := range []struct {
		in     string
		a, b   bool
		broken string
	}{
		{in: "host=node1", a: true},
		{in: "host=node*", a: true, b: true},
		{in: "host=node1,node2", a: true, b: true},
		{in: "gpu=0-2", a: true},
		{in: "gpu=0,3", b: true},
		{in: "gpu=1-3", a: true, b: true},
		{in: "host=node1,gpu=3"},
		{in: "host=node2, gpu=3", b: true},
		{in: "uuid=GPU-aaaa", a: true},
		{in: "uuid=*-2", b: true},
		{in: "model=*H100*", a: true},
		{in: "pod=vllm-?", a: true},
		{in: "pod=vllm-0,namespace=prod"},
		{in: "source=node2:9400", b: true},
		{in: "source=http://node2:*", b: true},
		{in: "", broken: `"" has no KEY=VALUE, such as host=node1 or gpu=0-3`},
		{in: "node1", broken: `"node1" has no KEY=VALUE, such as host=node1 or gpu=0-3`},
		{in: "=x", broken: `"=x" has no key before the =`},
		{in: "host=", broken: `host has no value`},
		{in: "host=a,,b", broken: `host has no value`},
		{in: "gpu=3-1", broken: `gpu: "3-1" is neither an index nor a range such as 0-3`},
		{in: "gpu=x", broken: `gpu: "x" is neither an index nor a range such as 0-3`},
		{in: "pod=["},
		{in: "pod=vllm[0]"},
		{in: "odd=x[*]", a: true},
		{in: `odd=x[0]`, a: true},
		{in: `path=\a\?`, a: true},
	} {
		s, err := ParseSelector(c.in)
		if got := fmt.Sprint(err); c.broken != "" && got != c.broken || c.broken == "" && err != nil {
			t.Errorf("%q: %v, want %q", c.in, err, c.broken)
		}
		if err == nil && (s.match(a) != c.a || s.match(b) != c.b) {
			t.Errorf("%q chooses %v and %v, want %v and %v", c.in, s.match(a), s.match(b), c.a, c.b)
		}
	}
}

func FuzzParseSelector(f *testing.F) {
	for _, s := range []string{"host=node1,gpu=0-3", "gpu=0,3,5-7", "uuid=GPU-*", "=", ",", "a=[b"} {
		f.Add(s)
	}
	zero := 0
	r := &reading{host: "h", index: &zero, labels: []byte(`{"a":"b"}`)}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseSelector(in)
		if err != nil {
			return
		}
		s.match(r)
		if s.String() != in {
			t.Errorf("%q became %q", in, s)
		}
	})
}

func TestGPUsAreChosen(t *testing.T) {
	t.Parallel()
	parse := func(s string) Selector {
		x, err := ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	ls := append(steady(t, 0, 0, 20, 0.5, 300), steady(t, 1, 0, 20, 0.5, 100)...)
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	sorted(ls)
	for _, c := range []struct {
		selectors []Selector
		joules    float64
		notes     []string
	}{
		{nil, 2400, nil},
		{[]Selector{parse("gpu=1")}, 600, nil},
		{[]Selector{parse("gpu=1"), parse("uuid=GPU-0")}, 2400, nil},
		{[]Selector{parse("gpu=1"), parse("host=nowhere")}, 600, []string{"unmatched"}},
		{[]Selector{parse("host=nowhere")}, 0, []string{"unmatched", "no-gpu"}},
	} {
		got := attribute(t, ls, Options{GPUs: c.selectors})
		joules := 0.0
		if got.total != nil {
			joules = value(got.total.Energy)
		}
		if math.Abs(joules-c.joules) > 1e-6 {
			t.Errorf("%v: %v J, want %v", c.selectors, joules, c.joules)
		}
		if diff := cmp.Diff(c.notes, got.notes); diff != "" {
			t.Errorf("%v: notes (-want +got):\n%s", c.selectors, diff)
		}
	}
}

// In whatever order the streams are given, and however they were merged
// before, the result is the same.
func TestOrderOfInputs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 8))
		m := makeRun(t, r)
		parts := make([][]record.Line, 4)
		for _, l := range m.lines {
			i := r.IntN(len(parts))
			parts[i] = append(parts[i], l)
		}
		for _, share := range Shares {
			opt := Options{Share: share, Prefill: 2, Decode: 1}
			var want string
			for i, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}, {2, 3, 1, 0}} {
				var ins []iter.Seq2[record.Line, error]
				for _, j := range order {
					ins = append(ins, seq(parts[j]))
				}
				if i == 2 { // two of them merged before
					ins = append(ins[2:], Merge(ins[0], ins[1]))
				}
				var ls []record.Line
				for l, err := range Attribute(Merge(ins...), opt) {
					if err != nil {
						t.Fatal(err)
					}
					ls = append(ls, l)
				}
				if got := text(ls); i == 0 {
					want = got
				} else if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %s, order %v (-want +got):\n%s", seed, share, order, diff)
				}
			}
		}
	}
}

// A run cut in two where nothing was in flight adds up to the whole.
func TestCutInTwo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		m := makeRun(t, r)
		gpu := slices.DeleteFunc(slices.Clone(m.lines), func(l record.Line) bool { return l.Type != record.TypeGPU })
		var halves [2][]record.Line
		var edge [2]float64 // where the first ends and the second begins
		edge[1] = math.Inf(1)
		for i := range 40 {
			half := i % 2
			q := makeAsked(r, i)
			q.failed = false
			shift := 2 + 4*r.Float64() + 9*float64(half) - q.start
			life := min(q.end-q.start, 3)
			q.start, q.end, q.gaps, q.ttft = micro(q.start+shift), micro(q.start+shift+life), nil, nil
			halves[half] = append(halves[half], q.lines(t)...)
			if half == 0 {
				edge[0] = max(edge[0], q.end)
			} else {
				edge[1] = min(edge[1], q.start)
			}
		}
		between := 0.0
		for g := range m.times {
			between += m.energy(g, edge[1]) - m.energy(g, edge[0])
		}
		for _, share := range Shares {
			opt := Options{Share: share, Prefill: 2, Decode: 1}
			run := func(loads ...[]record.Line) result {
				return attribute(t, sorted(append(slices.Concat(loads...), gpu...)), opt)
			}
			a, b, whole := run(halves[0]), run(halves[1]), run(halves[0], halves[1])
			near := func(what string, got, want float64) {
				if math.Abs(got-want) > 1e-6+1e-9*math.Abs(want) {
					t.Errorf("seed %d, %s: %s is %v J, its parts are %v", seed, share, what, got, want)
				}
			}
			near("energy", value(whole.total.Energy), value(a.total.Energy)+value(b.total.Energy)+between)
			near("requests", value(whole.total.Requests), value(a.total.Requests)+value(b.total.Requests))
			near("idle", value(whole.total.Idle), value(a.total.Idle)+value(b.total.Idle)+between)
			for id, s := range whole.shares {
				part := a.shares[id]
				if part == nil {
					part = b.shares[id]
				}
				near("request "+id, value(s.Energy), value(part.Energy))
			}
		}
	}
}

// Streams without begin records are read twice instead of being held.
func TestFindBegins(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		m := makeRun(t, rand.New(rand.NewPCG(seed, 1)))
		for _, share := range Shares {
			opt := Options{Share: share, Prefill: 2, Decode: 1}
			want := attribute(t, m.lines, opt)
			r := rand.New(rand.NewPCG(seed, 5))
			rest := slices.DeleteFunc(slices.Clone(m.lines), func(l record.Line) bool { return l.Type == record.TypeBegin && r.IntN(2) == 0 })
			opt.Begins = FindBegins(seq(rest))
			got := attribute(t, rest, opt)
			if slices.Contains(got.notes, "no-begin") {
				t.Errorf("seed %d: notes %v", seed, got.notes)
			}
			for id, s := range want.shares {
				if math.Abs(value(s.Energy)-value(got.shares[id].Energy)) > 1e-6 {
					t.Errorf("seed %d, %s: request %s was charged %v J, with begins %v", seed, share, id, value(got.shares[id].Energy), value(s.Energy))
				}
			}
		}
	}
}

// Requests and readings that have no time in common are told to be apart.
func TestNoOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start float64
		want  []string
	}{{5, nil}, {100, []string{"no-overlap"}}, {-100, []string{"no-overlap"}}} {
		ls := steady(t, 0, 0, 20, 0.5, 300)
		ls = append(ls, sent{id: "a", start: c.start, end: c.start + 3, phase: record.Profiling}.lines(t)...)
		if diff := cmp.Diff(c.want, attribute(t, sorted(ls), Options{}).notes); diff != "" {
			t.Errorf("a request at %v s: notes (-want +got):\n%s", c.start, diff)
		}
	}
}

// Of requests that began before a stream was cut nothing is told, and they are
// others to those that began in it.
func TestFrom(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, 0, 30, 0.5, 100)
	ls = append(ls, sent{id: "before", start: 3, end: 12, phase: record.Profiling}.lines(t)...)
	ls = append(ls, sent{id: "in", start: 10, end: 14, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{From: at(5)})
	if s := got.shares["before"]; s == nil || s.Energy != nil || value(s.Power) != 100 {
		t.Errorf("the one from before has %+v", s)
	}
	if s := got.shares["in"]; s == nil || math.Abs(value(s.Energy)-300) > 1e-6 {
		t.Errorf("the other has %+v, want 300 J", s)
	}
	e := got.total
	if have := fmt.Sprintf("%.6g %.6g %.6g", value(e.Energy), value(e.Requests), value(e.Others)); have != "400 300 100" || e.From != at(10) {
		t.Errorf("energy, requests and others are %s from %v, want 400 300 100 from %v", have, e.From, at(10))
	}
}
