package artifact

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

const (
	meta    = `{"metadata":{"session_num":7,"x_request_id":"a","turn_index":0,"request_start_ns":1764000000000000000,"request_end_ns":1764000002000000000,"benchmark_phase":"profiling"},`
	gpuLine = `{"timestamp_ns":1764000000500000000,"dcgm_url":"http://n:9400/metrics","gpu_index":0,"gpu_uuid":"GPU-1","telemetry_data":{"gpu_power_usage":100.5}}`
	ourLine = `{"time":"2025-11-24T16:00:00.000000000Z","type":"note","v":1,"level":"info","code":"x","message":"y"}`
)

// lines are what Records yields, each as text or as its error.
func lines(r io.Reader) (list []string) {
	for l, err := range Records(r, "f") {
		if err != nil {
			list = append(list, "error: "+err.Error())
			continue
		}
		list = append(list, string(l.Raw))
	}
	return list
}

// What is none of AIPerf's files is read as package record reads it.
func TestRecordsPassOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		why string
		r   func() io.Reader
	}{
		{"nothing", func() io.Reader { return strings.NewReader("") }},
		{"blank lines", func() io.Reader { return strings.NewReader("\n \n\r\n") }},
		{"records", func() io.Reader { return strings.NewReader(ourLine + "\n" + ourLine + "\n") }},
		{"blank lines first", func() io.Reader { return strings.NewReader("\n \n" + ourLine + "\n") }},
		{"no newline at the end", func() io.Reader { return strings.NewReader(ourLine) }},
		{"in pieces", func() io.Reader { return iotest.OneByteReader(strings.NewReader("\n" + ourLine + "\n" + ourLine)) }},
		{"keys in another order", func() io.Reader {
			return strings.NewReader(`{"type":"note","time":"2025-11-24T16:00:00Z","v":1}` + "\n" + ourLine)
		}},
		{"a line of AIPerf's behind a record", func() io.Reader { return strings.NewReader(ourLine + "\n" + gpuLine + "\n") }},
		{"no JSON", func() io.Reader { return strings.NewReader("hello\nworld\n") }},
		{"nearly a table", func() io.Reader { return strings.NewReader("Moss\n") }},
		{"half a line", func() io.Reader { return strings.NewReader(ourLine + "\n" + `{"time":"20`) }},
		{"half a first line", func() io.Reader { return strings.NewReader(`{"ti`) }},
		{"an object over several lines", func() io.Reader { return strings.NewReader("{\n\"a\": 1,\n\"b\": 2,\n\"c\": 3,\n\"d\": 4\n}\n") }},
		{"a brace and no more", func() io.Reader { return strings.NewReader("{\n") }},
		{"an object of something else", func() io.Reader { return strings.NewReader(`{"metadata":{}}` + "\n") }},
		{"no object", func() io.Reader { return strings.NewReader("[1]\n") }},
		{"a read error", func() io.Reader { return io.MultiReader(strings.NewReader(ourLine+"\n"), iotest.ErrReader(broken)) }},
		{"a read error in the first line", func() io.Reader { return io.MultiReader(strings.NewReader(`{"x`), iotest.ErrReader(broken)) }},
		{"a read error at once", func() io.Reader { return iotest.ErrReader(broken) }},
		{"cut compressed data", func() io.Reader {
			return io.MultiReader(strings.NewReader(`{"x`), iotest.ErrReader(io.ErrUnexpectedEOF))
		}},
		{"data and error together", func() io.Reader { return iotest.DataErrReader(strings.NewReader(ourLine)) }},
		{"a reader that gives nothing", func() io.Reader { return stuck{} }},
	} {
		var want []string
		for l, err := range record.Read(c.r(), "f") {
			if err != nil {
				want = append(want, "error: "+err.Error())
				continue
			}
			want = append(want, string(l.Raw))
		}
		if diff := cmp.Diff(want, lines(c.r())); diff != "" {
			t.Errorf("%s: Records differs from record.Read (-want +got):\n%s", c.why, diff)
		}
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// The first line comes out before anything behind it was written.
func TestRecordsDoNotWait(t *testing.T) {
	t.Parallel()
	for _, first := range []string{ourLine, gpuLine} {
		r, w := io.Pipe()
		go io.WriteString(w, first+"\n")
		n := 0
		for _, err := range Records(r, "f") {
			if err != nil {
				t.Fatal(err)
			}
			if n++; first == ourLine || n == 2 { // the run comes first
				break
			}
		}
		r.Close()
	}
}

// Files of AIPerf's that hold none of what is wanted are told by name, and lines
// that make no sense are skipped.
func TestRecordsErrors(t *testing.T) {
	t.Parallel()
	short := func(s []string) []string {
		for i := range s {
			if !strings.HasPrefix(s[i], "error: ") {
				s[i] = s[i][strings.Index(s[i], `"type":"`)+8:]
				s[i] = s[i][:strings.Index(s[i], `"`)]
			}
		}
		return s
	}
	const notOne = "not a line of AIPerf's profile_export, gpu_telemetry_export or server_metrics_export"
	for _, c := range []struct {
		why, in string
		want    []string
	}{
		{"the summary", "{\n  \"schema_version\": \"1.4\",\n  \"aiperf_version\": \"0.13.0\",\n", []string{"error: read f: " + wanted[formSummary]}},
		{"the summary on one line", `{"schema_version":"1.5","aiperf_version":"0.13.0"}` + "\n", []string{"error: read f: " + wanted[formSummary]}},
		{"the table", "Metric,avg,min,max\r\nx,1,2,3\r\n", []string{"error: read f: " + wanted[formTable]}},
		{"the inputs", "{\n  \"data\": [\n    {\n      \"session_id\": \"a\",\n", []string{"error: read f: " + wanted[formInputs]}},
		{"raw requests", meta + `"start_perf_ns":1,"responses":[]}` + "\n", []string{"error: read f: " + wanted[formRaw]}},
		{"a raw request among others", gpuLine + "\n" + meta + `"responses":[]}` + "\n", []string{"run", "gpu",
			"error: f:2: " + wanted[formRaw], "end"}},
		{"no JSON among lines", gpuLine + "\n\noops\n" + gpuLine + "\n", []string{"run", "gpu", `error: f:3: not JSON: "oops"`, "gpu", "end"}},
		{"a record among lines", gpuLine + "\n" + ourLine + "\n", []string{"run", "gpu",
			"error: f:2: " + notOne, "end"}},
		{"requests and readings in one", meta + `"metrics":{}}` + "\n" + gpuLine + "\n", []string{"run", "request", "gpu", "end"}},
		{"no newline at the end", gpuLine, []string{"run", "gpu", "end"}},
		{"half a last line", gpuLine + "\n" + `{"timestamp_ns":17`, []string{"run", "gpu",
			`error: f:2: the stream breaks off in the middle of a line, which is skipped`}},
	} {
		if diff := cmp.Diff(c.want, clip(short(lines(strings.NewReader(c.in))))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// clip cuts excerpts of objects off.
func clip(s []string) []string {
	for i := range s {
		s[i], _, _ = strings.Cut(s[i], `: "{`)
	}
	return s
}

// A stream that cannot be read to its end has no end record, and is partial.
func TestRecordsBreakOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		err  error
		want string
	}{
		{"compressed data ends", io.ErrUnexpectedEOF, "f:2: the stream breaks off: compressed data ends early; what came before is kept"},
		{"a disk fails", errors.New("bad sector"), "read f: bad sector"},
	} {
		var runs record.Runs
		var said error
		for l, err := range Records(io.MultiReader(strings.NewReader(gpuLine+"\n"), iotest.ErrReader(c.err)), "f") {
			if err != nil {
				said = err
				continue
			}
			if err := runs.Add(l); err != nil {
				t.Fatal(err)
			}
		}
		if said == nil || said.Error() != c.want || len(runs.Partial()) != 1 {
			t.Errorf("%s: %v, partial runs %v; want %q and one", c.why, said, runs.Partial(), c.want)
		}
	}
}

// Lines longer than the buffer, and an early end of the loop.
func TestRecordsLong(t *testing.T) {
	t.Parallel()
	long := meta + `"metrics":{"inter_chunk_latency":{"value":[` + strings.Repeat("1.5,", 100_000) + `2.5],"unit":"ms"},"time_to_first_token":{"value":3,"unit":"ms"}}}`
	n := 0
	for l, err := range Records(strings.NewReader(long+"\n"+gpuLine+"\n"), "f") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			var r record.Request
			if err := l.Decode(&r); err != nil {
				t.Fatal(err)
			}
			if len(r.Gaps) != 100_002 || r.Gaps[100_001] != 0.0025 {
				t.Errorf("%d gaps, the last one %v", len(r.Gaps), r.Gaps[len(r.Gaps)-1])
			}
			break
		}
	}
}

