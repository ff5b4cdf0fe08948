package render

import (
	"os"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/jedib0t/go-pretty/v6/text"
)

// demo is a report that has everything in it.
func demo(t *testing.T) *report.Report {
	t.Helper()
	f, err := os.Open("../../cmd/testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b report.Builder
	for l, err := range record.Read(f, "demo") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Report()
}

// At every width the frames are whole: no line is too long, and all lines of a
// table end in the same column.
func TestFramesAreWholeAtEveryWidth(t *testing.T) {
	t.Parallel()
	r := demo(t)
	for width := 40; width <= 160; width++ {
		var b strings.Builder
		if err := Text(&b, r, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		frame := 0
		for line := range strings.SplitSeq(b.String(), "\n") {
			n := text.StringWidthWithoutEscSequences(line)
			if n > width {
				t.Errorf("width %d: a line of %d columns: %s", width, n, line)
			}
			switch {
			case strings.HasPrefix(line, "┌"):
				frame = n
			case strings.ContainsAny(line, "│├└") && n != frame:
				t.Errorf("width %d: a line of %d columns in a table of %d: %s", width, n, frame, line)
			}
		}
		if !strings.Contains(b.String(), "Request Latency") || !strings.Contains(b.String(), "avg") {
			t.Errorf("width %d: the table lost its main row or column", width)
		}
	}
}

// Without GPUs nothing of them is shown, and nothing is taken from the report.
func TestNoGPU(t *testing.T) {
	t.Parallel()
	r := demo(t)
	for range 2 {
		var b strings.Builder
		if err := Text(&b, r, Options{NoGPU: true}); err != nil {
			t.Fatal(err)
		}
		if out := b.String(); strings.Contains(out, "GPU") || strings.Contains(out, "Energy") || !strings.Contains(out, "Request Latency") {
			t.Errorf("without GPUs it shows:\n%s", out)
		}
	}
	if r.Energy == nil || len(r.GPUs) != 2 {
		t.Error("the report itself has lost its GPUs")
	}
}
