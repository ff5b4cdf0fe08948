package page

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"testing"
	"unicode/utf8"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/google/go-cmp/cmp"
)

// hostile is a report in which every text that comes from elsewhere is s.
func hostile(t testing.TB, s string) *report.Report {
	t.Helper()
	var b report.Builder
	b.Tell()
	took, ttft, in, out, joules := 0.5, 0.1, 10, 20, 3.0
	feed(t, &b,
		&record.Run{Run: "R" + s, Tool: s, Version: s, Host: s, Command: []string{s}, Config: map[string]any{s: s, "model": s}},
		&record.Phase{Run: "R" + s, Phase: s, Event: "begin"},
		&record.Request{Run: "R" + s, ID: s, Phase: record.Profiling, Model: s, URL: s, Start: from, Took: &took, TTFT: &ttft,
			Tokens: &record.Tokens{In: &in, Out: &out}, GPU: &record.Share{Energy: &joules}},
		&record.Request{Run: "R" + s, ID: s, Phase: record.Profiling, Start: from, Took: &took, Error: &record.Error{Class: s, Message: s}},
		&record.GPU{Source: s, Host: s, UUID: s, Model: s, Taken: from, Fields: map[string]float64{record.FieldPower: 100, "x" + s: 1}},
		&record.Server{Source: s, Server: s, Taken: from, Series: []record.Series{{Name: "vllm:num_requests_running", Type: record.Gauge, Value: &took}}},
		&record.Note{Level: record.Warning, Code: s, Message: s, Source: s},
		&record.Note{Level: record.Info, Code: "regime", Message: s},
		&record.Scrape{Source: "http://" + s, Error: s})
	return b.Report()
}

// elements of the page, by their beginnings.
var tag = regexp.MustCompile(`(?i)</?script\b|<!--`)

// A page has the scripts that were put into it and no others, whatever texts
// come from servers, and these reach it as they are.
func FuzzNoTextEndsTheScript(f *testing.F) {
	for _, s := range []string{"", "</script>", "<!--", "<!--<script>", "]]>", "\u2028\u2029", "\x00\xff", `"><img src=x onerror=alert(1)>`, "</title><script>", "𝄞 ü"} {
		f.Add(s)
	}
	want := len(tag.FindAll(written(f, Run{Report: new(report.Builder).Report()}), -1))
	f.Fuzz(func(t *testing.T, s string) {
		page := written(t, Run{Name: s, Report: hostile(t, s)})
		if n := len(tag.FindAll(page, -1)); n != want {
			t.Errorf("%d beginnings and ends of scripts, want %d", n, want)
		}
		if _, data, _ := bytes.Cut(page, []byte(`id="data">`)); bytes.ContainsAny(data, "\u2028\u2029") {
			t.Error("there is a line separator that a script would not survive")
		}
		d := payloadOf(t, page)
		if r := d.Runs[0]; len(r.Slow) != 1 || len(r.Producers) == 0 {
			t.Fatalf("%d slow requests and %d runs", len(r.Slow), len(r.Producers))
		}
		if got := d.Runs[0].Producers[0].Tool; utf8.ValidString(s) && got != s {
			t.Errorf("the tool is %q, want %q", got, s)
		}
	})
}

// The file loads nothing: no element or style names something elsewhere, and the
// policy would not allow it.
func TestLoadsNothing(t *testing.T) {
	t.Parallel()
	page := written(t, Run{Report: demo(t)})
	for _, pattern := range []string{`(?i)\b(src|href|srcset|action|poster)\s*=\s*["']?\s*(https?:)?//`, `(?i)url\(\s*["']?\s*(https?:)?//`, `(?i)@import`,
		`\bfetch\(`, `XMLHttpRequest`, `WebSocket`, `sendBeacon`, `importScripts`, `\bimport\(`, `<link\b`, `<iframe\b`, `<img\b`} {
		if m := regexp.MustCompile(pattern).Find(page); m != nil {
			t.Errorf("the page has %q", m)
		}
	}
	if !bytes.Contains(page, []byte(`content="default-src 'none';`)) {
		t.Error("no policy forbids to load")
	}
}

