package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const head = `{"time":"2026-11-23T12:00:00.000000000Z","type":"x","v":1`

// readAll gives the raw lines and the errors of a stream.
func readAll(r io.Reader) (lines, errs []string) {
	for l, err := range Read(r, "f") {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			lines = append(lines, string(l.Raw))
		}
	}
	return lines, errs
}

func TestRead(t *testing.T) {
	t.Parallel()
	long := head + `,"s":"` + strings.Repeat("x", 5<<20) + `"}`
	for _, c := range []struct {
		why, in     string
		lines, errs []string
	}{
		{"nothing", "", nil, nil},
		{"two lines", head + "}\n" + head + `,"a":1}` + "\n", []string{head + "}", head + `,"a":1}`}, nil},
		{"blank lines are passed over", "\n" + head + "}\n \n", []string{head + "}"}, nil},
		{"the last line needs no newline", head + "}", []string{head + "}"}, nil},
		{"a cut last line is told", head + "}\n" + head + `,"a":{"b":1}`, []string{head + "}"},
			[]string{`f:2: the stream breaks off in the middle of a line, which is skipped: "{\"time\":\"2026-11-23T12:00:00.000000000Z\",\"type\":\"x\",\"v\":1,\"a"…`}},
		{"a bad line does not stop the rest", "hello\n" + head + "}\n", []string{head + "}"}, []string{`f:1: not JSON: "hello"`}},
		{"no time", `{"type":"x","v":1}` + "\n", nil, []string{`f:1: not a record: it has no "time": "{\"type\":\"x\",\"v\":1}"`}},
		{"no type", `{"time":"2026-11-23T12:00:00.000000000Z"}` + "\n", nil,
			[]string{`f:1: not a record: it has no "type": "{\"time\":\"2026-11-23T12:00:00.000000000Z\"}"`}},
		{"no object", "[1]\n", nil, []string{`f:1: not a record: it is no JSON object: "[1]"`}},
		{"other order and spaces", `{"v": 1, "type": "x", "time": "2026-11-23T12:00:00.000000000Z"}` + "\r\n",
			[]string{`{"v": 1, "type": "x", "time": "2026-11-23T12:00:00.000000000Z"}` + "\r"}, nil},
		{"a long line", long + "\n" + head + "}\n", []string{long, head + "}"}, nil},
	} {
		for name, r := range map[string]io.Reader{
			"whole":          strings.NewReader(c.in),
			"halves":         iotest.HalfReader(strings.NewReader(c.in)),
			"data with EOF":  iotest.DataErrReader(strings.NewReader(c.in)),
			"a byte at once": iotest.OneByteReader(strings.NewReader(c.in[:min(len(c.in), 4096)])),
		} {
			if name == "a byte at once" && len(c.in) > 4096 {
				continue
			}
			lines, errs := readAll(r)
			if diff := cmp.Diff(c.lines, lines); diff != "" {
				t.Errorf("%s, %s: lines (-want +got):\n%s", c.why, name, diff)
			}
			if diff := cmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("%s, %s: errors (-want +got):\n%s", c.why, name, diff)
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	cut := func(err error) io.Reader { return io.MultiReader(strings.NewReader(head+"}\n"), iotest.ErrReader(err)) }

	lines, errs := readAll(cut(broken))
	if len(lines) != 1 || !cmp.Equal(errs, []string{"read f: disk on fire"}) {
		t.Errorf("a broken reader gave %q, %q", lines, errs)
	}
	var last error
	for _, err := range Read(cut(io.ErrUnexpectedEOF), "f") {
		last = err
	}
	var le *LineError
	if !errors.As(last, &le) || !errors.Is(last, ErrTruncated) {
		t.Errorf("compressed data that ends early gave %v, want a LineError that is ErrTruncated", last)
	}
	if _, errs := readAll(stuck{}); len(errs) != 1 || !strings.Contains(errs[0], io.ErrNoProgress.Error()) {
		t.Errorf("a reader that gives nothing gave %q", errs)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// Lines stay what they were while the reading goes on.
func TestLinesAreTheCallersToKeep(t *testing.T) {
	t.Parallel()
	var in, out strings.Builder
	for range 5000 {
		in.WriteString(head + `,"s":"` + strings.Repeat("y", in.Len()%997) + "\"}\n")
	}
	var kept []Line
	for l, err := range Read(strings.NewReader(in.String()), "f") {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, l)
	}
	for _, l := range kept {
		out.Write(l.Raw)
		out.WriteByte('\n')
	}
	if in.String() != out.String() {
		t.Error("lines changed after they were read")
	}
}

func TestWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		w := NewWriter(&b, StartClock())
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		must(w.Write(&Run{Run: "R", Tool: "aiperf-load", Config: map[string]any{"url": "http://h/?a=1&b=<2>"}, Seed: new(int64(0))}))
		time.Sleep(time.Second)
		must(w.Write(&Request{Run: "R", ID: "1", Phase: Profiling, Start: At(time.Now()), Turn: new(0),
			Took: new(0.000041), Gaps: Gaps{0.000041, 0}, Tokens: &Tokens{Out: new(0)}}))
		must(w.Write(&End{Run: "R", Reason: Complete}))
		want := `{"time":"2000-01-01T00:00:00.000000000Z","type":"run","v":1,"run":"R","tool":"aiperf-load","config":{"url":"http://h/?a=1&b=<2>"},"seed":0}
{"time":"2000-01-01T00:00:01.000000000Z","type":"request","v":1,"run":"R","id":"1","phase":"profiling","turn":0,"start":"2000-01-01T00:00:01.000000000Z","took":0.000041,"gaps":[0.000041,0],"tokens":{"out":0}}
{"time":"2000-01-01T00:00:01.000000000Z","type":"end","v":1,"run":"R","reason":"complete"}
`
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := w.Write(&GPU{Fields: map[string]float64{"x": math.NaN()}}); err == nil {
			t.Error("a NaN was written")
		}
		if _, errs := readAll(strings.NewReader(b.String())); errs != nil {
			t.Errorf("what was written cannot be read: %q", errs)
		}
	})
}

