package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// naive charges slice by slice.
func naive(m made) (share map[string]float64, window [2]float64, requests, others, idle float64) {
	var cuts []float64
	window = [2]float64{math.Inf(1), math.Inf(-1)}
	measured := func(s sent) bool { return s.phase == record.Profiling && !s.failed }
	some := slices.ContainsFunc(m.sent, measured)
	for _, s := range m.sent {
		cuts = append(cuts, s.start, s.end)
		if measured(s) || !some && s.phase == record.Profiling {
			window[0], window[1] = min(window[0], s.start), max(window[1], s.end)
		}
	}
	cuts = append(cuts, window[:]...)
	slices.Sort(cuts)
	share = map[string]float64{}
	for i := 1; i < len(cuts); i++ {
		from, to := cuts[i-1], cuts[i]
		e := 0.0
		for g := range m.times {
			e += m.energy(g, to) - m.energy(g, from)
		}
		var in []sent
		for _, s := range m.sent {
			if s.start <= from && s.end >= to && to > from {
				in = append(in, s)
			}
		}
		inside := from >= window[0] && to <= window[1]
		for _, s := range in {
			share[s.id] += e / float64(len(in))
			switch {
			case !inside:
			case measured(s) || !some && s.phase == record.Profiling:
				requests += e / float64(len(in))
			default:
				others += e / float64(len(in))
			}
		}
		if len(in) == 0 && inside {
			idle += e
		}
	}
	return share, window, requests, others, idle
}

func value(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

func TestSharesEqualBruteForce(t *testing.T) {
	t.Parallel()
	close := func(a, b float64) bool { return math.Abs(a-b) <= 1e-5+1e-9*math.Abs(b) }
	for seed := range uint64(120) {
		m := makeRun(t, rand.New(rand.NewPCG(seed, 1)))
		got := attribute(t, m.lines, Options{})
		share, window, requests, others, idle := naive(m)
		if math.IsInf(window[0], 0) {
			if got.total != nil {
				t.Errorf("seed %d: a window without profiling requests", seed)
			}
			continue
		}
		sum := 0.0
		for _, s := range m.sent {
			g := got.shares[s.id]
			if g == nil || g.Energy == nil {
				t.Fatalf("seed %d: request %+v has no energy; notes %v", seed, s, got.notes)
			}
			if !close(*g.Energy, share[s.id]) {
				t.Errorf("seed %d: request %+v was charged %v J, want %v", seed, s, *g.Energy, share[s.id])
			}
			if s.phase == record.Profiling && !s.failed {
				sum += *g.Energy
			}
		}
		e := got.total
		total := 0.0
		for g := range m.times {
			total += m.energy(g, window[1]) - m.energy(g, window[0])
		}
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"energy", value(e.Energy), total},
			{"requests", value(e.Requests), requests},
			{"others", value(e.Others), others},
			{"idle", value(e.Idle), idle},
			{"requests + others + idle", value(e.Requests) + value(e.Others) + value(e.Idle), value(e.Energy)},
		} {
			if !close(c.got, c.want) {
				t.Errorf("seed %d: %s is %v J, want %v", seed, c.name, c.got, c.want)
			}
		}
		if slices.ContainsFunc(m.sent, func(s sent) bool { return s.phase == record.Profiling && !s.failed }) && !close(sum, *e.Requests) {
			t.Errorf("seed %d: the requests' shares add up to %v J, the energy line says %v", seed, sum, *e.Requests)
		}
		if slices.ContainsFunc(e.Reasons, func(r string) bool { return r != Stale }) {
			t.Errorf("seed %d: verdict %v", seed, e.Reasons)
		}
		if e.From != at(window[0]) || e.To != at(window[1]) {
			t.Errorf("seed %d: window %v to %v, want %v to %v", seed, e.From, e.To, at(window[0]), at(window[1]))
		}
	}
}

