package join

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestParseOffset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, in, key string
		by           time.Duration
		err          string
	}{
		{"a host", "node1=+12ms", "node1", 12 * time.Millisecond, ""},
		{"backwards", "node1=-1.5s", "node1", -1500 * time.Millisecond, ""},
		{"without a sign", "node1=250us", "node1", 250 * time.Microsecond, ""},
		{"nothing", "node1=0", "node1", 0, ""},
		{"a path with an equals sign", "a=b/gpu.ndjson=1m", "a=b/gpu.ndjson", time.Minute, ""},
		{"no duration", "node1", "", 0, "not of the form KEY=DURATION"},
		{"no key", "=1s", "", 0, "not of the form KEY=DURATION"},
		{"no unit", "node1=12", "", 0, `"12" is no duration, as +12ms`},
		{"empty", "node1=", "", 0, `"" is no duration`},
		{"too much", "node1=9999999h", "", 0, "is no duration"},
	} {
		key, by, err := ParseOffset(c.in)
		if err != nil || c.err != "" {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %q gives %v, want %s", c.why, c.in, err, c.err)
			}
			continue
		}
		if key != c.key || by != c.by {
			t.Errorf("%s: %q is %q, %v", c.why, c.in, key, by)
		}
	}
}

func FuzzParseOffset(f *testing.F) {
	for _, s := range []string{"node1=+12ms", "a=b=-1.5s", "=1s", "n=", "n=1e9h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		key, by, err := ParseOffset(in)
		if err != nil {
			return
		}
		if again, d, err := ParseOffset(key + "=" + by.String()); err != nil || again != key || d != by {
			t.Fatalf("%q is %q and %v, which are %q and %v: %v", in, key, by, again, d, err)
		}
	})
}

func TestShiftAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want string }{
		{"nanoseconds stay", `{"time":"2026-11-23T12:00:00.123456789Z","type":"x","v":1}`, `{"time":"2026-11-23T12:00:01.500456789Z","type":"x","v":1}`},
		{"over midnight", `{"time":"2026-12-31T23:59:59.900000001Z","type":"x","v":1}`, `{"time":"2027-01-01T00:00:01.277000001Z","type":"x","v":1}`},
		{"all instants, and nothing else",
			`{"time":"2026-11-23T12:00:01.000000000Z","type":"request","v":1,"id":"2026-11-23T12:00:01.000000000Z", "start" : "2026-11-23T12:00:00.000000000Z","took":1e-3,"mine":{"start":"2026-11-23T12:00:00.000000000Z"},"é":"\u00e9"}`,
			`{"time":"2026-11-23T12:00:02.377000000Z","type":"request","v":1,"id":"2026-11-23T12:00:01.000000000Z", "start" : "2026-11-23T12:00:01.377000000Z","took":1e-3,"mine":{"start":"2026-11-23T12:00:00.000000000Z"},"é":"\u00e9"}`},
		{"of an energy", `{"time":"2026-11-23T12:00:01.000000000Z","type":"energy","v":1,"from":"2026-11-23T12:00:00.000000000Z","to":"2026-11-23T12:00:01.000000000Z"}`,
			`{"time":"2026-11-23T12:00:02.377000000Z","type":"energy","v":1,"from":"2026-11-23T12:00:01.377000000Z","to":"2026-11-23T12:00:02.377000000Z"}`},
		{"of a reading", `{"time":"2026-11-23T12:00:01.000000000Z","type":"gpu","v":1,"taken":"2026-11-23T12:00:00.000000000Z","fields":{}}`,
			`{"time":"2026-11-23T12:00:02.377000000Z","type":"gpu","v":1,"taken":"2026-11-23T12:00:01.377000000Z","fields":{}}`},
		{"of a regime", `{"time":"2026-11-23T12:00:01.000000000Z","type":"note","v":1,"code":"regime","regime":{"name":"idle","from":"2026-11-23T12:00:00.000000000Z","seconds":1}}`,
			`{"time":"2026-11-23T12:00:02.377000000Z","type":"note","v":1,"code":"regime","regime":{"name":"idle","from":"2026-11-23T12:00:01.377000000Z","seconds":1}}`},
		{"keys of other meaning", `{"time":"2026-11-23T12:00:01.000000000Z","type":"mail","v":1,"from":"me","to":["you"],"start":5,"taken":null}`,
			`{"time":"2026-11-23T12:00:02.377000000Z","type":"mail","v":1,"from":"me","to":["you"],"start":5,"taken":null}`},
		{"other forms become those of records", `{"type":"x","v":1,"start":"2026-11-23T12:00:00+01:00","time":"2026-11-23\u005412:00:01Z"}`,
			`{"type":"x","v":1,"start":"2026-11-23T11:00:01.377000000Z","time":"2026-11-23T12:00:02.377000000Z"}`},
		{"keys in any case, as decoders take them", `{"Time":"2026-11-23T12:00:01Z","type":"request","\u017ftart":"2026-11-23T12:00:00Z"}`,
			`{"Time":"2026-11-23T12:00:02.377000000Z","type":"request","\u017ftart":"2026-11-23T12:00:01.377000000Z"}`},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			got, errs := passed(ShiftAll(record.Read(strings.NewReader(c.in), "f"), 1377*time.Millisecond))
			if diff := cmp.Diff(c.want+"\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if errs != nil {
				t.Error(errs)
			}
		})
	}
	got, errs := passed(ShiftAll(record.Read(strings.NewReader(stream("01 a")), "f"), 1<<63-1))
	if got != stream("01 a") || len(errs) != 1 || !strings.Contains(errs[0], "f:1: move 2026-11-23T12:00:01.000000000Z by 2562047h47m16.854775807s: the result is out of range") {
		t.Errorf("out of range: %s%v", got, errs)
	}
}

