package join

import (
	"math"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
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
