package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// A line that a decoder takes is scanned to the same values; one that is not
// refused by either gives no more than an error.
func FuzzScan(f *testing.F) {
	f.Add(good)
	f.Add(failed)
	f.Add(profiled + `"took":1e-3,"ttft":0.25,"ttfo":0.5,"late":1E2,"gaps":[0.25, 1e-9,0.000001,12345678901.25,-1],"chunks":9,"tokens":{"in":1,"cached":1,"out":2,"reasoning":1,"asked":7,"source":"usage","in_source":"tokenizer"},"bytes":{"sent":1,"received":2},"http":{"status":200,"reused":true,"blocked":0.1,"dns":0.2,"connect":0.3,"tls":0.4,"sent":0.5,"first_byte":0.6},"gpu":{"energy":2.5,"share":"equal"}}`)
	f.Add(profiled + `"took":null,"gaps":[],"tokens":null,"error":null,"model":"\u00e9\"x"}`)
	f.Add(profiled + `"took":"1"}`)
	f.Add(profiled + `"gaps":[1,[2]],"http":[],"gpu":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		for l, err := range record.Read(strings.NewReader(text), "f") {
			if err != nil || l.Type != record.TypeRequest {
				continue
			}
			var r request
			if err := r.scan(l); err != nil {
				continue
			}
			if _, err := r.failed(l); err != nil {
				continue
			}
			var want record.Request
			if json.Unmarshal(l.Raw, &want) == nil && plainKeys(l.Raw) {
				compareScan(t, &r, &want)
			}
		}
	})
}

// plainKeys tells whether each key is there once and in small letters, for a
// decoder takes other spellings too.
func plainKeys(raw []byte) bool {
	seen := map[string]bool{}
	for key, v := range record.Keys(raw) {
		k := strings.ToLower(string(key))
		if seen[k] || k != string(key) {
			return false
		}
		seen[k] = true
		if len(v) > 0 && v[0] == '{' && !plainKeys([]byte(v)) {
			return false
		}
	}
	return true
}

func compareScan(t *testing.T, r *request, want *record.Request) {
	t.Helper()
	same := func(name string, got float64, want *float64) {
		if want == nil && got == got || want != nil && got != *want {
			t.Errorf("%s is %v", name, got)
		}
	}
	same("took", r.took, want.Took)
	same("ttft", r.ttft, want.TTFT)
	same("late", r.late, want.Late)
	if want.HTTP != nil {
		same("first_byte", r.firstByte, want.HTTP.FirstByte)
		same("sent", r.sent, want.HTTP.Sent)
	}
	if s, _ := r.phase.Text(); s != want.Phase {
		t.Errorf("phase is %q, want %q", s, want.Phase)
	}
	if r.start != want.Start {
		t.Errorf("start is %v, want %v", r.start, want.Start)
	}
	if n := max(0, len(want.Gaps)-1); len(r.gaps) != n {
		t.Errorf("%d gaps, want %d", len(r.gaps), n)
		return
	}
	for i, ns := range r.gaps {
		g := want.Gaps[i+1]
		if math.Abs(g) < 1e6 && math.Abs(float64(ns)-g*1e9) > 0.5+1e-6*math.Abs(g) {
			t.Errorf("gap %d is %d ns, want %v s", i, ns, g)
		}
	}
	if k := want.Tokens; k != nil && k.Out != nil && *k.Out >= 0 && *k.Out <= math.MaxInt32 && r.out != *k.Out {
		t.Errorf("%d output tokens, want %d", r.out, *k.Out)
	}
}

// Eight digits at once are those digits, whatever stands behind them.
func TestShortSeconds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text string
		ns        int64
		n         int
	}{
		{"six places", "0.009312,0.01", 9312000, 8},
		{"one place", "3.5,0.123456", 3.5e9, 3},
		{"eight places", "0.12345678,1", 123456780, 10},
		{"eight places at the end", "9.99999999", 9999999990, 10},
		{"nine places", "0.123456789,1", 0, 0},
		{"no point", "12,0.123456", 0, 0},
		{"no places", "1.,0.1234567", 0, 0},
		{"an exponent", "0.1e-3,0.123", 0, 0},
		{"a blank", "0.1 ,0.12345", 0, 0},
		{"two digits before the point", "10.5,0.12345", 0, 0},
		{"a sign", "-0.5,0.12345", 0, 0},
		{"letters near the digits", "0.12:4,0.12", 0, 0},
		{"what is before the digits", "0.12/4,0.12", 0, 0},
		{"too near the end to be read at once", "0.5", 0, 0},
		{"high bytes", "0.1\xb2\xb34,0.1", 0, 0},
	} {
		if ns, n := short64([]byte(c.text)); ns != c.ns || n != c.n {
			t.Errorf("%s: %q gives %d ns of %d bytes, want %d of %d", c.why, c.text, ns, n, c.ns, c.n)
		}
	}
}

// What makes no sense is refused with its key.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, keys, says string }{
		{"a text for a number", `"took":"1"`, `"took" of a request makes no sense: "1"`},
		{"a number for a text", `"phase":1`, `"phase" of a request makes no sense: 1`},
		{"less than no time", `"took":-1`, `"took" of a request makes no sense: -1`},
		{"a time that no clock measures", `"ttft":1e300`, `"ttft" of a request makes no sense: 1e300`},
		{"no instant", `"start":"yesterday"`, `"start" of a request`},
		{"gaps that are no list", `"gaps":3`, `"gaps" of a request`},
		{"a gap that is no number", `"gaps":[0.1,"x"]`, `"gaps" of a request`},
		{"an error that is none", `"error":3`, "error of a request"},
		{"tokens that are none", `"tokens":[1]`, `"tokens" of a request`},
	} {
		line := at + `"type":"request","v":1,"run":"R","id":"1","phase":"profiling","start":"2026-11-23T12:00:00.000000000Z",` + c.keys + "}\n"
		var b Builder
		for l, err := range record.Read(strings.NewReader(line), "f") {
			if err != nil {
				t.Fatal(err)
			}
			err = b.Add(l)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "f:1: ") {
				t.Errorf("%s: %v, want %q", c.why, err, c.says)
			}
		}
		if r := b.Report(); !strings.Contains(r.Notes[0].Message, "1 line could not be read") {
			t.Errorf("%s: the report does not tell of the line: %v", c.why, r.Notes)
		}
	}
}

// go test -run '^$' -bench Add ./pkg/report
func BenchmarkAdd(b *testing.B) {
	gaps := strings.Repeat(",0.009312", 200)
	line := profiled + `"took":2,"ttft":0.1,"gaps":[0.1` + gaps + `],"chunks":201,"tokens":{"in":100,"out":201,"source":"usage"},"http":{"status":200,"reused":true,"sent":0.00001,"first_byte":0.09},"gpu":{"energy":12.5}}`
	var l record.Line
	for x, err := range record.Read(strings.NewReader(line), "f") {
		if err != nil {
			b.Fatal(err)
		}
		l = x
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var to Builder
	for b.Loop() {
		if err := to.Add(l); err != nil {
			b.Fatal(err)
		}
	}
}
