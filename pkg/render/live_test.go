package render

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// lives gives what there is to show at every tenth line of the demo.
func lives(t *testing.T) []*report.Live {
	t.Helper()
	f, err := os.Open("../../cmd/testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b report.Builder
	b.Watch()
	list := []*report.Live{b.Live(0)}
	for l, err := range record.Read(f, "demo") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
		if l.Number%10 == 0 {
			list = append(list, b.Live(0))
		}
	}
	return append(list, b.Live(0))
}

// A frame is never wider or higher than the terminal.
func TestFramesFitTheTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("too long for the race detector")
	}
	t.Parallel()
	for _, l := range lives(t) {
		for _, n := range []int{1, 12} {
			l := *l
			for range n - 1 {
				l.GPUs = append(l.GPUs, l.GPUs...)[:min(len(l.GPUs)*2, 200)]
			}
			l.Errors = []report.ErrorClass{{Class: "status", Code: 503, Count: 7, Message: strings.Repeat("busy 服务器忙\n", 30)}}
			for width := 20; width <= 150; width += 13 {
				for height := 2; height < 60; height += 3 {
					out := Live(&l, Frame{Width: width, Height: height, Color: width%2 == 0})
					lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
					if len(lines) > height {
						t.Fatalf("%d×%d: %d lines:\n%s", width, height, len(lines), out)
					}
					for _, s := range lines {
						if across(s) > width {
							t.Fatalf("%d×%d: a line of %d columns: %s", width, height, across(s), s)
						}
					}
				}
			}
		}
	}
}

// Of many GPUs as many are shown as there is room for, and the rest is counted.
func TestGPUsThatDoNotFitAreCounted(t *testing.T) {
	t.Parallel()
	all := lives(t)
	l := all[len(all)-1]
	for range 4 {
		l.GPUs = append(l.GPUs, l.GPUs...)
	}
	out := Live(l, Frame{Width: 100, Height: 24})
	shown := strings.Count(out, "sim-node | GPU")
	if rest := fmt.Sprintf("… %d more GPUs\n", len(l.GPUs)-shown); !strings.HasSuffix(out, rest) || shown < 3 {
		t.Errorf("%d GPUs are shown, and it does not end with %q:\n%s", shown, rest, out)
	}
}

// Whatever is read, a frame fits.
func FuzzLive(f *testing.F) {
	const head = `{"time":"2026-11-23T12:00:00.000000000Z",`
	f.Add(head+`"type":"run","v":1,"run":"a","tool":"aiperf-load","config":{"request-count":"-7","shard":"9/2","benchmark-duration":"NaN"}}`+"\n"+
		head+`"type":"phase","v":1,"run":"a","phase":"profiling","event":"begin"}`+"\n"+
		head+`"type":"request","v":1,"run":"a","phase":"profiling","start":"2036-11-23T12:00:00.000000000Z","took":1e300,"ttft":-1,"tokens":{"out":2}}`, 30, 9)
	f.Add(head+`"type":"gpu","v":1,"source":"x","gpu":-1,"taken":"1970-01-01T00:00:00.000000000Z","fields":{"power_usage":1e308,"xid_errors":-3,"energy_consumption":5}}`, 80, 2)
	f.Fuzz(func(t *testing.T, stream string, width, height int) {
		width, height = 1+width&0xff, 1+height&0x3f
		var b report.Builder
		b.Watch()
		for l, err := range record.Read(strings.NewReader(stream), "fuzz") {
			if err == nil {
				err = b.Add(l)
			}
			if err != nil {
				b.Skip(err)
			}
		}
		out := Live(b.Live(0), Frame{Width: width, Height: height})
		if n := strings.Count(out, "\n"); n > height {
			t.Errorf("%d lines where %d fit:\n%s", n, height, out)
		}
		for line := range strings.Lines(out) {
			if n := across(strings.TrimSuffix(line, "\n")); n > max(width, 2) {
				t.Errorf("a line of %d columns where %d fit: %s", n, width, line)
			}
		}
	})
}
