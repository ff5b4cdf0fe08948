package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// buildWith is the report on a stream. What cannot be read of it is logged.
func buildWith(t testing.TB, o Options, stream string) *Report {
	t.Helper()
	return reportOn(o, stream, func(err error) { t.Log(err) })
}

func reportOn(o Options, stream string, broken func(error)) *Report {
	b := Builder{Options: o}
	for l, err := range record.Read(strings.NewReader(stream), "f") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			broken(err)
		}
	}
	return b.Report()
}

// ask is a request of some model that began so many seconds after 12:00.
func ask(model string, at, took, ttft float64, out int, more string) string {
	start := record.Time(1795435200e9).Add(at)
	return fmt.Sprintf(`{"time":"%s","type":"request","v":1,"run":"R","id":"1","phase":"profiling","model":%q,"start":"%s","took":%g,"ttft":%g,"tokens":{"in":10,"out":%d,"source":"usage"}%s}`+"\n",
		start.Add(took), model, start, took, ttft, out, more)
}

func TestParseGoodput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, fails string }{
		{"AIPerf's example", "request_latency:250 inter_token_latency:10", ""},
		{"commas", "request_latency:250,time_to_first_token:1.5", ""},
		{"nothing", " ", "no objective"},
		{"no value", "request_latency", "no colon"},
		{"no number", "request_latency:fast", "no number"},
		{"no metric", "speed:3", `"speed" is no metric of a request`},
		{"a total is no metric of a request", "goodput:3", "no metric of a request"},
		{"the same twice", "request_latency:1 request_latency:2", "two objectives for request_latency"},
		{"not a number", "request_latency:nan", "no number"},
	} {
		_, err := ParseGoodput(c.text)
		if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, want %q", c.why, err, c.fails)
		}
	}
}

// What is read is what is written, and nothing else is taken.
func FuzzParse(f *testing.F) {
	f.Add("request_latency:250 inter_token_latency:10")
	f.Add("model, url")
	f.Add("gpu,label.pod")
	f.Add("request_latency:1e300,time_to_first_token:-0")
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := ParseGoodput(text); err == nil {
			var words []string
			for _, o := range list {
				words = append(words, o.String())
			}
			again, err := ParseGoodput(strings.Join(words, " "))
			if err != nil || !slices.Equal(list, again) {
				t.Errorf("%v is read back as %v, %v", list, again, err)
			}
		}
		if keys, err := ParseBy(text); err == nil {
			again, err := ParseBy(strings.Join(keys, ","))
			if err != nil || !slices.Equal(keys, again) {
				t.Errorf("%q is read back as %q, %v", keys, again, err)
			}
		}
	})
}

// A good request meets all objectives: at most for latencies, at least for
// throughputs; in shown units; not measured is not met.
func TestGoodput(t *testing.T) {
	t.Parallel()
	const bad = `,"error":{"class":"status","code":500}`
	stream := ask("m", 0, 1, 0.1, 10, "") + ask("m", 1, 2, 0.1, 10, "") + ask("m", 2, 1, 0.1, 1, "") + ask("m", 3, 1, 0.1, 10, bad)
	for _, c := range []struct {
		why, objectives string
		good            float64
	}{
		{"just met", "request_latency:1000", 2},
		{"missed by all", "request_latency:999", 0},
		{"one token has no gap to be measured", "request_latency:1000 inter_token_latency:100", 1},
		{"throughput is met from above", "output_token_throughput_per_user:9", 1},
		{"length", "output_sequence_length:10", 2},
	} {
		o, err := ParseGoodput(c.objectives)
		if err != nil {
			t.Fatal(err)
		}
		r := buildWith(t, Options{Goodput: o}, stream)
		n, rate, part := r.value("good_request_count"), r.value("goodput"), r.value("good_request_fraction")
		if n != c.good || math.Abs(rate-c.good/3) > 1e-12 || math.Abs(part-c.good/4) > 1e-12 {
			t.Errorf("%s: %v good, %v a second, a part of %v; want %v", c.why, n, rate, part, c.good)
		}
	}
}

