package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/expr"
	"aiperf/pkg/record"
)

// A server that does not exist: its latencies are lognormal and hang on those
// before them, as of one whose queue and batches change slowly.
type server struct {
	slower  float64 // by which share
	seed    uint64
	n       int // requests
	jitter  float64
	inertia float64
	joules  float64 // a request
	errors  float64
}

// stream is what a load of four users and a join write about it.
func (s server) stream(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	rng := rand.New(rand.NewPCG(s.seed, 7))
	write := func(r record.Record) {
		if err := record.NewWriter(&b, record.Clock{}).Write(r); err != nil {
			t.Fatal(err)
		}
	}
	ptr := func(x float64) *float64 { return &x }
	whole := func(n int) *int { return &n }
	write(&record.Run{Run: "R", Tool: "aiperf-load", Config: map[string]any{"concurrency": "4"}})
	zero := record.Time(1_700_000_000_000_000_000)
	free := [4]float64{}
	mood, total, end := rng.NormFloat64(), 0.0, 0.0
	var list []*record.Request
	for i := range s.n {
		user := 0
		for u := range free {
			if free[u] < free[user] {
				user = u
			}
		}
		mood = s.inertia*mood + math.Sqrt(1-s.inertia*s.inertia)*rng.NormFloat64()
		scale := (1 + s.slower) * math.Exp(s.jitter*mood)
		gaps := record.Gaps{0.05 * scale}
		took := gaps[0]
		for range 3 {
			g := 0.02 * scale * math.Exp(0.1*rng.NormFloat64())
			gaps = append(gaps, g)
			took += g
		}
		r := &record.Request{Run: "R", ID: fmt.Sprint(i), Phase: record.Profiling, Model: "m", Start: zero.Add(free[user]), Took: ptr(took), TTFT: ptr(gaps[0]), Gaps: gaps, Chunks: 4,
			Tokens: &record.Tokens{In: whole(100), Out: whole(4), Source: record.FromUsage}}
		if rng.Float64() < s.errors {
			r.Error, r.TTFT, r.Gaps, r.Chunks, r.Tokens = &record.Error{Class: record.ClassTimeout}, nil, nil, 0, nil
		} else if s.joules > 0 {
			e := s.joules * scale
			r.GPU = &record.Share{Energy: &e}
			total += e
		}
		free[user] += took
		end = max(end, free[user])
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b *record.Request) int { return cmp.Compare(a.Start.Add(*a.Took), b.Start.Add(*b.Took)) })
	for _, r := range list {
		write(r)
	}
	if s.joules > 0 {
		write(&record.Energy{Scope: record.ScopeTotal, Phase: record.Profiling, From: zero, To: zero.Add(end), Took: end, GPUs: 1,
			Energy: ptr(total * 1.1), PlusMinus: ptr(total * 0.001), Readings: 9, Verdict: record.Valid, Reasons: []string{}})
	}
	write(&record.End{Run: "R", Reason: record.Complete})
	return b.Bytes()
}

