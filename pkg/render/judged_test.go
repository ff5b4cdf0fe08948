package render

import (
	"math"
	"strings"
	"testing"

	"aiperf/pkg/report"
	"aiperf/pkg/stat"

	"github.com/jedib0t/go-pretty/v6/text"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    float64
		want string
	}{
		{0, "0.0 %"}, {1e-6, "0.0 %"}, {-1e-6, "0.0 %"}, {0.0005, "+0.05 %"}, {-0.0099, "-0.99 %"}, {0.01, "+1.0 %"}, {-0.125, "-12.5 %"},
		{1.5, "+150.0 %"}, {12.345, "+1234 %"},
	} {
		if got := percent(c.x); got != c.want {
			t.Errorf("%v is %q, want %q", c.x, got, c.want)
		}
	}
}

// Verdicts and comparisons fit every width, and all words of a verdict have a sign.
func TestComparedFits(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	change := func(verdict string, relative, low, high float64, why string) report.Change {
		c := stat.Comparison{Old: 0.2, New: 0.2 * (1 + relative), Change: 0.2 * relative, Relative: relative, P: 0.01, TooLittle: why,
			ChangeIn: stat.Interval{Low: 0.2 * low, High: 0.2 * high}, RelativeIn: stat.Interval{Low: low, High: high}}
		return report.Change{Name: report.Name{Tag: "request_latency", Stat: "p99", Unit: report.Milliseconds}, Header: "Request Latency", Comparison: c, Verdict: verdict}
	}
	r := &report.Report{
		Verdicts: []report.Verdict{
			{Name: "gpu.temperature.max", Op: "<", Bound: "85", Value: 90, Limit: 85, Margin: -0.0588, Unit: report.Celsius, GPU: "node | GPU 0 | NVIDIA H100"},
			{Name: "ttfo.p99", Op: "<", Bound: "1s", Value: nan, Limit: 1, Margin: nan, Unit: report.Milliseconds, Why: "ttfo.p99 was not measured"},
		},
		Comparison: &report.Comparison{Names: [2][]string{{"old.ndjson"}, {"new.ndjson"}}, Changes: []report.Change{
			change(report.Worse, 0.05, 0.02, 0.08, ""), change(report.Better, -0.05, -0.08, -0.02, ""), change(report.Same, 0.01, -0.1, 0.12, ""),
			change(report.Changed, 0.05, 0.02, 0.08, ""), change(report.Undecided, 0.05, nan, nan, "old: there are no values"),
		}},
	}
	for width := 40; width <= 160; width++ {
		var b strings.Builder
		if err := Text(&b, r, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("a line is %d wide at a width of %d: %s", n, width, line)
			}
		}
		if width < 120 {
			continue
		}
		for _, want := range []string{"✘ worse?", "✔ better?", "= same", "≠ changed", "– too little data", "• Request Latency p99: old: there are no values", "✘ missed", "✘ not measured", "gpu.temperature.max, node | GPU 0"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is missing at a width of %d:\n%s", want, width, b.String())
			}
		}
	}
}