// What was cancelled on purpose is neither answered nor failed, but it was in
// flight.
func TestCancelledIsNoFailure(t *testing.T) {
	t.Parallel()
	stopped := `,"error":{"class":"cancelled","code":499,"message":"on purpose"}`
	r := build(t, ask("m", 0, 2, 0.5, 4, "")+ask("m", 1, 1, 0.5, 4, stopped))
	if c := r.Requests; c.OK != 1 || c.Failed != 0 || c.Cancelled != 1 || len(r.Errors) != 0 || len(r.Stopped) != 1 {
		t.Errorf("%+v, errors %v, stopped %v", c, r.Errors, r.Stopped)
	}
	if rate := r.value("request_error_rate"); rate != 0 {
		t.Errorf("the error rate is %v", rate)
	}
	if m, _ := r.Metric("effective_concurrency"); m.Stat.Max != 2 || math.Abs(m.Stat.Mean-1.5) > 1e-6 {
		t.Errorf("in flight: %+v", m.Stat)
	}
	if r := build(t, ask("m", 1, 1, 0.5, 4, stopped)); r.Empty() || r.Requests.Cancelled != 1 {
		t.Error("a run that was cancelled whole is nothing")
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	stream := ask("m", 0, 2, 0.5, 5, `,"gaps":[0.5,0.5,1],"http":{"status":200,"reused":false,"sent":0.1,"first_byte":0.2}`)
	for _, c := range []struct {
		why       string
		o         Options
		ttft, itl float64
		told      string
	}{
		{"AIPerf's", Options{}, 0.5, 1.5 / 4, ""},
		{"the first byte", Options{TTFT: TTFTAny}, 0.2, 1.8 / 4, "first byte of the answer"},
		{"by chunks", Options{ITL: ITLChunk}, 0.5, 1.5 / 2, "a chunk counts as a token"},
	} {
		r := buildWith(t, c.o, stream)
		if ttft, itl := r.value("time_to_first_token"), r.value("inter_token_latency"); ttft != c.ttft || math.Abs(itl-c.itl) > 1e-12 {
			t.Errorf("%s: TTFT %v, ITL %v, want %v, %v", c.why, ttft, itl, c.ttft, c.itl)
		}
		if told := fmt.Sprint(r.Notes); c.told != "" && !strings.Contains(told, c.told) {
			t.Errorf("%s: the notes are %s", c.why, told)
		}
	}
}

func TestParseBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, keys, fails string }{
		{"of requests", "model, url", ""},
		{"of GPUs", "gpu,label.pod", ""},
		{"of both", "host", ""},
		{"unknown", "colour", `"colour" is no key`},
		{"twice", "model,model", "there twice"},
		{"requests and GPUs", "model,gpu", "nothing has both"},
		{"a label needs a name", "label.", "is no key"},
	} {
		_, err := ParseBy(c.keys)
		if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, want %q", c.why, err, c.fails)
		}
	}
}