// What surrounds the data is small.
func TestSkeletonIsSmall(t *testing.T) {
	t.Parallel()
	empty := written(t, Run{Report: new(report.Builder).Report()})
	if len(empty) > 150_000 {
		t.Errorf("a page without data has %d bytes", len(empty))
	}
	if n := len(written(t, Run{Report: synthetic(t, 20_000, 8, 600, 1)})); n > 6_000_000 {
		t.Errorf("20,000 requests and 8 GPUs make a page of %d bytes", n)
	}
	t.Logf("the skeleton has %d bytes", len(empty))
}

// The data of the page is that of the story and of the report.
func TestDataIsTheStory(t *testing.T) {
	t.Parallel()
	r := demo(t)
	d := payloadOf(t, written(t, Run{Report: r})).Runs[0]
	s := r.Story

	var want, got []float64
	for _, q := range s.Requests {
		want = append(want, q.Took, q.TTFT, float64(q.Out), q.Start.Sub(r.Window.From), q.Energy)
	}
	for i := range d.Requests.Start {
		got = append(got, d.Requests.Took[i], d.Requests.TTFT[i], float64(d.Requests.Out[i]), d.Requests.Start[i], d.Requests.Energy[i])
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-5*max(math.Abs(a), math.Abs(b), 0.1) })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if len(d.Gauges) != len(s.GPUs) || len(d.Slow) != len(s.Slowest) || len(d.Marks) != len(s.Marks) || len(d.Load.Active) != len(s.Load.Bins) {
		t.Error("not everything of the story is in the page")
	}
	for i, g := range s.GPUs {
		for name, track := range g.Tracks {
			if diff := cmp.Diff(track.X, []float64(d.Gauges[i].Tracks[name].X), near); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, g.Name, diff)
			}
		}
	}
	for _, m := range d.Metrics {
		if x, ok := r.Metric(m.Tag); !ok || *m.Avg != x.Stat.Mean {
			t.Errorf("%s is %v in the page, %v in the report", m.Tag, *m.Avg, x.Stat.Mean)
		}
	}
	if d.Energy == nil || *d.Energy.Total.Energy != *r.Energy.Total.Energy || d.Energy.Total.Verdict != r.Energy.Total.Verdict {
		t.Error("the energy is not the report's")
	}
}

// Numbers take what JSON has no word for as null, and keep what a chart shows.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		in   json.Marshaler
		want string
	}{
		{"no values", values{}, `[]`},
		{"six digits", values{1.23456789, 0.000123456789, 61234567890}, `[1.23457,0.000123457,6.12346e+10]`},
		{"not measured", values{math.NaN(), math.Inf(1), 0}, `[null,null,0]`},
		{"microseconds, also after a day", seconds{86400.1234567, -3}, `[86400.123457,-3]`},
		{"not measured", counts{-1, 7}, `[null,7]`},
	} {
		got, err := c.in.MarshalJSON()
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.why, got, err, c.want)
		}
	}
}

// A page of two runs holds both.
func TestComparison(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	nan := math.NaN()
	changes := []Change{{"request_latency", "p50", "Request Latency", 0.03, 0.02, 0.04, "slower"}, {"goodput", "", "Goodput", nan, nan, nan, "too little data"}}
	if err := HTML(&b, Options{Changes: changes}, Run{"new", demo(t)}, Run{"old", demo(t)}); err != nil {
		t.Fatal(err)
	}
	d := payloadOf(t, b.Bytes())
	if len(d.Runs) != 2 || d.Runs[0].Name != "new" || d.Runs[1].Name != "old" {
		t.Errorf("runs %v", d.Runs)
	}
	ptr := func(x float64) *float64 { return &x }
	want := []changed{{"request_latency", "p50", "Request Latency", ptr(0.03), ptr(0.02), ptr(0.04), "slower"}, {"goodput", "", "Goodput", nil, nil, nil, "too little data"}}
	if diff := cmp.Diff(want, d.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
