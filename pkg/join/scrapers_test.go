package join

import (
	"fmt"
	"math"
	"testing"

	"aiperf/pkg/record"
)

// Two scrapers that ask one exporter, and whose clocks differ, see its pages in
// an order of their own: one shows a page that the other has seen go. That is
// no reset.
func TestTwoScrapersOfOneExporter(t *testing.T) {
	t.Parallel()
	for _, skew := range []float64{0, 0.005, 0.06, 0.4, -0.4} {
		var ls []record.Line
		for scraper := range 2 {
			for n := range 300 {
				s := -5 + 0.1*float64(n) + 0.037*float64(scraper)
				page := math.Floor(s/0.099) * 0.099
				ls = append(ls, gpuLine(t, s+skew*float64(scraper), func(g *record.GPU) {
					g.Fields[record.FieldPower] = 100 + math.Mod(page, 1)
					g.Fields[record.FieldEnergy] = 1e5 + 100*page
				}))
			}
		}
		ls = append(ls, sent{id: "a", start: 2, end: 14, phase: record.Profiling}.lines(t)...)
		e := attribute(t, sorted(ls), Options{}).total
		if math.Abs(value(e.Energy)-1200) > 20 || e.Verdict != record.Valid {
			t.Errorf("skew %v: %v J of 1200, %s %v", skew, value(e.Energy), e.Verdict, e.Reasons)
		}
	}
}

// A counter that starts anew soon after it began is one that was reset.
func TestResetOfAYoungCounter(t *testing.T) {
	t.Parallel()
	for _, after := range []float64{3, 5} {
		var ls []record.Line
		for s := -5.0; s <= 20; s += 0.5 {
			ls = append(ls, gpuLine(t, s, func(g *record.GPU) {
				g.Fields[record.FieldPower] = 100
				g.Fields[record.FieldEnergy] = 1 + 100*math.Mod(s+5, after)
				g.Labels = map[string]string{"page": fmt.Sprint(s)}
			}))
		}
		ls = append(ls, sent{id: "a", start: 2, end: 14, phase: record.Profiling}.lines(t)...)
		e := attribute(t, sorted(ls), Options{}).total
		if math.Abs(value(e.Energy)-1200) > 1e-6 || len(e.Reasons) != 1 || e.Reasons[0] != Reset {
			t.Errorf("a reset every %v s: %v J of 1200, %v", after, value(e.Energy), e.Reasons)
		}
	}
}