// Lines without begin records must be charged the same.
func TestWithoutBegins(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		m := makeRun(t, rand.New(rand.NewPCG(seed, 1)))
		want := attribute(t, m.lines, Options{})
		rest := slices.DeleteFunc(slices.Clone(m.lines), func(l record.Line) bool { return l.Type == record.TypeBegin })
		got := attribute(t, rest, Options{})
		if !slices.Contains(got.notes, "no-begin") {
			t.Errorf("seed %d: notes %v, want no-begin", seed, got.notes)
		}
		near := cmpopts.EquateApprox(1e-9, 1e-6)
		if diff := cmp.Diff(want.shares, got.shares, near); diff != "" {
			t.Fatalf("seed %d: shares (-with begins +without):\n%s", seed, diff)
		}
		if diff := cmp.Diff(want.total, got.total, near, cmpopts.IgnoreFields(record.Energy{}, "Header")); diff != "" {
			t.Fatalf("seed %d: total (-with begins +without):\n%s", seed, diff)
		}
	}
}

func TestTwiceIsOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		m := makeRun(t, rand.New(rand.NewPCG(seed, 2)))
		once := attribute(t, m.lines, Options{})
		twice := attribute(t, once.lines, Options{})
		if diff := cmp.Diff(text(once.lines), text(twice.lines)); diff != "" {
			t.Fatalf("seed %d (-once +twice):\n%s", seed, diff)
		}
	}
}