func TestEveryTypeComesBack(t *testing.T) {
	t.Parallel()
	f, i := new(1.5), new(3)
	for _, c := range []struct{ in, out Record }{
		{&Run{Run: "R", Tool: "t", Version: "v", Host: "h", Command: []string{"a"}, Config: map[string]any{"k": "v"}, Seed: new(int64(7))}, new(Run)},
		{&Phase{Run: "R", Phase: Warmup, Event: "begin"}, new(Phase)},
		{&Begin{Run: "R", ID: "1", Phase: Warmup, Start: 5}, new(Begin)},
		{&Request{Run: "R", ID: "1", Phase: Profiling, Model: "m", URL: "u", Endpoint: "chat", Conversation: "c", Turn: i, Start: 9,
			Late: f, Took: f, TTFT: f, TTFO: f, Gaps: Gaps{1, 2}, Chunks: 2, Kinds: "r1c1",
			Tokens: &Tokens{In: i, Cached: i, Out: i, Reasoning: i, Asked: i, Source: FromUsage, InSource: FromTokenizer},
			Bytes:  &Bytes{1, 2}, HTTP: &HTTP{"2", 200, true, true, "r", f, f, f, f, f, f}, Finish: "stop", Error: &Error{ClassStatus, 500, "m"},
			GPU:    &Share{f, "equal", 1, f, f, f, f, f, f, new(true), []int{79}},
			Server: &ServerState{Sources: 1, Running: f, Waiting: f, KVCache: f, RunningStart: f, WaitingStart: f, KVCacheStart: f}}, new(Request)},
		{&GPU{Source: "s", Host: "h", Platform: "nvidia", GPU: i, UUID: "u", Model: "m", MIG: "1", MIGProfile: "p",
			Labels: map[string]string{"a": "b"}, Taken: 4, Within: f, Fields: map[string]float64{FieldPower: 2}}, new(GPU)},
		{&Scrape{Source: "s", Took: f, Status: 200, Bytes: new(int64(4)), GPUs: i, Repeat: true, Rejected: 1, Error: "e"}, new(Scrape)},
		{&Energy{Scope: ScopeGPU, UUID: "u", Host: "h", GPU: i, Model: "m", MIG: "1", GPUs: 2, Phase: Profiling, From: 1, To: 2, Took: 3,
			Energy: f, Source: "counter", Counter: f, Integral: f, PlusMinus: f, Requests: f, Others: f, Idle: f, Share: "equal", Refresh: f,
			Lag: &Lag{1, 2, true, f}, Regime: &Regime{Name: RegimeIdle, Idle: f}, Readings: 4,
			Verdict: Valid, Reasons: []string{}}, new(Energy)},
		{&Note{Run: "R", Level: Warning, Code: "c", Message: "m", Source: "s", UUID: "u", File: "f", Seconds: f}, new(Note)},
		{&End{Run: "R", Reason: Complete, Counts: map[string]int64{"a": 1},
			Health: &Health{ClientBound, []string{"stall"}, f, 1, 2, 3, 0.5, 4, 5, 6}}, new(End)},
	} {
		b, err := Append(nil, c.in)
		if err != nil {
			t.Fatal(err)
		}
		for l, err := range Read(bytes.NewReader(b), "f") {
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Decode(c.out); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(c.in, c.out); diff != "" {
			t.Errorf("%s (-written +read):\n%s", c.in.Head().Type, diff)
		}
	}
}

func TestDecodeErrorNamesTheLine(t *testing.T) {
	t.Parallel()
	l := Line{Raw: []byte(`{"start":5}`), File: "a.ndjson", Number: 7}
	if err := l.Decode(new(Request)); err == nil || !strings.HasPrefix(err.Error(), "a.ndjson:7: ") {
		t.Errorf("Decode: %v", err)
	}
}

func TestSplice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want string }{
		{"at the end", `{"a":1}`, `{"a":1,"gpu":5}`},
		{"spaces stay", ` { "a" : 1 } `, ` { "a" : 1 ,"gpu":5} `},
		{"an empty object", `{}`, `{"gpu":5}`},
		{"one of that name goes", `{"a":1,"gpu":{"x":[1,2]},"b":"gpu"}`, `{"a":1,"b":"gpu","gpu":5}`},
		{"the first of that name goes", `{"gpu":3,"b":2}`, `{"b":2,"gpu":5}`},
		{"the only one of that name goes", `{"gpu":3}`, `{"gpu":5}`},
		{"the last one of that name goes", `{"b":2, "gpu":3}`, `{"b":2,"gpu":5}`},
		{"an inner one stays", `{"a":{"gpu":3}}`, `{"a":{"gpu":3},"gpu":5}`},
		{"a text that looks like one stays", `{"a":"\"gpu\":3"}`, `{"a":"\"gpu\":3","gpu":5}`},
		{"twice the same", `{"gpu":1,"gpu":2}`, `{"gpu":5}`},
	} {
		in := []byte(c.in)
		got, err := Splice(in, "gpu", 5)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: Splice(%s) = %s, %v; want %s", c.why, c.in, got, err, c.want)
		}
		if string(in) != c.in {
			t.Errorf("%s: the line itself changed to %s", c.why, in)
		}
	}
	if got, err := Splice([]byte(`[1]`), "gpu", 5); err == nil {
		t.Errorf("Splice([1]) = %s", got)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	in := `{"time":"2026-11-23T12:00:00.000000000Z","type":"run","v":1,"run":"A","tool":"aiperf-load","host":"h"}
{"time":"2026-11-23T12:00:00.000000000Z","type":"run","v":1,"run":"B","tool":"aiperf-scrape"}
{"time":"2026-11-23T12:00:00.000000000Z","type":"end","v":1,"run":"B","reason":"complete"}
`
	var r Runs
	for l, err := range Read(strings.NewReader(in), "f") {
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]RunState{{Run: "A", Tool: "aiperf-load", Host: "h", File: "f"}}, r.Partial()); diff != "" {
		t.Errorf("Partial (-want +got):\n%s", diff)
	}
	if len(r.All()) != 2 {
		t.Errorf("All = %+v", r.All())
	}
}

