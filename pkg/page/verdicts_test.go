package page

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"aiperf/pkg/report"
)

// Verdicts on objectives are part of the page, with words for what has no value.
func TestObjectives(t *testing.T) {
	t.Parallel()
	d := payloadOf(t, judgedPage(t))
	v := d.Runs[0].Verdicts
	if len(v) != 3 || !v[0].Met || *v[0].Value != 0.05 || v[0].Bound != "< 60ms" || v[1].Met || v[1].Value != nil || v[1].Why == "" || v[2].Text != "true" {
		t.Errorf("verdicts %+v", v)
	}
}

func judgedPage(t *testing.T) []byte {
	t.Helper()
	nan := math.NaN()
	r := demo(t)
	r.Verdicts = []report.Verdict{
		{Objective: "ttft.p99 < 60ms", Name: "ttft.p99", Op: "<", Bound: "60ms", Value: 0.05, Limit: 0.06, Margin: 1. / 6, Unit: report.Milliseconds, Met: true},
		{Objective: "goodput > 1", Name: "goodput", Op: ">", Bound: "1", Value: nan, Limit: 1, Margin: nan, Unit: report.RequestsPerSec, Why: "goodput was not <b>measured</b>"},
		{Objective: "energy.valid == true", Name: "energy.valid", Op: "==", Bound: "true", Value: nan, Limit: nan, Margin: nan, Text: "true", Met: true},
	}
	changes := []Change{
		{"request_latency", "p50", "Request Latency p50", 0.03, 0.02, 0.04, "worse"},
		{"request_throughput", "", "Request Throughput", 0.03, -0.01, 0.07, "same"},
		{"goodput", "", "Goodput", nan, nan, nan, "too little data"},
	}
	var b bytes.Buffer
	if err := HTML(&b, Options{Changes: changes}, Run{"new", r}, Run{"baseline", demo(t)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerdictsInChromium(t *testing.T) {
	b := startBrowser(t)
	dom := string(b.dom(t, "judged", judgedPage(t)))
	for _, want := range []string{
		"✘ 1 of 3 missed", "<h3>ttft.p99 &lt; 60ms</h3>", `<p class="number">50 ms</p>`, "✔ met</span>, margin +16.7 %", "✘ not measured</span>: goodput was not &lt;b&gt;measured",
		`<span class="bad">✘ worse</span>`, `<span class="bad">+3 %</span>`, `<span class="">+3 %</span>`, "−1 % to +7 %", "too little data",
		// Cards are coloured by the verdict, and by nothing else.
		`<span class="bad">±0 %</span>`,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}
