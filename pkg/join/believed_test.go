package join

import (
	"errors"
	"math"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A GPU that falls off the bus may be shown once more, with a counter that
// stands still.
func TestXIDWithoutEnergy(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	for s := -3.0; s <= 5.5; s += 0.5 {
		ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
			g.Fields[record.FieldXID] = 0
			if s > 5 {
				g.Fields[record.FieldXID] = 79
				g.Fields[record.FieldEnergy] = 1500
			}
		}))
	}
	for s := 6.0; s < 20; s++ {
		x := &record.Scrape{Source: "http://node1:9400/metrics", Error: "refused"}
		x.Time = at(s)
		ls = append(ls, line(t, x))
	}
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	if s := got.shares["a"]; s == nil || !slices.Contains(s.XID, 79) {
		t.Errorf("the request has %+v, want XID 79", s)
	}
	if diff := cmp.Diff([]string{NoBracket, GPULost}, got.total.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// A GPU that was turned down by one source is chosen by another.
func TestChosenBySecondSource(t *testing.T) {
	t.Parallel()
	var ls []record.Line
	for s := -3.0; s <= 20; s += 0.5 {
		for _, source := range []string{"http://a:9400/metrics", "http://b:9400/metrics"} {
			ls = append(ls, gpuLine(t, s, func(g *record.GPU) { g.Source = source }))
		}
	}
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	sel, err := ParseSelector("source=b:9400")
	if err != nil {
		t.Fatal(err)
	}
	got := attribute(t, sorted(ls), Options{GPUs: []Selector{sel}})
	if got.total == nil || math.Abs(value(got.total.Energy)-600) > 1e-6 {
		t.Errorf("total %+v, want 600 J", got.total)
	}
}

// The total names the convention though its first GPU was never seen in the
// window.
func TestTotalOfSome(t *testing.T) {
	t.Parallel()
	ls := append(steady(t, 0, -10, -5, 0.5, 100), steady(t, 1, -10, 20, 0.5, 100)...)
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	if e := got.total; e.Share != Equal || math.Abs(value(e.Energy)-600) > 1e-6 {
		t.Errorf("share %q of %v J, want equal of 600", e.Share, value(e.Energy))
	}
}

// What cannot be is told, passed on, and changes nothing.
func TestNotBelieved(t *testing.T) {
	t.Parallel()
	took := func(x float64) func(*record.Request) {
		return func(q *record.Request) { q.Took = &x }
	}
	for _, c := range []struct {
		why     string
		reading func(*record.GPU) // of one reading inside the window
		request func(*record.Request)
		want    float64 // J of the window
	}{
		{"a power of 1e308 W", func(g *record.GPU) { g.Fields[record.FieldPower] = 1e308 }, nil, 1200},
		{"a counter of 1e308 J", func(g *record.GPU) { g.Fields[record.FieldEnergy] = 1e308 }, nil, 1200},
		{"a negative power of 1e300 W", func(g *record.GPU) { g.Fields[record.FieldPower] = -1e300 }, nil, 1200},
		{"a reading of three years later", func(g *record.GPU) { g.Taken = at(1e8) }, nil, 1200},
		{"a request that ends eleven days after its line", nil, took(1e6), 1200},
		{"a request that takes 1e300 s", nil, took(1e300), 1200},
		{"a request that takes -1e300 s", nil, took(-1e300), 1200},
		{"a request that starts behind its line", nil, func(q *record.Request) { q.Start = at(100) }, 1200},
	} {
		for _, share := range Shares {
			t.Run(c.why+"/"+share, func(t *testing.T) {
				t.Parallel()
				var ls []record.Line
				for s := -3.0; s <= 30; s += 0.5 {
					ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
						if s == 8 && c.reading != nil {
							c.reading(g)
						}
					}))
				}
				for i, id := range []string{"a", "odd", "b", "c"} {
					s := sent{id: id, start: 2 + 3*float64(i), end: 5 + 3*float64(i), phase: record.Profiling}.lines(t)
					if id == "odd" && c.request != nil {
						var q record.Request
						if err := s[1].Decode(&q); err != nil {
							t.Fatal(err)
						}
						c.request(&q)
						s[1] = line(t, &q)
					}
					ls = append(ls, s...)
				}
				sorted(ls)
				var lines []record.Line
				told := 0
				for l, err := range Attribute(seq(ls), Options{Share: share, Prefill: 1, Decode: 1}) {
					var bad *record.LineError
					switch {
					case err == nil:
						lines = append(lines, l)
					case errors.As(err, &bad):
						told++
					default:
						t.Fatal(err)
					}
				}
				if told != 1 || len(lines) != len(ls)+2 {
					t.Errorf("%d errors, %d lines of %d, want 1 error and 2 lines more", told, len(lines), len(ls))
				}
				var e record.Energy
				if err := lines[len(lines)-1].Decode(&e); err != nil {
					t.Fatal(err)
				}
				if math.Abs(value(e.Energy)-c.want) > 1e-6 || math.Abs(value(e.Integral)-c.want) > 50 {
					t.Errorf("%v J by counter, %v J by power, want %v", value(e.Energy), value(e.Integral), c.want)
				}
				if e.To != at(14) {
					t.Errorf("the window ends at %v, want %v", e.To, at(14))
				}
				if e.Lag == nil && math.Abs(value(e.Requests)+value(e.Others)+value(e.Idle)-c.want) > 1e-6 {
					t.Errorf("%v + %v + %v J, want %v", value(e.Requests), value(e.Others), value(e.Idle), c.want)
				}
			})
		}
	}
}

// Two shards may number their requests alike, and not say which run they are of.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, -5, 30, 0.5, 100)
	for i, end := range []float64{4, 8, 12} {
		ls = append(ls, sent{id: "7", start: 1 + float64(i), end: end, phase: record.Profiling}.lines(t)...)
	}
	ls = append(ls, sent{id: "alone", start: 15, end: 16, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{})
	var joules []float64
	for _, l := range got.lines {
		if l.Type == record.TypeRequest {
			var q record.Request
			if err := l.Decode(&q); err != nil {
				t.Fatal(err)
			}
			joules = append(joules, value(q.GPU.Energy))
		}
	}
	third := 100.0 / 3
	want := []float64{100 + 50 + third, 50 + third + 4*50, third + 4*50 + 400, 100}
	if diff := cmp.Diff(want, joules, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Instants from which a lag of more than the greatest gap was taken are late,
// which makes nobody lost.
func TestAlignedByMoreThanMaxGap(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, -10, 40, 0.1, 100)
	ls = append(ls, sent{id: "a", start: 2, end: 8, phase: record.Profiling}.lines(t)...)
	ls = append(ls, sent{id: "b", start: 9, end: 12, phase: record.Profiling}.lines(t)...)
	got := attribute(t, sorted(ls), Options{Lag: map[string]float64{"http://node1:9400/metrics": 4.5}})
	for id, want := range map[string]float64{"a": 600, "b": 300} {
		if s := got.shares[id]; s == nil || s.Energy == nil || math.Abs(*s.Energy-want) > 1e-6 {
			t.Errorf("request %s has %+v, want %v J", id, s, want)
		}
	}
	if e := got.total; e.Others != nil || math.Abs(value(e.Idle)-100) > 1e-6 {
		t.Errorf("others %v, idle %v J, want none and 100", value(e.Others), value(e.Idle))
	}
}