// Whatever is read can be written and read again, the same to the byte, and
// however the reads are cut.
func FuzzRead(f *testing.F) {
	f.Add([]byte(head + "}\n" + head + `,"a":[1,"é"]}` + "\r\n\nnot json\n" + head))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines, _ := readAll(bytes.NewReader(in))
		written := strings.Join(lines, "\n")
		again, errs := readAll(strings.NewReader(written))
		if errs != nil || !cmp.Equal(lines, again) {
			t.Errorf("read %q, wrote it, and read %q, %q", lines, again, errs)
		}
		cut, _ := readAll(iotest.OneByteReader(bytes.NewReader(in)))
		if !cmp.Equal(lines, cut) {
			t.Errorf("read whole %q, byte by byte %q", lines, cut)
		}
	})
}

// A spliced line is JSON, has the new value, and else what it had.
func FuzzSplice(f *testing.F) {
	f.Add([]byte(`{"gpu":1,"a":{"gpu":[]},"b":"x"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var before map[string]json.RawMessage
		if json.Unmarshal(in, &before) != nil || before == nil {
			return
		}
		out, err := Splice(in, "gpu", "new")
		if err != nil {
			t.Fatalf("Splice(%q): %v", in, err)
		}
		var after map[string]json.RawMessage
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("Splice(%q) = %q: %v", in, out, err)
		}
		before["gpu"] = json.RawMessage(`"new"`)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("Splice(%q) = %q:\n%s", in, out, diff)
		}
	})
}

// go test -run=^$ -bench=Read ./pkg/record
func BenchmarkRead(b *testing.B) {
	line, err := Append(nil, &Request{Run: "R", ID: "1", Phase: Profiling, Model: "m", Start: 1, Took: new(1.9), TTFT: new(0.08),
		Gaps: make(Gaps, 200), Chunks: 200, Tokens: &Tokens{In: new(100), Out: new(200), Source: FromUsage}})
	if err != nil {
		b.Fatal(err)
	}
	in := bytes.Repeat(line, 1000)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Read(bytes.NewReader(in), "f") {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// go test -run=^$ -bench=Append ./pkg/record
func BenchmarkAppend(b *testing.B) {
	gaps := make(Gaps, 200)
	for i := range gaps {
		gaps[i] = 0.009 + float64(i)*1e-6
	}
	r := &Request{Run: "R", ID: "1", Phase: Profiling, Model: "m", Start: 1, Took: new(1.9), TTFT: new(0.08), Gaps: gaps}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = Append(buf[:0], r); err != nil {
			b.Fatal(err)
		}
	}
}