// A group says what a report on its requests alone would say.
func TestGroupsAreReportsOfTheirOwn(t *testing.T) {
	t.Parallel()
	streams := map[string]string{"": ""}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		model := []string{"a", "b", `c"\`}[i%3]
		more := `,"gaps":[0.1,0.2,0.3],"gpu":{"energy":2.5}`
		if rng.IntN(5) == 0 {
			more = `,"error":{"class":"timeout"}`
		}
		line := ask(model, 10*rng.Float64(), 0.5+rng.Float64(), 0.1, 3+rng.IntN(9), more)
		streams[model] += line
		streams[""] += line
	}
	whole := buildWith(t, Options{By: []string{"model"}}, streams[""])
	if len(whole.Groups) != 3 {
		t.Fatalf("%d groups", len(whole.Groups))
	}
	for _, g := range whole.Groups {
		alone := build(t, streams[g.Name()])
		if g.Requests != (Counts{OK: alone.Requests.OK, Failed: alone.Requests.Failed}) {
			t.Errorf("%s: %+v, alone %+v", g.Name(), g.Requests, alone.Requests)
		}
		for _, m := range alone.Metrics {
			if x, ok := g.Metric(m.Tag); !ok || x.Value() != m.Value() && !math.IsNaN(m.Value()) || x.Stat.P != m.Stat.P && m.Kind == Distribution && !strings.HasPrefix(m.Tag, "adj_") {
				t.Errorf("%s: %s is %v, alone %v", g.Name(), m.Tag, x.Value(), m.Value())
			}
		}
		if want := 2.5 * float64(alone.Requests.OK); g.Energy == nil || math.Abs(*g.Energy-want) > 1e-9 {
			t.Errorf("%s: charged %v, want %v", g.Name(), g.Energy, want)
		}
	}
}

// The groups of a key with a great many values are bounded.
func TestTooManyGroups(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range mostGroups + 50 {
		b.WriteString(ask(fmt.Sprint("m", i), float64(i), 1, 0.5, 3, ""))
	}
	r := buildWith(t, Options{By: []string{"model"}}, b.String())
	n := 0
	for _, g := range r.Groups {
		n += g.Requests.OK
	}
	if len(r.Groups) != mostGroups+1 || n != mostGroups+50 || !strings.Contains(fmt.Sprint(r.Notes), "more than 1000 groups") {
		t.Errorf("%d groups of %d requests; %v", len(r.Groups), n, r.Notes)
	}
}

func TestSlices(t *testing.T) {
	t.Parallel()
	at := func(s float64) record.Time { return record.Time(1795435200e9).Add(s) }
	gpu := func(s, joules, watts float64) string {
		return fmt.Sprintf(`{"time":"%s","type":"gpu","v":1,"source":"s","uuid":"u","taken":"%s","fields":{"power_usage":%g,"energy_consumption":%g}}`+"\n", at(s), at(s), watts, joules)
	}
	stream := gpu(-1, 0, 100) + gpu(1, 200, 100) + gpu(2, 300, 100) + gpu(3, 500, 200) +
		ask("m", 0, 1.5, 0.5, 11, "") + ask("m", 1.2, 0.3, 0.1, 5, "") + ask("m", 1.5, 1, 0.5, 6, "")
	r := buildWith(t, Options{Window: 1}, stream)
	if len(r.Slices) != 3 || r.Slices[2].Complete || !r.Slices[1].Complete || r.Slices[2].Seconds() != 0.5 {
		t.Fatalf("%d slices: %+v", len(r.Slices), r.Slices)
	}
	var requests []int
	var energy, flight []float64
	for _, s := range r.Slices {
		requests = append(requests, s.Requests.OK)
		energy = append(energy, *s.Energy)
		m, _ := s.Metric("effective_concurrency")
		flight = append(flight, math.Round(m.Value()*1e4)/1e4)
	}
	if !slices.Equal(requests, []int{1, 2, 0}) || !slices.Equal(energy, []float64{100, 100, 100}) || !slices.Equal(flight, []float64{1, 1.3, 1}) {
		t.Errorf("requests %v, energy %v, in flight %v", requests, energy, flight)
	}
	if m, ok := r.Slices[0].Metric("request_throughput"); !ok || m.Value() != 1 {
		t.Errorf("throughput of a slice is %v", m.Value())
	}
	if r := buildWith(t, Options{Window: 1e-6}, stream); r.Slices != nil || !strings.Contains(fmt.Sprint(r.Notes), "time slices of 1e-06 s would be more than") {
		t.Errorf("slices that are too fine: %d, %v", len(r.Slices), r.Notes)
	}
	if r := buildWith(t, Options{Window: 2}, gpu(-1, 0, 100)+gpu(3, 400, 100)); len(r.Slices) != 2 || len(r.Slices[0].GPUs) != 1 {
		t.Errorf("GPUs alone: %+v", r.Slices)
	}
}

// Gaps beyond those that are kept are counted, and their statistics stay right
// to the microsecond, of groups as well.
func TestManyGaps(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	var sum, n [2]float64
	for i := range mostGaps/1000 + 50 {
		gaps := []byte("[0.5")
		for range 1000 {
			g := math.Round(1e4*rng.ExpFloat64()) / 1e6
			gaps = fmt.Appendf(gaps, ",%g", g)
			sum[i%2] += g
			n[i%2]++
		}
		b.WriteString(ask([]string{"a", "b"}[i%2], float64(i), 20, 0.5, 1001, `,"gaps":`+string(gaps)+"]"))
	}
	r := buildWith(t, Options{By: []string{"model"}, Window: 1000}, b.String())
	if !strings.Contains(fmt.Sprint(r.Notes), "counted to the microsecond") {
		t.Error("it is not told that gaps are counted")
	}
	m, _ := r.Metric("inter_chunk_latency")
	if want := (sum[0] + sum[1]) / (n[0] + n[1]); float64(m.Stat.N) != n[0]+n[1] || math.Abs(m.Value()-want) > 1e-9 {
		t.Errorf("%d gaps of %v on average, want %v", m.Stat.N, m.Value(), want)
	}
	for i, g := range r.Groups {
		m, _ := g.Metric("inter_chunk_latency")
		if float64(m.Stat.N) != n[i] || math.Abs(m.Value()-sum[i]/n[i]) > 1e-9 {
			t.Errorf("%s: %d gaps of %v", g.Name(), m.Stat.N, m.Value())
		}
	}
	if _, ok := r.Slices[0].Metric("inter_chunk_latency"); ok {
		t.Error("a slice has gaps that nobody knows to be its own")
	}
}

// Beyond the memory that requests may take, what adds up stays exact, and
// percentiles stay within the error that is told; of groups as well.
func TestSketches(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for i := range 5*often + 77 {
		more := fmt.Sprintf(`,"gaps":[0.1,%.6f,%.6f],"gpu":{"energy":%g}`, 0.01*rng.ExpFloat64(), 0.02*rng.Float64(), 1+rng.Float64())
		if i%11 == 0 {
			more = []string{`,"error":{"class":"timeout"}`, `,"error":{"class":"cancelled"}`}[i%2]
		}
		b.WriteString(ask([]string{"a", "b"}[i%2], float64(i)/10, 0.5+rng.ExpFloat64(), 0.1+rng.Float64()/3, 3+rng.IntN(50), more))
	}
	o := Options{By: []string{"model"}, Percentiles: []float64{99.9}, Goodput: []Objective{{"request_latency", 1500}}}
	exact := buildWith(t, o, b.String())
	o.MaxMemory = 3 * often * 100
	rough := buildWith(t, o, b.String())
	if told := fmt.Sprint(rough.Notes); !strings.Contains(told, "percentiles are off by 0.78 % at most") {
		t.Errorf("the notes are %s", told)
	}
	if exact.Requests != rough.Requests || *exact.Window != *rough.Window || fmt.Sprint(exact.Errors) != fmt.Sprint(rough.Errors) {
		t.Errorf("requests %+v and %+v, windows %v and %v", exact.Requests, rough.Requests, exact.Window, rough.Window)
	}
	if n, err := ParseName([]string{"effective_concurrency", "avg"}); err != nil || !strings.Contains(rough.reason(n, nil), "--max-memory") {
		t.Errorf("that memory is short is not told, but %q", rough.reason(n, nil))
	}
	compareRough(t, "all", exact.Metrics, rough.Metrics)
	for i, g := range exact.Groups {
		compareRough(t, g.Name(), g.Metrics, rough.Groups[i].Metrics)
		if math.Abs(*g.Energy-*rough.Groups[i].Energy) > 1e-6 {
			t.Errorf("%s: charged %v, and by sketches %v", g.Name(), *g.Energy, *rough.Groups[i].Energy)
		}
	}
}

func compareRough(t *testing.T, of string, exact, rough []Metric) {
	t.Helper()
	n := 0
	for _, m := range exact {
		r, ok := find(rough, m.Tag)
		if m.Kind == Weighted || strings.HasPrefix(m.Tag, "adj_") {
			if ok {
				t.Errorf("%s: there is %s of sketches", of, m.Tag)
			}
			continue
		}
		near := func(a, b, share float64) bool { return math.Abs(a-b) <= share*max(math.Abs(a), math.Abs(b))+1e-9 }
		if !ok || r.Stat.N != m.Stat.N || !near(r.Stat.Mean, m.Stat.Mean, 1e-9) || !near(r.Stat.Std, m.Stat.Std, 1e-6) && m.Tag != "inter_chunk_latency" {
			t.Errorf("%s: %s is %+v, want %+v", of, m.Tag, r.Stat, m.Stat)
		}
		for _, p := range m.Stat.Points() {
			if x, _ := r.Stat.Percentile(p.Percent); m.Kind == Distribution && !near(x, p.Value, sketchError+1e-6) && math.Abs(x-p.Value) > 1e-6 {
				t.Errorf("%s: p%v of %s is %v, want %v", of, p.Percent, m.Tag, x, p.Value)
			}
		}
		n++
	}
	if n < 30 {
		t.Errorf("%s: only %d metrics were compared", of, n)
	}
}

// The energy of slices adds up to that of the whole, over a counter that went
// backwards and values that were not read each time.
func TestSlicesOfGPUs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	rng := rand.New(rand.NewPCG(7, 8))
	joules := 1000.0
	for i := range 200 {
		at := record.Time(1795435200e9).Add(float64(i)/10 - 1)
		if joules += 10 * rng.Float64(); i == 120 {
			joules = 3
		}
		fields := fmt.Sprintf(`"energy_consumption":%g`, joules)
		if i%3 == 0 {
			fields += fmt.Sprintf(`,"power_usage":%g,"xid_errors":%d`, 100+50*rng.Float64(), i/60)
		}
		fmt.Fprintf(&b, `{"time":"%s","type":"gpu","v":1,"source":"s","uuid":"u","taken":"%s","fields":{%s}}`+"\n", at, at, fields)
	}
	b.WriteString(ask("m", 0, 15.55, 1, 10, ""))
	r := buildWith(t, Options{Window: 0.7}, b.String())
	of := func(g GPU, name string) float64 { f, _ := g.Field(name); return f.Stat.Mean }
	energy, changes, area := 0.0, 0.0, 0.0
	for _, s := range r.Slices {
		energy += of(s.GPUs[0], "energy_consumption")
		changes += of(s.GPUs[0], "xid_errors")
		if f, ok := s.GPUs[0].Field("power_usage"); ok {
			area += f.Mean * s.Seconds()
		}
	}
	whole := r.GPUs[0]
	power, _ := whole.Field("power_usage")
	if want := of(whole, "energy_consumption"); math.Abs(energy-want) > 1e-6*want || want <= 0 {
		t.Errorf("slices took %v J, the whole %v J", energy, want)
	}
	if changes != of(whole, "xid_errors") || changes != 2 {
		t.Errorf("%v changes in slices, %v in the whole", changes, of(whole, "xid_errors"))
	}
	if want := power.Mean * r.Window.Seconds(); math.Abs(area-want) > 1e-6*want {
		t.Errorf("power over slices is %v J, over the whole %v J", area, want)
	}
	if !slices.Contains(whole.Resets, "Energy Consumption") {
		t.Error("the counter's reset is not told")
	}
}

// The values of keys may hold any character, and what one of them holds is not
// taken for two.
func TestGroupsOfOddKeys(t *testing.T) {
	t.Parallel()
	stream := ask("m", 0, 1, 0.1, 2, `,"conversation":"a\u0000b","finish":"c"`) + ask("m", 1, 1, 0.1, 2, `,"conversation":"a","finish":"b\u0000c"`) +
		ask("m", 2, 1, 0.1, 2, "") + ask("m", 3, 1, 0.1, 2, `,"conversation":"a | b","finish":"c"`) + ask("m", 4, 1, 0.1, 2, `,"conversation":"a","finish":"b | c"`)
	r := buildWith(t, Options{By: []string{"conversation", "finish"}}, stream)
	var got []string
	for _, g := range r.Groups {
		got = append(got, fmt.Sprintf("%q %q %d", g.Keys[0].Value, g.Keys[1].Value, g.Requests.OK))
	}
	want := []string{`"" "" 1`, `"a" "b\x00c" 1`, `"a" "b | c" 1`, `"a\x00b" "c" 1`, `"a | b" "c" 1`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

// What servers write does not reach a terminal as it is.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"colours", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		{"lines", "a\r\nb\u2028c\td", "a  b c d"},
		{"other controls", "\x00\x07\x7f\u009b", "␀␇␡␡"},
		{"directions", "a\u202eb\u2066c", "a b c"},
		{"words", "größer als 3 µs | ✘", "größer als 3 µs | ✘"},
	} {
		if got := printable(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
	r := buildWith(t, Options{By: []string{"conversation"}}, ask("m", 0, 1, 0.1, 2, `,"conversation":"\u001b[2J"`)+ask("m\u202e", 1, 1, 0.1, 2, `,"conversation":"z","error":{"class":"st\u001b[1m","message":"no\u001b[2K\nway"}`))
	said := fmt.Sprint(r.Notes, r.Errors, r.Groups[0].Name(), r.Groups[1].Errors)
	if strings.ContainsAny(said, "\x1b\n") || !strings.Contains(said, "no␛[2K way") {
		t.Errorf("%q", said)
	}
}

// A text is one however it is written, and what one is written as may be another.
func TestNamesOfTexts(t *testing.T) {
	t.Parallel()
	var n names
	var got []int32
	for _, s := range []string{`"a\\nb"`, `"a\nb"`, `"a\u000ab"`, `"ab"`, `"a\u0062"`, `"a\\nb"`} {
		got = append(got, n.id(record.Value(s)))
	}
	if diff := cmp.Diff([]int32{0, 1, 1, 2, 2, 0}, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}