// There and back again is where it was.
func TestShiftBack(t *testing.T) {
	t.Parallel()
	requests, gpus := load(t, 50)
	all := sorted(append(requests, gpus...))
	for _, by := range []time.Duration{1, -1, 12 * time.Millisecond, -1500 * time.Millisecond, 400 * 24 * time.Hour, 999999999} {
		got, errs := passed(ShiftAll(ShiftAll(seq(all), by), -by))
		if diff := cmp.Diff(text(all), got); diff != "" || errs != nil {
			t.Errorf("%v: %v (-want +got):\n%s", by, errs, diff)
		}
	}
}

func TestShiftHosts(t *testing.T) {
	t.Parallel()
	const second = `{"time":"2026-11-23T12:00:01.000000000Z","type":`
	const moved = `{"time":"2026-11-23T12:00:02.000000000Z","type":`
	const before = `{"time":"2026-11-23T12:00:00.000000000Z","type":`
	offsets := map[string]time.Duration{"a": time.Second, "b": -time.Second}
	for _, c := range []struct {
		why    string
		lines  []string // behind their beginning
		begin  []string // what their beginning becomes
		seen   []string
		unused []string
	}{
		{"a GPU of the host", []string{`"gpu","v":1,"source":"s","host":"a"}`}, []string{moved}, []string{"a"}, []string{"b"}},
		{"a GPU of another", []string{`"gpu","v":1,"source":"s","host":"c"}`}, []string{second}, []string{"c"}, []string{"a", "b"}},
		{"lines of a run", []string{`"run","v":1,"run":"A","host":"a"}`, `"begin","v":1,"run":"A"}`, `"begin","v":1,"run":"B"}`, `"end","v":1,"run":"A"}`},
			[]string{moved, moved, moved, moved}, []string{"a"}, []string{"b"}},
		{"runs of two hosts", []string{`"run","v":1,"run":"A","host":"a"}`, `"run","v":1,"run":"B","host":"b"}`, `"request","v":1,"run":"B"}`, `"request","v":1,"run":"A"}`,
			`"request","v":1,"run":"C"}`}, []string{moved, before, before, moved, second}, []string{"a", "b"}, nil},
		{"a run of another host is not that of the source", []string{`"run","v":1,"run":"A","host":"c"}`, `"note","v":1,"run":"A","source":"http://a/metrics"}`},
			[]string{second, second}, []string{"c"}, []string{"a", "b"}},
		{"a source goes with its GPUs", []string{`"gpu","v":1,"source":"s","host":"b"}`, `"scrape","v":1,"source":"s"}`, `"scrape","v":1,"source":"t"}`},
			[]string{before, before, second}, []string{"b"}, []string{"a"}},
		{"the host in the URL of a source", []string{`"server","v":1,"source":"http://a:8000/metrics"}`, `"scrape","v":1,"source":"://"}`}, []string{moved, second}, nil, []string{"b"}},
		{"a scraper's host moves what it has read of others", []string{`"run","v":1,"run":"A","host":"a"}`, `"gpu","v":1,"source":"http://c:9400/metrics","host":"c"}`, `"scrape","v":1,"source":"http://c:9400/metrics"}`},
			[]string{moved, moved, moved}, []string{"a", "c"}, []string{"b"}},
		{"but the GPU's own host comes first", []string{`"run","v":1,"run":"A","host":"a"}`, `"gpu","v":1,"source":"s","host":"b"}`, `"scrape","v":1,"source":"s"}`},
			[]string{moved, before, before}, []string{"a", "b"}, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var in, want strings.Builder
			for i, l := range c.lines {
				in.WriteString(second + l + "\n")
				want.WriteString(c.begin[i] + l + "\n")
			}
			o := NewOffsets(offsets)
			got, errs := passed(o.Shift(record.Read(strings.NewReader(in.String()), "f")))
			if diff := cmp.Diff(want.String(), got); diff != "" || errs != nil {
				t.Errorf("%v (-want +got):\n%s", errs, diff)
			}
			if diff := cmp.Diff(c.seen, o.Seen()); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.unused, o.Unused()); diff != "" {
				t.Errorf("unused (-want +got):\n%s", diff)
			}
		})
	}
	if got := NewOffsets(offsets).Spread(); got != 2*time.Second {
		t.Errorf("spread %v", got)
	}
	if got := NewOffsets(map[string]time.Duration{"a": -3}).Spread(); got != 3 {
		t.Errorf("spread %v", got)
	}
}

