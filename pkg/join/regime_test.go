package join

import (
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// numbers makes a regime's numbers of "sm=0.8 memory=0.5 …".
func numbers(t testing.TB, text string) (r record.Regime) {
	t.Helper()
	for part := range strings.FieldsSeq(text) {
		key, v, _ := strings.Cut(part, "=")
		x, ok := record.Value(v).Number()
		to := map[string]**float64{"sm": &r.SM, "memory": &r.Memory, "power": &r.PowerViolation, "thermal": &r.ThermalViolation, "clock": &r.Clock,
			"temperature": &r.Temperature, "idle": &r.Idle, "waiting": &r.Waiting, "kv": &r.KVCache}[key]
		if !ok || to == nil {
			t.Fatalf("%q makes no sense", part)
		}
		*to = &x
	}
	return r
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, name, also, throttling, note, why string }{
		{"sm=0.41 memory=0.83", "memory-bound", "", "", "memory-bound: SM 41 % (< 70 %), memory 83 % (≥ 60 %)", "as decoding is"},
		{"sm=0.9 memory=0.3", "compute-bound", "", "", "compute-bound: SM 90 % (≥ 70 %), memory 30 % (< 60 %)", "as prefill is"},
		{"sm=0.7 memory=0.5999999", "compute-bound", "", "", "compute-bound: SM 70 % (≥ 70 %), memory 59.9 % (< 60 %)", "the border of SMs belongs to busy, memory is just below its own"},
		{"sm=0.6999999 memory=0.6", "memory-bound", "", "", "memory-bound: SM 69.9 % (< 70 %), memory 60 % (≥ 60 %)", "the other way round"},
		{"sm=0.7 memory=0.6", "balanced", "", "", "balanced: SM 70 % (≥ 70 %), memory 60 % (≥ 60 %)", "both at their borders"},
		{"sm=0.6999999 memory=0.5999999", "underutilised", "", "", "underutilised: SM 69.9 % (< 70 %), memory 59.9 % (< 60 %)", "both just below"},
		{"sm=0.9", "unknown", "", "", "unknown: too little was measured of SMs, memory, requests and queue", "the memory might be busy too"},
		{"memory=0.9", "unknown", "", "", "", "the SMs might be busy too"},
		{"", "unknown", "", "", "", "nothing was measured"},

		{"sm=0.9 memory=0.9 idle=0.9", "idle", "", "", "idle: no request in flight for 90 % of the time (≥ 90 %)", "the border belongs to idle; somebody else's work is not this run's"},
		{"sm=0.1 memory=0.1 idle=0.8999", "underutilised", "", "", "", "a load that was there decides, not how busy the GPU was"},
		{"sm=0.1 memory=0.05", "idle", "", "", "idle: SM 10 %, memory 5 % (both ≤ 10 %)", "GPUs alone, at the border"},
		{"sm=0.1001 memory=0.05", "underutilised", "", "", "", "GPUs alone, just above it"},
		{"idle=1 waiting=5 power=0.9", "idle", "", "severe", "", "idle is said alone: the other numbers are not about this run"},

		{"power=0", "unknown", "", "none", "", ""},
		{"power=0.0099", "unknown", "", "transient", "", "just below what counts"},
		{"power=0.01 sm=0.9 memory=0.3", "throttled", "compute-bound", "intermittent", "throttled (also compute-bound): power violation for 1 % of the time (≥ 1 %, intermittent), SM 90 % (≥ 70 %), memory 30 % (< 60 %)", "the border counts"},
		{"power=0.0999", "throttled", "", "intermittent", "", ""},
		{"power=0.1", "throttled", "", "significant", "", ""},
		{"power=0.4999", "throttled", "", "significant", "", ""},
		{"power=0.5", "throttled", "", "severe", "", ""},
		{"power=0 thermal=0.2 temperature=85 clock=0.8", "throttled", "", "significant", "throttled: thermal violation for 20 % of the time (≥ 1 %, significant), SM clock 80 % of the highest, 85 °C (≥ 83 °C)", "the worse of both counts"},
		{"temperature=83 clock=0.9499", "throttled", "", "", "throttled: SM clock 94.9 % of the highest (< 95 %), 83 °C (≥ 83 °C)", "no violations are measured, but hot and slow"},
		{"temperature=82.9 clock=0.5", "unknown", "", "", "", "slow for another reason"},
		{"temperature=90 clock=0.95", "unknown", "", "", "", "hot and as fast as ever"},
		{"temperature=90 clock=0.5 power=0 thermal=0", "unknown", "", "none", "", "what is measured says that it is not throttled"},
		{"idle=0 power=0.2 waiting=3", "throttled", "queue-bound", "significant", "", "before the queue"},

		{"idle=0 waiting=1 sm=0.9 memory=0.3 kv=0.97", "queue-bound", "compute-bound", "", "queue-bound (also compute-bound): 1 waiting (≥ 1), KV cache 97 %, SM 90 % (≥ 70 %), memory 30 % (< 60 %)", "the border counts"},
		{"idle=0 waiting=1234.5678 kv=0.5", "queue-bound", "", "", "queue-bound: 1234.57 waiting (≥ 1), KV cache 50 %", ""},
		{"idle=0 waiting=0.999 sm=0.9 memory=0.3", "compute-bound", "", "", "", "just below it"},
	} {
		got := classify(numbers(t, c.in), DefaultThresholds)
		if got.Name != c.name || strings.Join(got.Also, " ") != c.also || got.Throttling != c.throttling {
			t.Errorf("%q: %s, also %v, throttling %q; want %s, %q, %q: %s", c.in, got.Name, got.Also, got.Throttling, c.name, c.also, c.throttling, c.why)
		}
		if note := describe(got, DefaultThresholds); c.note != "" && note != c.note {
			t.Errorf("%q:\n%s, want\n%s", c.in, note, c.note)
		}
		if got.Thresholds != DefaultThresholds.String() {
			t.Errorf("%q: thresholds %q", c.in, got.Thresholds)
		}
	}
}

func TestThresholdsAreUsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"sm=0.9": "memory-bound", "memory=90%": "compute-bound", "waiting=2": "queue-bound", "throttled=0.3": "throttled", "idle=0.4": "idle",
		"temperature=60,clock=0.99,throttled=1,sm=1": "memory-bound"} {
		th, err := parseThresholds(text)
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]string{"queue-bound": "sm=0.8 memory=0.8 waiting=2", "throttled": "power=0.3", "idle": "idle=0.4"}[want]
		if in == "" {
			in = "sm=0.8 memory=0.8"
		}
		if got := classify(numbers(t, in), th); got.Name != want {
			t.Errorf("%s: %s is %s, want %s", text, in, got.Name, want)
		}
	}
}

// parseThresholds reads the text form on top of the defaults.
func parseThresholds(text string) (Thresholds, error) {
	t := DefaultThresholds
	err := t.UnmarshalText([]byte(text))
	return t, err
}

func TestParseThresholds(t *testing.T) {
	t.Parallel()
	var _ encoding.TextUnmarshaler = new(Thresholds)
	with := func(change func(*Thresholds)) Thresholds {
		t := DefaultThresholds
		change(&t)
		return t
	}
	for _, c := range []struct {
		in   string
		want Thresholds
		err  string
	}{
		{"", DefaultThresholds, ""},
		{"sm=0.5", with(func(t *Thresholds) { t.SM = 0.5 }), ""},
		{" sm = 50% , waiting=2.5,", with(func(t *Thresholds) { t.SM, t.Waiting = 0.5, 2.5 }), ""},
		{"temperature=90,clock=1,idle=0", with(func(t *Thresholds) { t.Temperature, t.Clock, t.Idle = 90, 1, 0 }), ""},
		{"sms=0.5", Thresholds{}, `"sms" is not known; there are sm, memory, throttled, idle, waiting, temperature, clock`},
		{"sm", Thresholds{}, "sm has no value, as in sm=0.7"},
		{"sm=", Thresholds{}, "sm=: a number from 0 to 1 is wanted, or a percentage"},
		{"sm=70", Thresholds{}, "sm=70: a number from 0 to 1 is wanted, or a percentage"},
		{"sm=-0.1", Thresholds{}, "sm=-0.1"},
		{"memory=NaN", Thresholds{}, "memory=NaN"},
		{"waiting=5%", Thresholds{}, "waiting=5%: a number from 0 to 1e+09 is wanted"},
		{"temperature=hot", Thresholds{}, "temperature=hot"},
		{"sm=0.1,sm=0.2", Thresholds{}, "sm is given twice"},
	} {
		got, err := parseThresholds(c.in)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || got != DefaultThresholds {
				t.Errorf("%q: %v, %+v; want an error with %q and nothing changed", c.in, err, got, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", c.in, err, diff)
		}
	}
}

// FuzzThresholds: no panic; what is accepted comes back from its text form and
// lies in its bounds; what is not changes nothing.
func FuzzThresholds(f *testing.F) {
	for _, s := range []string{"", DefaultThresholds.String(), "sm=70%,memory=1", "waiting=1e9", "sm=0x1p-2", "clock", "=,=", "idle=1e-300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseThresholds(s)
		if err != nil {
			if got != DefaultThresholds {
				t.Fatalf("%q: %v, but %+v", s, err, got)
			}
			return
		}
		for _, k := range thresholdKeys {
			if x := *k.at(&got); !(x >= 0 && x <= k.most) {
				t.Fatalf("%q: %s is %v", s, k.name, x)
			}
		}
		if again, err := parseThresholds(got.String()); err != nil || again != got {
			t.Fatalf("%q: %+v became %+v, %v", s, got, again, err)
		}
	})
}

// steadily is a stance of a run in which everything is steady: two GPUs.
func steadily(s float64, rates map[int]float64, each map[int]float64) stance {
	x := stance{t: at(s)}
	for j, rate := range rates {
		of := 1.0
		if j < ofInFlight {
			of = 2
		}
		x.sum[j], x.seconds[j] = rate*of*s, of*s
		if share, ok := each[j]; ok {
			x.sum[j], x.seconds[j] = x.sum[j]*share, x.seconds[j]*share
		}
	}
	return x
}

