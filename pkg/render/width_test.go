package render

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/google/go-cmp/cmp"
)

// odd is a report of a cluster whose names are long, wide and hostile.
func odd(t *testing.T, by string, window float64) *report.Report {
	t.Helper()
	keys, err := report.ParseBy(by)
	if err != nil {
		t.Fatal(err)
	}
	b := report.Builder{Options: report.Options{By: keys, Window: window, Percentiles: []float64{1, 50, 75, 90, 95, 99.9}}}
	add := func(format string, a ...any) {
		for l, err := range record.Read(strings.NewReader(fmt.Sprintf(format, a...)+"\n"), "odd") {
			if err == nil {
				err = b.Add(l)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	const head = `"time":"2026-11-23T12:00:09.000000000Z"`
	models := []string{"org/" + strings.Repeat("a-very-long-model-name-", 8), "模型" + strings.Repeat("大语言", 20), "evil\\u001b[31m|\\n│<b>", "m"}
	for i := range 40 {
		start := fmt.Sprintf("2026-11-23T12:00:%02d.%03d000000Z", i/8, i%8*100)
		failure := ""
		if i%7 == 6 {
			failure = `,"error":{"class":"status","code":503,"message":"` + strings.Repeat("the server is busy 服务器忙 ", 12) + `"}`
		}
		add(`{%s,"type":"request","v":1,"run":"r%d","id":"%d","phase":"profiling","model":"%s","url":"http://host:8000/v1/chat/completions","start":"%s","took":%d.5,"ttft":0.123456,"gaps":[0.123456,0.001],"tokens":{"in":%d,"out":12345678,"source":"usage"},"gpu":{"energy":123456.789,"throttled":true},"server":{"waiting":1234567.5,"running":3,"kv_cache":0.99}%s}`,
			head, i%3, i, models[i%4], start, 1+i%5, 1000000*i, failure)
		add(`{%s,"type":"note","v":1,"level":"warning","code":"c%d","message":"warning %d %s"}`, head, i%20, i, strings.Repeat("long words ", i))
	}
	for i := range 12 {
		for s := range 8 {
			add(`{%s,"type":"gpu","v":1,"source":"http://a-host-with-a-long-name-%d.example.org:9400/metrics","host":"node-%d.rack.example.org","gpu":%d,"uuid":"GPU-%d","model":"NVIDIA H100 80GB HBM3 of an unusual kind","mig":"%d","mig_profile":"1g.10gb","taken":"2026-11-23T12:00:0%d.000000000Z","fields":{"power_usage":%d,"energy_consumption":%d,"gpu_utilization":0.5,"memory_used":9e15,"xid_errors":79}}`,
				head, i/8, i/8, i%8, i, i%3, s+1, 100*s, 1000000*s)
		}
		add(`{%s,"type":"energy","v":1,"scope":"gpu","uuid":"GPU-%d","host":"node-%d.rack.example.org","gpu":%d,"phase":"profiling","from":"2026-11-23T12:00:00.000000000Z","to":"2026-11-23T12:00:09.000000000Z","took":9,"energy":987654321.5,"source":"counter","plus_minus":12345,"refresh":0.1,"readings":8,"lag":{"seconds":0.8,"correlation":0.9},"verdict":"invalid","reasons":["stale","gap","skew"]}`,
			head, i, i/8, i%8)
	}
	add(`{%s,"type":"energy","v":1,"scope":"total","gpus":12,"phase":"profiling","from":"2026-11-23T12:00:00.000000000Z","to":"2026-11-23T12:00:09.000000000Z","took":9,"energy":23703703716,"source":"counter","counter":23703703716,"integral":1,"plus_minus":300000,"requests":23000000000,"others":5,"idle":3,"lag":{"seconds":0.8,"correlation":0.9},"regime":{"name":"throttled","sm":0.5,"memory":0.2,"throttling":"severe","in_flight":30,"waiting":3,"also":["queue-bound"]},"readings":192,"verdict":"invalid","reasons":["stale","gap","skew"]}`, head)
	return b.Report()
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// checkWidths checks that no line is wider than asked and that all lines of a
// box end in one column, at every width, and that colours change nothing else.
func checkWidths(t *testing.T, r *report.Report, from int) {
	t.Helper()
	texts := r.Options.Percentiles
	for width := from; width <= 250; width++ {
		var b, colored strings.Builder
		if err := Text(&b, r, Options{Width: width, Trace: true, Percentiles: texts}); err != nil {
			t.Fatal(err)
		}
		if width%30 == 0 {
			if err := Text(&colored, r, Options{Width: width, Trace: true, Percentiles: texts, Color: true}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b.String(), escapes.ReplaceAllString(colored.String(), "")); diff != "" {
				t.Fatalf("width %d: without its colours it is (-plain +coloured):\n%s", width, diff)
			}
		}
		frame := 0
		for line := range strings.SplitSeq(b.String(), "\n") {
			n := across(line)
			if n > width {
				t.Errorf("width %d: a line of %d columns: %s", width, n, line)
			}
			switch {
			case strings.HasPrefix(line, "┌"):
				frame = n
			case frame > 0 && strings.HasPrefix(line, "│") && (n != frame || !strings.HasSuffix(line, "│")):
				t.Errorf("width %d: a line of %d columns in a table of %d: %s", width, n, frame, line)
			case strings.HasPrefix(line, "└"):
				if n != frame {
					t.Errorf("width %d: the table ends at %d and not at %d", width, n, frame)
				}
				frame = 0
			}
		}
		if t.Failed() {
			return
		}
	}
}

func TestNothingIsBrokenAtAnyWidth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, by string }{
		{"long, wide and hostile names", "model"},
		{"12 GPUs", "gpu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkWidths(t, odd(t, c.by, 1), 40)
		})
	}
	t.Run("the demo", func(t *testing.T) {
		t.Parallel()
		checkWidths(t, demo(t), 40)
	})
}

// What does not fit is named, and the width that is told shows it.
func TestWhatIsLeftOutIsTold(t *testing.T) {
	t.Parallel()
	r := demo(t)
	r.GPUs, r.Energy, r.Notes = nil, nil, nil
	var b strings.Builder
	if err := Text(&b, r, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	const want = "left out for want of width: min, std; --width "
	_, told, ok := strings.Cut(b.String(), want)
	if !ok {
		t.Fatalf("it does not say %q but:\n%s", want, b.String())
	}
	var width int
	fmt.Sscan(told, &width)
	for _, c := range []struct {
		width int
		out   bool
	}{{width, false}, {width - 1, true}} {
		b.Reset()
		if err := Text(&b, r, Options{Width: c.width}); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(b.String(), "\n\n")
		if got := strings.Contains(first, "left out"); got != c.out {
			t.Errorf("--width %d: left out is %v, want %v:\n%s", c.width, got, c.out, first)
		}
	}
}

// Columns go in the order in which they are missed least.
func TestColumnsGoInOrder(t *testing.T) {
	t.Parallel()
	g := columnsOf(nil).statistics("t")
	g.add("Latency", "ms", "1,000.00", "1,000.00", "1,000.00", "1,000.00", "1,000.00", "1,000.00", "1,000.00")
	seen := ""
	for width := 120; width >= 30; width-- {
		_, out, _ := strings.Cut(g.fit(width), "width: ")
		out, _, _ = strings.Cut(out, ";")
		if out = strings.Join(strings.Fields(out), " "); out != "" && !strings.HasSuffix(seen, out+"\n") {
			seen += out + "\n"
		}
	}
	want := "std\nmin, std\nmin, p90, std\nmin, max, p90, std\nmin, max, p99, p90, std\nmin, max, p99, p90, p50, std\n"
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestNotesAreSaidOnce(t *testing.T) {
	t.Parallel()
	r := &report.Report{Notes: []report.Note{
		{Level: record.Info, Code: "a", Message: "one"},
		{Level: record.Warning, Code: "b", Message: "two"},
		{Level: record.Warning, Code: "b", Message: "two"},
		{Level: record.Info, Code: "c", Message: "GPU 0"}, {Level: record.Info, Code: "c", Message: "GPU 1"},
		{Level: record.Info, Code: "c", Message: "GPU 2"}, {Level: record.Info, Code: "c", Message: "GPU 3"},
	}}
	want := []line{{"!", "two (2 times)"}, {"•", "one"}, {"•", "GPU 0 (and 3 notes like it)"}}
	if diff := cmp.Diff(want, remarks(r), cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("the server is busy", 7)
	f.Add("模型 大语言 e\u0301", 3)
	f.Add(strings.Repeat("a", 50)+" b", 10)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = plain(s)
		width = 2 + (width&0x7fffffff)%100
		lines := fold(s, width)
		for _, l := range lines {
			if across(l) > width {
				t.Errorf("fold(%q, %d) has a line of %d columns: %q", s, width, across(l), l)
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := bare(strings.Join(lines, "")); got != bare(s) {
			t.Errorf("fold(%q, %d) has lost something: %q", s, width, lines)
		}
	})
}