// A stream of several hosts is in order again behind a Reorder whose window is
// the spread, even from the first line on.
func TestShiftReordered(t *testing.T) {
	t.Parallel()
	var mixed []record.Line
	for i := range 500 {
		host := []string{"a", "b", "c"}[i%3]
		g := &record.GPU{Source: host, Host: host, Taken: at(float64(i) * 0.01)}
		g.Time = at(float64(i)*0.01 + 0.001)
		mixed = append(mixed, line(t, g))
	}
	o := NewOffsets(map[string]time.Duration{"a": 700 * time.Millisecond, "b": -300 * time.Millisecond})
	var inputs []iter.Seq2[record.Line, error]
	for _, l := range mixed { // each line alone cannot be out of order
		inputs = append(inputs, o.Shift(seq([]record.Line{l})))
	}
	want, _ := passed(Merge(inputs...))
	got, errs := passed(Merge(Reorder(o.Shift(seq(mixed)), Holding{Start: o.Spread()})))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(errs) != 1 || !strings.HasPrefix(errs[0], "info reordered") {
		t.Error(errs)
	}
}

// What is moved stays a record, the same one but for its instants.
func FuzzShift(f *testing.F) {
	requests, gpus := load(f, 1)
	for _, l := range slices.Concat(requests, gpus[:1]) {
		f.Add(l.Raw, int64(1377e6))
	}
	f.Add([]byte(`{"type":"x","time":"2026-11-23T12:00:00Z","Time":"2026-11-23\u005412:00:01Z","taken":["time"],"\u017ftart":"2026-11-23T12:00:00Z"}`), int64(-5))
	f.Add([]byte(`{"time":"2261-12-31T23:59:59.999999999Z","type":"energy","v":1,"from":"1678-01-01T00:00:00Z","to":"x"}`), int64(1))
	f.Fuzz(func(t *testing.T, raw []byte, by int64) {
		var l record.Line
		for in, err := range record.Read(bytes.NewReader(raw), "f") {
			if err != nil {
				return
			}
			l = in
		}
		if l.Raw == nil {
			return
		}
		l.Raw = slices.Clone(l.Raw) // its capacity is another now
		got, err := move(l, time.Duration(by))
		if err != nil {
			if !bytes.Equal(got.Raw, l.Raw) || got.Time != l.Time {
				t.Fatalf("%v, but it was changed", err)
			}
			return
		}
		if !json.Valid(got.Raw) {
			t.Fatalf("%q is no JSON any more", got.Raw)
		}
		var a, b map[string]any
		if json.Unmarshal(l.Raw, &a) != nil || json.Unmarshal(got.Raw, &b) != nil {
			t.Fatalf("%q became %q", l.Raw, got.Raw)
		}
		for key, v := range a {
			if s, ok := v.(string); ok && isInstant([]byte(key)) {
				if at, err := record.ParseTime(s); err == nil && by != 0 {
					a[key] = (at + record.Time(by)).String()
				}
			}
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		for again, err := range record.Read(bytes.NewReader(got.Raw), "f") {
			if err != nil || again.Type != l.Type {
				t.Fatalf("%q is no such record any more: %v", got.Raw, err)
			}
		}
	})
}