func side(t testing.TB, o Options, streams ...[]byte) *Side {
	t.Helper()
	var s Side
	for i, stream := range streams {
		b := &Builder{Options: o}
		for l, err := range record.Read(bytes.NewReader(stream), "f") {
			if err == nil {
				err = b.Add(l)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		s.Names, s.Runs = append(s.Names, fmt.Sprintf("run%d", i)), append(s.Runs, b)
	}
	return &s
}

func of(t *testing.T, c *Comparison, name string) Change {
	t.Helper()
	for _, x := range c.Changes {
		if x.Name.String() == name {
			return x
		}
	}
	t.Fatalf("%s is not compared", name)
	return Change{}
}

// Of two servers that differ by 3 % it is found which is slower, and of two equal
// ones that they are equal, in nearly all runs of them.
func TestProof(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	const seeds, n = 50, 1500
	var alarms, rows, found, differ int
	for seed := range uint64(seeds) {
		run := func(slower float64, i uint64) *Side {
			return side(t, Options{}, server{slower: slower, seed: 3*seed + i, n: n, jitter: 0.09, inertia: 0.5, joules: 9, errors: 0.01}.stream(t))
		}
		old := run(0, 0)
		alarm := false
		for _, x := range Compare(old, run(0, 1), nil, nil).Changes {
			if x.TooLittle == "" {
				rows++
				if x.Differs() {
					differ++
				}
			}
			alarm = alarm || x.Sure
		}
		if alarm {
			alarms++
		}
		c := Compare(old, run(0.03, 2), nil, nil)
		if x := of(t, c, "request_latency.avg"); x.Verdict == Worse && x.Sure {
			found++
		}
	}
	t.Logf("equal servers: a change was found in %d of %d comparisons, and the interval of %d of %d numbers is without 0; 3 %%: found in %d", alarms, seeds, differ, rows, found)
	// The numbers of one comparison hang together, so that fifty tell their share
	// to some two or three percent only.
	if alarms > seeds*5/100 || differ > rows*8/100 {
		t.Errorf("equal servers: a change was found in %d of %d comparisons and in %d of %d numbers alone", alarms, seeds, differ, rows)
	}
	if found < seeds*9/10 {
		t.Errorf("servers that differ by 3 %%: found in %d of %d comparisons", found, seeds)
	}
}

var plain = server{n: 400, jitter: 0.1, inertia: 0.3, joules: 9}

func with(s server, change func(*server)) server {
	change(&s)
	return s
}

func TestCompare(t *testing.T) {
	t.Parallel()
	few := with(plain, func(s *server) { s.n = 20 })
	slow := with(plain, func(s *server) { s.slower, s.seed = 0.2, 5 })
	var three, slower, meager [][]byte
	for seed := range uint64(3) {
		three = append(three, with(plain, func(s *server) { s.seed = seed }).stream(t))
		slower = append(slower, with(slow, func(s *server) { s.seed = seed + 10 }).stream(t))
		meager = append(meager, with(few, func(s *server) { s.seed = seed }).stream(t))
	}
	for _, c := range []struct {
		why       string
		old, new  [][]byte
		name      string
		verdict   string
		overRuns  bool
		tooLittle string
	}{
		{"latency went up", [][]byte{plain.stream(t)}, [][]byte{slow.stream(t)}, "request_latency.avg", Worse, false, ""},
		{"latency went down", [][]byte{slow.stream(t)}, [][]byte{plain.stream(t)}, "request_latency.avg", Better, false, ""},
		{"throughput went down", [][]byte{plain.stream(t)}, [][]byte{slow.stream(t)}, "request_throughput", Worse, false, ""},
		{"energy went up", [][]byte{plain.stream(t)}, [][]byte{slow.stream(t)}, "energy_per_output_token", Worse, false, ""},
		{"energy of requests", [][]byte{plain.stream(t)}, [][]byte{slow.stream(t)}, "energy_per_request", Worse, false, ""},
		{"nothing is equal to itself", [][]byte{plain.stream(t)}, [][]byte{plain.stream(t)}, "request_latency.p50", Same, false, ""},
		{"answers of other lengths are no merit", [][]byte{plain.stream(t)}, [][]byte{bytes.ReplaceAll(plain.stream(t), []byte(`"out":4`), []byte(`"out":5`))}, "output_sequence_length.avg", Changed, false, ""},
		{"twenty requests", [][]byte{few.stream(t)}, [][]byte{few.stream(t)}, "request_latency.avg", Undecided, false, "old: 20 values, and some"},
		{"a tail of 400", [][]byte{plain.stream(t)}, [][]byte{plain.stream(t)}, "request_latency.p99", Undecided, false, "stand alone to lie beyond the percentile"},
		{"a number a run", [][]byte{plain.stream(t)}, [][]byte{plain.stream(t)}, "average_gpu_power", Undecided, false, "it is one number a run, and 3 runs on each side are needed"},
		{"three runs of each", three, slower, "request_latency.p99", Worse, true, ""},
		{"numbers of runs", three, slower, "request_throughput", Worse, true, ""},
		{"three short runs", meager, meager, "request_latency.p99", Same, true, ""},
		{"two runs count as their requests", three[:2], slower, "request_latency.avg", Worse, false, ""},
		{"no energy before", [][]byte{with(plain, func(s *server) { s.joules = 0 }).stream(t)}, [][]byte{plain.stream(t)}, "energy_per_output_token", Undecided, false, "old: there are no records of energy"},
		{"an energy that cannot be trusted", [][]byte{plain.stream(t)}, [][]byte{bytes.Replace(slow.stream(t), []byte(`"verdict":"valid","reasons":[]`), []byte(`"verdict":"invalid","reasons":["gap"]`), 1)}, "energy_per_output_token", Undecided, false, "new: the energy is not to be trusted: gap"},
	} {
		x := of(t, Compare(side(t, Options{}, c.old...), side(t, Options{}, c.new...), nil, nil), c.name)
		if x.Verdict != c.verdict || x.Runs != c.overRuns || (x.TooLittle != "") != (c.tooLittle != "") || !bytes.Contains([]byte(x.TooLittle), []byte(c.tooLittle)) {
			t.Errorf("%s: %s is %s (over runs: %v, %q), want %s (%v, %q); %+v", c.why, c.name, x.Verdict, x.Runs, x.TooLittle, c.verdict, c.overRuns, c.tooLittle, x.Comparison)
		}
	}
}

// The numbers of a comparison are those of the reports.
func TestCompareIsReport(t *testing.T) {
	t.Parallel()
	a, b := plain.stream(t), with(plain, func(s *server) { s.slower, s.errors = 0.1, 0.05 }).stream(t)
	old, new := side(t, Options{}, a), side(t, Options{}, b)
	c := Compare(old, new, []float64{50, 90}, nil)
	for _, x := range c.Changes {
		for i, s := range []*Side{old, new} {
			want, ok := s.Runs[0].Report().Number(x.Name, nil)
			if got := [2]float64{x.Old, x.New}[i]; !ok || math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Errorf("%v is %v in the comparison and %v in the report", x.Name, got, want)
			}
		}
	}
	if len(c.Changes) < 19 {
		t.Errorf("%d numbers are compared", len(c.Changes))
	}
}

// Of requests that were not kept one by one there are intervals over runs only.
func TestCompareSketches(t *testing.T) {
	t.Parallel()
	many := func(seed uint64, slower float64) []byte {
		return with(plain, func(s *server) { s.n, s.seed, s.slower = 1100, seed, slower }).stream(t)
	}
	a, b := many(1, 0), many(2, 0.2)
	o := Options{MaxMemory: 1 << 10}
	x := of(t, Compare(side(t, o, a), side(t, o, b), nil, nil), "request_latency.avg")
	if x.Verdict != Undecided || !bytes.Contains([]byte(x.TooLittle), []byte("--max-memory")) || math.Abs(x.Relative-0.2) > 0.1 {
		t.Errorf("one run a side: %+v", x)
	}
	x = of(t, Compare(side(t, o, a, many(3, 0), many(4, 0)), side(t, o, b, many(5, 0.2), many(6, 0.2)), nil, nil), "request_latency.avg")
	if x.Verdict != Worse || !x.Runs {
		t.Errorf("three runs a side: %+v", x)
	}
	// Two sides that fall to either side of a step of the sketch differ by no more
	// than its error, however alike the runs of each are.
	scale := func(seed uint64, by float64) []byte {
		return with(plain, func(s *server) { s.n, s.seed, s.jitter, s.slower = 1100, seed, 0.001, by }).stream(t)
	}
	sides := 0
	for by := 0.0; by < 0.02; by += 0.002 {
		c := Compare(side(t, o, scale(1, by), scale(2, by), scale(3, by)), side(t, o, scale(4, by+0.006), scale(5, by+0.006), scale(6, by+0.006)), nil, nil)
		x := of(t, c, "request_latency.p50")
		if x.Change != 0 {
			sides++
		}
		if x.Verdict != Same {
			t.Errorf("0.6 %% slower from %v on: %+v", by, x)
		}
	}
	if sides == 0 {
		t.Error("no step of the sketch lies between the sides")
	}
}

// A difference that the meters' error covers is none.
func TestCompareMeters(t *testing.T) {
	t.Parallel()
	a, b := plain.stream(t), with(plain, func(s *server) { s.joules *= 1.05 }).stream(t)
	blur := func(stream []byte) []byte {
		i := bytes.Index(stream, []byte(`"plus_minus":`))
		j := i + bytes.IndexByte(stream[i:], ',')
		return slices.Concat(stream[:i], []byte(`"plus_minus":400`), stream[j:])
	}
	if x := of(t, Compare(side(t, Options{}, a), side(t, Options{}, b), nil, nil), "energy_per_output_token"); x.Verdict != Worse || math.Abs(x.Relative-0.05) > 1e-3 {
		t.Errorf("5 %% more are %+v", x)
	}
	x := of(t, Compare(side(t, Options{}, blur(a)), side(t, Options{}, blur(b)), nil, nil), "energy_per_output_token")
	if x.Verdict != Same || x.P == x.P || x.RelativeIn.Low > -0.1 || x.RelativeIn.High < 0.2 {
		t.Errorf("5 %% more, and meters that are 10 %% off: %+v", x)
	}
}

func TestFailIf(t *testing.T) {
	t.Parallel()
	old := plain.stream(t)
	slow := with(plain, func(s *server) { s.slower = 0.1 }).stream(t)
	other := with(plain, func(s *server) { s.seed = 3 }).stream(t)
	by := with(plain, func(s *server) { s.seed, s.slower = 3, 0.012 }).stream(t)
	for _, c := range []struct {
		why, limit string
		new        []byte
		failed     bool
		note       string
	}{
		{"beyond it", "latency.p50 +5%", slow, true, ""},
		{"within it", "latency.p50 +15%", slow, false, ""},
		{"as a time", "latency.avg +5ms", slow, true, ""},
		{"throughput may not shrink", "request_throughput -5%", slow, true, ""},
		{"but may grow", "latency.avg -5%", slow, false, ""},
		{"by chance", "latency.avg +0.001%", by, false, "may be so by chance"},
		{"it cannot be told, which is no pass", "latency.p99 +50%", other, true, "it cannot be told: old: 400 values"},
		{"what was not measured", "goodput -1%", other, true, "it cannot be told: old: say with --goodput"},
		{"one number a run", "average_gpu_power +5%", other, true, "3 runs on each side"},
	} {
		f, err := ParseFailIf(c.limit)
		if err != nil {
			t.Fatal(err)
		}
		l := Compare(side(t, Options{}, old), side(t, Options{}, c.new), nil, []FailIf{f}).Limits[0]
		if l.Failed != c.failed || !bytes.Contains([]byte(l.Why), []byte(c.note)) {
			t.Errorf("%s: %s failed: %v (%s), want %v (%s); %+v", c.why, c.limit, l.Failed, l.Why, c.failed, c.note, l.Change.Comparison)
		}
	}
	for _, c := range []struct{ why, text, want string }{
		{"no sign", "ttft.p50 5%", "+ or - must follow"},
		{"no metric", "tttf.p50 +5%", "no metric"},
		{"no unit", "ttft.p50 +5", "as in 200ms"},
		{"a GPU's", "gpu.power.avg +5%", "is not compared"},
		{"a distribution", "ttft +5%", "as in ttft.avg"},
	} {
		if _, err := ParseFailIf(c.text); err == nil || !bytes.Contains([]byte(err.Error()), []byte(c.want)) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	base, like := plain.stream(t), plain
	like.seed++
	for _, c := range []struct{ why, old, new, want string }{
		{"another model", `"model":"m"`, `"model":"n"`, "the models differ: old m, new n"},
		{"another concurrency", `"concurrency":"4"`, `"concurrency":"8"`, "--concurrency differs: old 4, new 8"},
		{"a flag more", `"concurrency":"4"`, `"concurrency":"4","endpoint-type":"chat"`, "--endpoint-type differs: old not set, new chat"},
		{"longer prompts", `"in":100`, `"in":120`, "the prompts differ in length: old 100 tokens, new 120"},
		{"another version", `"tool":"aiperf-load"`, `"tool":"aiperf-load","version":"v2"`, ""},
		{"a run that did not end", `"reason":"complete"`, `"reason":"failed"`, "new, run0: run R of aiperf-load ended as failed"},
		{"nothing but chance", `"m"`, `"m"`, ""},
		{"itself", "", "", "old, run0 and new, run0 hold the same run"},
	} {
		other := base
		if c.old != "" {
			other = bytes.ReplaceAll(like.stream(t), []byte(c.old), []byte(c.new))
		}
		c2 := Compare(side(t, Options{}, base), side(t, Options{}, other), nil, nil)
		var warnings []string
		for _, n := range c2.Notes {
			if n.Level == record.Warning {
				warnings = append(warnings, n.Message)
			}
		}
		if got := fmt.Sprint(warnings); c.want == "" && len(warnings) > 0 || c.want != "" && !bytes.Contains([]byte(got), []byte(c.want)) {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

// Whatever is written, it is understood or refused with an error of package expr
// that points into it, and what is understood can be evaluated.
func FuzzVerdicts(f *testing.F) {
	for _, s := range []string{"ttft.p99 < 200ms and errors < 0.1%", "gpu.temperature.max < 85", "took > 2s or not error", "labels.\"a.b\" =~ \"x\"",
		"ttft.p50 +5%", "gpu.power", "energy.valid", "p", "gpu.\"\".p < 3", "latency.p", "latency.p1e999 < 3s", "not has(fields.power_usage)"} {
		f.Add(s)
	}
	stream := good + single + failed + gpuLine + energyLine
	f.Fuzz(func(t *testing.T, s string) {
		var b Builder
		refused := func(err error) {
			var e *expr.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(e.Expr) || e.Caret() == "" {
				t.Errorf("%q: %v", s, err)
			}
		}
		if c, err := ParseCondition(s); err != nil {
			refused(err)
		} else {
			b.Options.Where = []Condition{c}
		}
		if o, err := ParseSLO(s); err != nil {
			refused(err)
		} else {
			b.Options.SLOs, b.Options.Percentiles = []SLO{o}, o.Percentiles()
		}
		limit, err := ParseFailIf(s)
		if err != nil {
			refused(err)
		}
		for l, err := range record.Read(bytes.NewReader([]byte(stream)), "f") {
			if err == nil {
				err = b.Add(l)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		r := b.Report()
		for _, v := range r.Verdicts {
			if v.Met && v.Why != "" {
				t.Errorf("%q is met, and was not measured: %s", s, v.Why)
			}
		}
		if err == nil && r.Requests.OK > 0 {
			x := &Side{Names: []string{"f"}, Runs: []*Builder{&b}}
			Compare(x, x, nil, []FailIf{limit})
		}
	})
}