func TestRegimeOfStances(t *testing.T) {
	t.Parallel()
	rates := map[int]float64{ofSM: 0.41, ofUtilization: 0.99, ofDRAM: 0.83, ofMemory: 0.5, ofPower: 0.002, ofClock: 1.5e9, ofTemperature: 61.26, ofInFlight: 6, ofIdle: 0.25}
	num := func(x float64) *float64 { return &x }
	var s servers
	for x := range 30 {
		if err := s.take(page(t, "http://x/metrics", float64(x), "vllm:num_requests_running 5", "vllm:num_requests_waiting 0.5", "vllm:kv_cache_usage_perc 0.5")); err != nil {
			t.Fatal(err)
		}
	}
	a, b := steadily(5, rates, nil), steadily(15, rates, nil)
	s.to(a.t)
	a.server = s.snap()
	s.to(b.t)
	b.server = s.snap()
	want := record.Regime{Name: "memory-bound", From: at(5), Seconds: 10, SM: num(0.41), Memory: num(0.83), Basis: []string{"sm_utilization", "dram_activity"},
		PowerViolation: num(0.002), Throttling: "transient", Clock: num(0.75), Temperature: num(61.3), InFlight: num(6), Idle: num(0.25),
		Running: num(5), Waiting: num(0.5), KVCache: num(0.5), Thresholds: DefaultThresholds.String()}
	if diff := cmp.Diff(want, s.regime(a, b, 2e9, DefaultThresholds)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Of SM activity less than half is known, and the highest clock is not.
	less := map[int]float64{ofSM: 0.2, ofDRAM: 0.2}
	a, b = steadily(5, rates, less), steadily(15, rates, less)
	got := new(servers).regime(a, b, 0, DefaultThresholds)
	if value(got.SM) != 0.99 || value(got.Memory) != 0.5 || got.Name != "compute-bound" || got.Clock != nil || got.Running != nil {
		t.Errorf("%+v, want the time in which anything ran", got)
	}
	if diff := cmp.Diff([]string{"gpu_utilization", "memory_utilization"}, got.Basis); diff != "" {
		t.Errorf("basis (-want +got):\n%s", diff)
	}
	if note := describe(got, DefaultThresholds); note != "compute-bound: GPU utilisation 99 % (≥ 70 %), memory 50 % (< 60 %)" {
		t.Error(note)
	}
	if got := s.regime(a, a, 2e9, DefaultThresholds); got.Name != record.RegimeUnknown {
		t.Errorf("no time at all is %s", got.Name)
	}
}

// TestTimeline: slots are aligned to the first instant, whatever the steps in
// which time goes on, without drift, and together they are the whole run.
func TestTimeline(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		step := []float64{0.1, 1, 2.5, 1.0 / 3}[r.IntN(4)]
		l := timeline{step: step}
		if _, ok := l.due(at(5)); ok {
			t.Fatal("a slot ends before the run has begun")
		}
		reach := func(s record.Time) stance { return steadily(s.Sub(epoch), map[int]float64{ofInFlight: 3}, nil) }
		begin, end := at(r.Float64()), at(50+r.Float64())
		l.start(reach(begin))
		var ends []record.Time
		sum, last := 0.0, begin
		take := func(s stance) {
			if from, to, ok := l.cut(s); ok {
				if from.t != last {
					t.Fatalf("a slot begins at %v, the one before has ended at %v", from.t, last)
				}
				last = to.t
				ends = append(ends, to.t)
				sum += to.sum[ofInFlight] - from.sum[ofInFlight]
			}
		}
		for now := begin; now < end; {
			now = min(end, now.Add(2*r.Float64()))
			for {
				e, ok := l.due(now)
				if !ok {
					break
				}
				take(reach(e))
			}
		}
		take(reach(end))
		take(reach(end)) // nothing is left
		n := int(math.Ceil(end.Sub(begin) / step))
		if len(ends) != n || last != end || math.Abs(sum-3*end.Sub(begin)) > 1e-9*sum {
			t.Errorf("seed %d: %d slots to %v, %v in all; want %d to %v, %v", seed, len(ends), last, sum, n, end, 3*end.Sub(begin))
		}
		for i, e := range ends[:len(ends)-1] {
			if want := begin.Add(float64(i+1) * step); e != want {
				t.Errorf("seed %d: slot %d ends at %v, want %v", seed, i, e, want)
			}
		}
	}
	l := timeline{}
	l.start(stance{t: at(0)})
	if _, ok := l.due(at(1e6)); ok {
		t.Error("a timeline without a step has slots")
	}
}

func ExampleThresholds() {
	t, err := parseThresholds("sm=80%,waiting=4")
	fmt.Println(t, err)
	// Output: sm=0.8,memory=0.6,throttled=0.01,idle=0.9,waiting=4,temperature=83,clock=0.95 <nil>
}
