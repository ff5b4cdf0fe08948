package join

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"aiperf/pkg/record"
)

// watched gives lines to an attribution one by one, and looks at it after each.
func watched(t testing.TB, ls []record.Line, opt Options, look func(*attribution)) *attribution {
	t.Helper()
	if err := opt.fill(); err != nil {
		t.Fatal(err)
	}
	a := newAttribution(opt)
	for _, l := range ls {
		if err := a.take(l); err != nil {
			t.Fatal(err)
		}
		a.advance()
		a.release(func(record.Line, error) bool { return true })
		look(a)
	}
	return a
}

// A month without a line is one slot, or a stream of two lines would make
// millions.
func TestSlotsOverAGap(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, -5, 20, 0.5, 100)
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	ls = append(ls, steady(t, 0, 30*86400, 30*86400+20, 0.5, 100)...)
	got := attribute(t, sorted(ls), Options{Resolution: 0.1})
	notes, covered, longest := 0, 0.0, 0.0
	for _, l := range got.lines {
		if l.Type != record.TypeNote {
			continue
		}
		var n record.Note
		if err := l.Decode(&n); err != nil {
			t.Fatal(err)
		}
		notes++
		covered += n.Regime.Seconds
		longest = max(longest, n.Regime.Seconds)
	}
	if notes > slotsAtOnce+1000 || math.Abs(covered-30*86400-18) > 2 || longest < 29*86400 {
		t.Errorf("%d notes of %v s together, the longest of %v s", notes, covered, longest)
	}
}

// A request that never ends holds only so many lines for its weight; those that
// follow are told their energy.
func TestEndlessRequest(t *testing.T) {
	t.Parallel()
	const most = 100_000
	for _, share := range []string{Token, Phase} {
		ls := steady(t, 0, -5, 600, 0.1, 100)
		ls = append(ls, sent{id: "endless", start: 10, end: 11, phase: record.Profiling}.lines(t)[0])
		for i := range 500 {
			s := float64(i) + 0.25
			pair := sent{id: fmt.Sprint(i), start: s, end: s + 0.5, phase: record.Profiling}.lines(t)
			var q record.Request
			if err := pair[1].Decode(&q); err != nil {
				t.Fatal(err)
			}
			q.Tokens = &record.Tokens{In: new(10), Out: new(10)}
			ls = append(ls, pair[0], line(t, &q))
		}
		opt := Options{Share: share, Prefill: 1, Decode: 1, Held: most}
		held, knots := 0, 0
		watched(t, sorted(ls), opt, func(a *attribution) {
			n := 0
			for _, h := range a.queue.list[a.queue.head:] {
				n += len(h.line.Raw) + perLine
			}
			held = max(held, n)
			if len(a.ledger.gpus) > 0 {
				knots = max(knots, len(a.ledger.gpus[0].curve[byPower].knots))
			}
		})
		if held > most+20_000 || knots > 500 {
			t.Errorf("%s: %d bytes of lines and %d readings were held", share, held, knots)
		}
		got := attribute(t, ls, opt)
		if s := got.shares["499"]; s == nil || s.Energy == nil || math.Abs(*s.Energy-50) > 1e-6 {
			t.Errorf("%s: the last request has %+v, want 50 J", share, s)
		}
		if !slices.Contains(got.notes, "endless") {
			t.Errorf("%s: notes %v", share, got.notes)
		}
	}
}

// While every request fails, the window of the successful ones may still begin
// with any of those in flight, but not with those that have ended.
func TestSnapshotsAreBounded(t *testing.T) {
	t.Parallel()
	ls := append(steady(t, 0, -5, 5, 0.5, 100), steady(t, 1, -5, 2000, 0.5, 100)...)
	for i := range 5000 {
		s := float64(i) / 3
		ls = append(ls, sent{id: fmt.Sprint(i), start: s, end: s + 1, phase: record.Profiling, failed: true}.lines(t)...)
	}
	most := 0
	watched(t, sorted(ls), Options{}, func(a *attribution) { most = max(most, len(a.ledger.open)) })
	if most > 100 {
		t.Errorf("%d snapshots were held for 3 requests in flight", most)
	}
}

// Before the first request the readings of many GPUs are not each kept as long as
// those of one.
func TestPreludeIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("too long for the race detector")
	}
	t.Parallel()
	var ls []record.Line
	for i := range 64 {
		ls = append(ls, steady(t, i, 0, 3000, 1, 100)...)
	}
	most := 0
	watched(t, sorted(ls), Options{}, func(a *attribution) {
		if a.early != 0 {
			return
		}
		n := 0
		for _, g := range a.ledger.gpus {
			n += len(g.curve[byPower].knots)
		}
		most = max(most, n)
	})
	a := watched(t, ls, Options{}, func(*attribution) {})
	n := 0
	for _, g := range a.ledger.gpus {
		n += len(g.curve[byPower].knots)
	}
	if limit := 8*prelude + 64*5; most > limit || n > limit {
		t.Errorf("%d and %d readings were held, want at most %d", most, n, limit)
	}
}

