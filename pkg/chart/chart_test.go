package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/google/go-cmp/cmp"
)

// demo is the report on the demonstration run, without lines of some types.
func demo(t testing.TB, without ...string) *report.Report {
	t.Helper()
	f, err := os.Open("../../cmd/testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b report.Builder
	b.Tell()
lines:
	for l, err := range record.Read(f, "demo") {
		for _, kind := range without {
			if l.Type == kind {
				continue lines
			}
		}
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Report()
}

// words reads a picture as XML and gives its texts.
func words(t testing.TB, svg []byte) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	d.Strict = true
	var list []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(list, "\n")
		}
		if err != nil {
			t.Fatalf("the picture is not XML: %v", err)
		}
		if c, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(c)) > 0 {
			list = append(list, string(c))
		}
	}
}

func TestEveryKindHasItsPanels(t *testing.T) {
	t.Parallel()
	r := demo(t)
	for kind, want := range map[string][]string{
		"":            {"Latency", "24 requests", "p99", "GPU power", "GPU 0", "GPU 1"},
		"latency":     {"Latency", "24 requests", "p99", "GPU power", "GPU 0", "GPU 1"},
		"ttft":        {"Time to first token", "p50", "GPU power"},
		"throughput":  {"Output tokens per second", "tokens/s over the run", "Requests per second"},
		"concurrency": {"Requests in flight", "Output tokens per second"},
		"power":       {"GPU power", "GPU 0", "Requests in flight"},
	} {
		var b bytes.Buffer
		if err := SVG(&b, r, kind); err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		text := words(t, b.Bytes())
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q:\n%s", kind, w, text)
			}
		}
		if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("%s has numbers that are none", kind)
		}
		if b.Len() > 60_000 {
			t.Errorf("%s has %d bytes", kind, b.Len())
		}
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	gpus, requests := demo(t, record.TypeRequest), demo(t, record.TypeGPU)
	for _, c := range []struct {
		why, kind string
		r         *report.Report
		want      string // "" if it can
	}{
		{"requests alone have latencies", "latency", requests, ""},
		{"and no power", "power", requests, "draw power: the stream has no readings of a GPU's power or energy"},
		{"GPUs alone have power", "power", gpus, ""},
		{"which is what is drawn of them", "", gpus, ""},
		{"and no latency", "latency", gpus, "draw latency: the stream has no finished request of the profiling phase"},
		{"nor anything in flight", "concurrency", gpus, "draw concurrency: the stream has no finished request of the profiling phase"},
		{"a kind that there is not", "pie", requests, "draw pie: there is no such chart; there are latency, ttft, throughput, concurrency, power"},
		{"a report that was not told", "latency", new(report.Builder).Report(), "draw a chart: the report has no story"},
	} {
		var b bytes.Buffer
		err := SVG(&b, c.r, c.kind)
		if got := errorText(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
		if err != nil && b.Len() > 0 {
			t.Errorf("%s: an error and %d bytes", c.why, b.Len())
		}
		b.Reset()
		if got := errorText(PNG(&b, c.r, c.kind)); got != c.want || (b.Len() == 0) != (c.want != "") {
			t.Errorf("%s: as PNG %q and %d bytes, want %q", c.why, got, b.Len(), c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Whatever a model or a GPU is called, the picture is XML and has no elements
// but its own, or is an image.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "</text><script>alert(1)</script>", "<!--", "]]>", "\x00\x1b\xff", "&amp;", strings.Repeat("W\U0001f600\n", 300), `" onload="x`, "ü𝄞"} {
		f.Add(s)
	}
	base := demo(f)
	f.Fuzz(func(t *testing.T, s string) {
		story, r := *base.Story, *base
		story.GPUs = []report.Gauges{story.GPUs[0]}
		story.GPUs[0].Name = s
		r.Story, r.Runs = &story, []report.Run{{Config: map[string]any{"model": s}}}
		var b bytes.Buffer
		if err := SVG(&b, &r, "latency"); err != nil {
			t.Fatal(err)
		}
		words(t, b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("<script")) {
			t.Error("a name has become an element")
		}
		if err := compose(new(raster), &r, "latency"); err != nil { // not encoded, which takes most of the time
			t.Fatal(err)
		}
	})
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why       string
		low, high float64
		n         int
		want      []float64
	}{
		{"round steps", 0, 10, 5, []float64{0, 2, 4, 6, 8, 10}},
		{"below 0 too", -3, 3, 3, []float64{-2, 0, 2}},
		{"small", 0, 0.01, 2, []float64{0, 0.005, 0.01}},
		{"no width", 1, 1, 5, nil},
		{"no numbers", math.NaN(), 1, 5, nil},
	} {
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
		if diff := cmp.Diff(c.want, ticks(c.low, c.high, c.n), near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
	if diff := cmp.Diff([]float64{0, 900, 1800, 2700, 3600}, timeTicks(0, 3600, 5)); diff != "" {
		t.Errorf("an hour is divided like a clock (-want +got):\n%s", diff)
	}
}

func TestWordsForNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{number(0), "0"}, {number(1234567.8), "1,234,568"}, {number(-1234), "-1,234"}, {number(0.001234), "0.00123"}, {number(12.5), "12.5"}, {number(100), "100"},
		{duration(0.0123, 0.0123), "12.3 ms"}, {duration(0, 2), "0 ms"}, {duration(75, 75), "75 s"}, {duration(2e-6, 2e-6), "2 µs"},
		{clock(-5), "−5 s"}, {clock(125), "2:05"}, {clock(7325), "2:02:05"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Thinning keeps the peaks.
func TestThin(t *testing.T) {
	t.Parallel()
	var l line
	for i := range 10_000 {
		y := 0.0
		if i == 5_001 {
			y = 7
		}
		l.add(float64(i), y)
	}
	l.thin(100)
	if len(l.x) > 200 || max(l.y[0], l.y[len(l.y)-1]) != 0 || !l.any() {
		t.Errorf("%d points, with the peak: %v", len(l.x), l.any())
	}
}