// The same file gives the same bytes, however it is read, and they are records.
func TestRecordsOfTestdata(t *testing.T) {
	t.Parallel()
	for _, name := range testdata {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := lines(bytes.NewReader(b))
		if diff := cmp.Diff(want, lines(iotest.HalfReader(bytes.NewReader(b)))); diff != "" {
			t.Errorf("%s: read in halves it differs (-want +got):\n%s", name, diff)
		}
		if n := bytes.Count(b, []byte("\n")); len(want) != n+2 {
			t.Errorf("%s: %d lines gave %d records, want two more", name, n, len(want))
		}
		for l, err := range record.Read(strings.NewReader(strings.Join(want, "\n")), name) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if err := decodes(l); err != nil {
				t.Error(err)
			}
		}
	}
}

const testdataDir = "testdata/aiperf-0.13/"

var testdata = []string{
	testdataDir + "run/profile_export.jsonl", testdataDir + "run/gpu_telemetry_export.jsonl", testdataDir + "run/server_metrics_export.jsonl",
	testdataDir + "failures/profile_export.jsonl", testdataDir + "failures/gpu_telemetry_export.jsonl",
}

// decodes decodes a line strictly.
func decodes(l record.Line) error {
	v := map[string]record.Record{
		record.TypeRun: &record.Run{}, record.TypeEnd: &record.End{}, record.TypeRequest: &record.Request{},
		record.TypeGPU: &record.GPU{}, record.TypeServer: &record.Server{},
	}[l.Type]
	if v == nil {
		return l.Errorf("a record of type %q", l.Type)
	}
	return l.Decode(v)
}