// A stream in which every request is of a phase of its own has only so many
// windows.
func TestPhasesAreBounded(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, -5, 600, 0.5, 100)
	ls = append(ls, sent{id: "first", start: 0, end: 590, phase: record.Profiling}.lines(t)...)
	for i := range 2000 {
		s := 1 + float64(i)/5
		ls = append(ls, sent{id: fmt.Sprint(i), start: s, end: s + 1, phase: fmt.Sprint("phase", i)}.lines(t)...)
	}
	got := attribute(t, sorted(ls), Options{})
	if n := len(got.lines) - len(ls); n != 2*mostPhases {
		t.Errorf("%d energy lines, want %d", n, 2*mostPhases)
	}
	if e := got.total; !slices.Contains(got.notes, "phases") || math.Abs(value(e.Requests)+value(e.Others)-59000) > 1e-3 {
		t.Errorf("notes %v, total %+v", got.notes, e)
	}
}

// A GPU that was given up comes back with readings that are older than what the
// ledger has come to. Nothing is extrapolated from them, and nothing is lost.
func TestComesBackLate(t *testing.T) {
	t.Parallel()
	for _, late := range [][][2]float64{ // taken, and in the stream
		{{12, 24}, {16, 26}},
		{{17, 22}}, // not so late that it is not waited for again
	} {
		ls := append(steady(t, 0, -5, 10, 0.5, 100), steady(t, 1, -5, 60, 0.5, 100)...)
		for _, s := range []float64{30, 30.5, 31, 31.5, 32, 33, 34, 35, 60} {
			late = append(late, [2]float64{s, s})
		}
		for _, x := range late {
			ls = append(ls, gpuLine(t, x[0], func(g *record.GPU) {
				g.Fields[record.FieldPower] = 100
				g.Fields[record.FieldEnergy] = 1000 + 100*x[0] + 200*max(0, x[0]-10)
				g.Time = at(x[1])
			}))
		}
		ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
		ls = append(ls, sent{id: "b", start: 19, end: 20, phase: record.Profiling}.lines(t)...)
		got := attribute(t, sorted(ls), Options{})
		for i, want := range []float64{3800, 1800} {
			e := got.gpus[i]
			if sum := value(e.Requests) + value(e.Others) + value(e.Idle); math.Abs(value(e.Energy)-want) > 1e-6 || math.Abs(sum-want) > 1e-6 {
				t.Errorf("%v: %s: %v J, of which %v, want %v", late[0], e.UUID, value(e.Energy), sum, want)
			}
		}
	}
}

// A machine that slept for an hour and is lost ten seconds later is not waited
// for by another three hours, be it that of a GPU or of a server.
func TestPauseIsNoPace(t *testing.T) {
	t.Parallel()
	server := func(s float64) record.Line {
		one := 1.0
		v := &record.Server{Source: "http://a:8000/metrics", Taken: at(s), Series: []record.Series{
			{Name: "vllm:num_requests_running", Type: record.Gauge, Value: &one}}}
		v.Time = at(s + 0.001)
		return line(t, v)
	}
	servers := append([]record.Line{}, server(-1), server(0), server(3600), server(3601), server(3602))
	for _, c := range []struct {
		why string
		ls  []record.Line
	}{
		{"GPU", append(steady(t, 0, -5, 0, 0.5, 100), steady(t, 0, 3600, 3602, 0.5, 100)...)},
		{"server", servers},
		{"server and GPU", append(steady(t, 0, -5, 0, 0.5, 100), servers...)},
	} {
		ls := append(c.ls, steady(t, 1, -5, 4000, 0.5, 100)...)
		for i := range 100 {
			s := 3590 + float64(i)
			ls = append(ls, sent{id: fmt.Sprint(i), start: s, end: s + 0.5, phase: record.Profiling}.lines(t)...)
		}
		held := record.Time(0)
		watched(t, sorted(ls), Options{}, func(a *attribution) {
			if q := a.queue.list[a.queue.head:]; len(q) > 0 {
				held = max(held, a.now-q[0].line.Time)
			}
		})
		if s := float64(held) / 1e9; s > 30 {
			t.Errorf("%s: lines were held for %v s", c.why, s)
		}
	}
}

// A refresh that has become slower is learnt.
func TestSlowerRefreshIsLearnt(t *testing.T) {
	t.Parallel()
	ls := append(steady(t, 0, -5, 20, 0.1, 100), steady(t, 0, 50, 2000, 30, 100)...)
	ls = append(ls, sent{id: "a", start: 1000, end: 1100, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	if s := got.shares["a"]; s == nil || s.Energy == nil || math.Abs(*s.Energy-10000) > 1e-6 {
		t.Errorf("%+v, want 10,000 J", s)
	}
}