// Merged again with a selector that chooses no GPU, a stream does not keep what
// was charged before.
func TestNoneIsChosenAnyMore(t *testing.T) {
	t.Parallel()
	m := makeRun(t, rand.New(rand.NewPCG(3, 2)))
	once := attribute(t, m.lines, Options{})
	sel, err := ParseSelector("host=elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	again := attribute(t, once.lines, Options{GPUs: []Selector{sel}})
	if diff := cmp.Diff(text(m.lines), text(again.lines)); diff != "" {
		t.Errorf("(-before +again):\n%s", diff)
	}
}

func TestOtherLinesStay(t *testing.T) {
	t.Parallel()
	m := makeRun(t, rand.New(rand.NewPCG(7, 7)))
	odd := record.Line{Header: record.Header{Time: at(5), Type: "weather"}, Raw: []byte(`{ "time" :"x", "type":"weather","n":1.50 }`)}
	in := sorted(append(m.lines, odd))
	got := attribute(t, in, Options{})
	for i, l := range in {
		have := string(got.lines[i].Raw)
		if l.Type == record.TypeRequest {
			have = have[:strings.LastIndex(have, `,"gpu":{`)] + "}"
		}
		if have != string(l.Raw) {
			t.Fatalf("line %d is\n%s, was\n%s", i, have, l.Raw)
		}
	}
	if n := len(got.lines) - len(in); n != 2*(len(m.times)+1) {
		t.Errorf("%d energy lines, want %d for each of two phases", n, len(m.times)+1)
	}
}

// With constant power a request is charged by time exactly: alone at first,
// then half, then alone again.
func TestConstantPower(t *testing.T) {
	t.Parallel()
	for _, refresh := range []float64{0.033, 0.333, 1, 30} {
		ls := steady(t, 0, -60, 120, refresh, 300)
		ls = append(ls, steady(t, 1, -60, 120, refresh, 100)...)
		ls = append(ls, sent{id: "a", start: 1, end: 5, phase: record.Profiling}.lines(t)...)
		ls = append(ls, sent{id: "b", start: 3, end: 9, phase: record.Profiling}.lines(t)...)
		ls = append(ls, sent{id: "c", start: 11, end: 12, phase: record.Profiling}.lines(t)...)
		got := attribute(t, sorted(ls), Options{MaxGap: 60})
		want := map[string]float64{"a": 400 * 3, "b": 400 * 5, "c": 400}
		for id, joules := range want {
			s := got.shares[id]
			if s == nil || s.Energy == nil || math.Abs(*s.Energy-joules) > 1e-5 {
				t.Fatalf("refresh %v: request %s has %+v, want %v J", refresh, id, s, joules)
			}
			half := 0.5
			power, clock, down := 200.0, 1.98e9, false
			rest := record.Share{Energy: s.Energy, Share: Equal, GPUs: 2, Power: &power, Utilization: &half, SMClock: &clock, Throttled: &down}
			if diff := cmp.Diff(rest, *s); diff != "" {
				t.Errorf("refresh %v: request %s (-want +got):\n%s", refresh, id, diff)
			}
		}
		e := got.total
		sum := []float64{value(e.Energy), value(e.Counter), value(e.Integral), value(e.Requests), value(e.Idle), value(e.Others)}
		if diff := cmp.Diff([]float64{4400, 4400, 4400, 3600, 800, 0}, sum, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("refresh %v (-want +got):\n%s", refresh, diff)
		}
		if e.GPUs != 2 || e.Source != "counter" {
			t.Errorf("refresh %v: %+v", refresh, e)
		}
	}
}

// What is held is about one refresh, whatever the length of the run.
func TestHoldsOneRefresh(t *testing.T) {
	t.Parallel()
	for _, refresh := range []float64{0.033, 1, 30} {
		var ls []record.Line
		ls = append(ls, steady(t, 0, -60, 600, refresh, 300)...)
		for i := range 2000 {
			s := float64(i) * 0.1
			ls = append(ls, sent{id: fmt.Sprint(i), start: s, end: s + 0.25, phase: record.Profiling}.lines(t)...)
		}
		sorted(ls)
		opt := Options{}
		if err := opt.fill(); err != nil {
			t.Fatal(err)
		}
		a := newAttribution(opt)
		most, knots := 0, 0
		for _, l := range ls {
			if err := a.take(l); err != nil {
				t.Fatal(err)
			}
			a.advance()
			a.release(func(record.Line, error) bool { return true })
			if a.requests > 0 {
				most = max(most, len(a.queue.list)-a.queue.head)
				knots = max(knots, len(a.ledger.gpus[0].curve[byPower].knots))
			}
		}
		rate := 20 + 1/refresh // lines per second
		if limit := int(rate * (refresh + minSlack + 1.5)); most > limit {
			t.Errorf("refresh %v: %d lines were held, want at most %d", refresh, most, limit)
		}
		if limit := int((minSlack+1.5)/refresh) + 4; knots > limit {
			t.Errorf("refresh %v: %d readings were held, want at most %d", refresh, knots, limit)
		}
	}
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	for n := range 100 {
		s := float64(n) * 0.2
		ls = append(ls, read(t, 0, s, map[string]float64{
			record.FieldPower: 300 + float64(n%2), record.FieldPowerViol: 5 + max(0, s-10), record.FieldThermalViol: 1,
		}))
	}
	ls = append(ls, sent{id: "before", start: 3, end: 5, phase: record.Profiling}.lines(t)...)
	ls = append(ls, sent{id: "during", start: 9, end: 12, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	for id, want := range map[string]bool{"before": false, "during": true} {
		if s := got.shares[id]; s == nil || s.Throttled == nil || *s.Throttled != want {
			t.Errorf("request %s: %+v, want throttled %v", id, s, want)
		}
	}
	if got.total.Source != "integral" || got.total.Counter != nil {
		t.Errorf("without a counter: %+v", got.total)
	}
}

// A request whose line comes long after its end cannot be charged right any
// more: others were charged without knowing. It is told nothing, what it took
// stays in the sums, and the next ones are waited for.
func TestLate(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, 0, 40, 0.5, 100)
	for i := range 2 {
		s := sent{id: fmt.Sprint(i), start: 2 + 10*float64(i), end: 6 + 10*float64(i), phase: record.Profiling}.lines(t)
		var q record.Request
		if err := s[1].Decode(&q); err != nil {
			t.Fatal(err)
		}
		q.Time = q.Time.Add(3)
		ls = append(ls, s[0], line(t, &q))
	}
	got := attribute(t, sorted(ls), Options{})
	if s := got.shares["0"]; s != nil && s.Energy != nil {
		t.Errorf("the late request was told %v J", *s.Energy)
	}
	if s := got.shares["1"]; s == nil || s.Energy == nil || math.Abs(*s.Energy-400) > 1e-6 {
		t.Errorf("the next one has %+v, want 400 J", s)
	}
	if diff := cmp.Diff([]string{"late"}, got.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestConservationIsChecked(t *testing.T) {
	t.Parallel()
	w := window{from: snapshot{marks: []mark{{}}}, to: snapshot{marks: []mark{{main: 100, charged: 80, idle: 20}}}}
	if err := w.conserved(0); err != nil {
		t.Error(err)
	}
	w.to.marks[0].idle += 1e-6
	if err := w.conserved(0); err == nil {
		t.Error("a millionth of a joule was made out of nothing, and nobody noticed")
	}
}