// Whatever comes in, each line that comes out is a record that its type
// decodes, or a LineError; only the last error may be another.
func FuzzRecords(f *testing.F) {
	for _, name := range testdata {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:bytes.IndexByte(b, '\n')+1])
	}
	for _, s := range []string{ourLine, gpuLine, meta + `"error":{"code":499}}`, "{\n\"aiperf_version\":1\n", "Metric,avg,\n", meta + `"metrics":{"request_latency":{"value":1e300,"unit":"ms"}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		last := false
		for l, err := range Records(bytes.NewReader(b), "f") {
			var bad *record.LineError
			switch {
			case last:
				t.Fatal("something follows an error that is not of a line")
			case err != nil:
				last = !errors.As(err, &bad)
			default:
				for again, err := range record.Read(bytes.NewReader(l.Raw), "f") {
					if err != nil || again.Header != l.Header {
						t.Fatalf("%+v, %v; want %+v", again.Header, err, l.Header)
					}
				}
				if sniff(&peeked{r: bytes.NewReader(b)}) != formOurs {
					if err := decodes(l); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

// go test -run '^$' -bench Records ./pkg/artifact
func BenchmarkRecords(b *testing.B) {
	for _, name := range testdata[:3] {
		b.Run("file="+strings.TrimSuffix(name[strings.LastIndex(name, "/")+1:], ".jsonl"), func(b *testing.B) {
			one, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			const times = 200
			in := bytes.Repeat(one, times)
			lines := bytes.Count(in, []byte("\n"))
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range Records(bytes.NewReader(in), "f") {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lines), "ns/line")
		})
	}
}
