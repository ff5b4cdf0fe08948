package cmd_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/artifact"
	"aiperf/pkg/load"
	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/render"
	"aiperf/pkg/report"
	"aiperf/pkg/sim"
	"aiperf/pkg/token"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// madeUp is the merged stream of a server that does not exist: its latencies hang
// on those before them and are longer by a share. One request in two hundred
// fails.
func madeUp(t *testing.T, seed uint64, slower float64, n int) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	w := record.NewWriter(&b, record.Clock{})
	write := func(r record.Record) {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	ptr := func(x float64) *float64 { return &x }
	in, out := 100, 4
	zero := record.Time(1_700_000_000_000_000_000)
	write(&record.Run{Run: "R", Tool: "aiperf-load", Config: map[string]any{"concurrency": "4"}})
	var free [4]float64
	var list []*record.Request
	mood, end, total := 0.0, 0.0, 0.0
	for i := range n {
		user := slices.Index(free[:], slices.Min(free[:]))
		mood = 0.5*mood + math.Sqrt(0.75)*rng.NormFloat64()
		scale := (1 + slower) * math.Exp(0.1*mood)
		r := &record.Request{Run: "R", ID: fmt.Sprint(i), Phase: record.Profiling, Model: "m", Start: zero.Add(free[user])}
		took := 0.05 * scale
		r.TTFT, r.Gaps = ptr(took), record.Gaps{took}
		for range out - 1 {
			gap := 0.02 * scale * math.Exp(0.1*rng.NormFloat64())
			r.Gaps, took = append(r.Gaps, gap), took+gap
		}
		r.Took, r.Chunks, r.Tokens = ptr(took), out, &record.Tokens{In: &in, Out: &out, Source: record.FromUsage}
		energy := 9 * scale
		r.GPU = &record.Share{Energy: &energy}
		if i%200 == 199 {
			r.Error, r.TTFT, r.Gaps, r.Chunks, r.Tokens = &record.Error{Class: record.ClassTimeout}, nil, nil, 0, nil
		}
		total += energy
		if free[user] += took; r.Error == nil {
			end = max(end, free[user])
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b *record.Request) int { return cmp.Compare(a.Start.Add(*a.Took), b.Start.Add(*b.Took)) })
	for _, r := range list {
		write(r)
	}
	write(&record.Energy{Scope: record.ScopeTotal, Phase: record.Profiling, From: zero, To: zero.Add(end), Took: end, GPUs: 1, Energy: ptr(total * 1.05),
		PlusMinus: ptr(total * 0.002), Readings: 9, Verdict: record.Valid, Reasons: []string{}})
	write(&record.End{Run: "R", Reason: record.Complete})
	return b.Bytes()
}

func sideOf(t *testing.T, o report.Options, streams ...[]byte) *report.Side {
	t.Helper()
	var s report.Side
	for i, stream := range streams {
		b := &report.Builder{Options: o}
		if err := each(stream, b.Add); err != nil {
			t.Fatal(err)
		}
		s.Names, s.Runs = append(s.Names, fmt.Sprintf("run%d.ndjson", i+1)), append(s.Runs, b)
	}
	return &s
}

// Verdicts and comparisons in every form that shows them.
func TestVerdictsGolden(t *testing.T) {
	t.Parallel()
	var o report.Options
	for _, s := range []string{"ttft.p99 < 70ms and errors < 1%", "energy_per_output_token < 3J", "gpu.temperature.max < 85", "energy.valid == true", "errors < 0.1% or latency.avg < 1s"} {
		slo, err := report.ParseSLO(s)
		if err != nil {
			t.Fatal(err)
		}
		o.SLOs = append(o.SLOs, slo)
	}
	var limits []report.FailIf
	for _, s := range []string{"latency.p50 +5%", "ttft.avg +50%", "latency.p99.9 +5%"} {
		f, err := report.ParseFailIf(s)
		if err != nil {
			t.Fatal(err)
		}
		limits = append(limits, f)
		o.Percentiles = append(o.Percentiles, f.Percentiles()...)
	}
	old, slow := madeUp(t, 1, 0, 600), madeUp(t, 2, 0.1, 600)
	many := func(slower float64) (list [][]byte) {
		for seed := range uint64(3) {
			list = append(list, madeUp(t, 10*seed+uint64(100*slower), slower, 100))
		}
		return list
	}
	one := sideOf(t, o, slow)
	r := one.Reports()[0]
	text := func(width int) func(*bytes.Buffer) error {
		return func(b *bytes.Buffer) error { return render.Text(b, r, render.Options{Width: width}) }
	}
	show := func(list map[string]func(*bytes.Buffer) error) {
		for name, write := range list {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Error(err)
			}
			golden(t, name, b.Bytes())
		}
	}
	show(map[string]func(*bytes.Buffer) error{
		"slo-140.txt": text(140),
		"slo.csv":     func(b *bytes.Buffer) error { return artifact.CSV(b, r) },
		"slo.prom":    func(b *bytes.Buffer) error { return artifact.Prometheus(b, r) },
	})
	r.Comparison = report.Compare(sideOf(t, o, old), one, nil, limits)
	show(map[string]func(*bytes.Buffer) error{
		"compare-140.txt": text(140), "compare-80.txt": text(80),
		"compare.md":     func(b *bytes.Buffer) error { return render.Markdown(b, r, render.Options{}) },
		"compare.json":   func(b *bytes.Buffer) error { return artifact.JSON(b, r) },
		"compare.ndjson": func(b *bytes.Buffer) error { return artifact.Lines(b, r) },
		"compare.prom":   func(b *bytes.Buffer) error { return artifact.Prometheus(b, r) },
	})
	r.Comparison = report.Compare(sideOf(t, o, many(0)...), sideOf(t, o, many(0.1)...), nil, nil)
	show(map[string]func(*bytes.Buffer) error{"compare-runs-140.txt": text(140)})
}

// Two simulated servers, one of which is 3 % slower, are told apart by what a
// load measured of them, and two equal ones are not.
func TestSimulatedServersCompared(t *testing.T) {
	var old, equal, slow []byte
	synctest.Test(t, func(t *testing.T) {
		old, equal, slow = simulated(t, 1, 1), simulated(t, 1, 2), simulated(t, 1.03, 3)
	})
	verdict := func(stream []byte) (found []string, sure bool) {
		for _, x := range report.Compare(sideOf(t, report.Options{}, old), sideOf(t, report.Options{}, stream), nil, nil).Changes {
			if x.Sure {
				found = append(found, x.Name.String()+" "+x.Verdict)
			}
		}
		return found, slices.Contains(found, "request_latency.avg worse")
	}
	if found, _ := verdict(equal); len(found) > 0 {
		t.Errorf("equal servers: %v", found)
	}
	if found, sure := verdict(slow); !sure {
		t.Errorf("a server that is 3 %% slower: only %v", found)
	}
}

// simulated is what a load measured of a server in virtual time.
func simulated(t *testing.T, slower float64, seed int64) []byte {
	cfg := sim.Defaults
	cfg.GPUs, cfg.Seed, cfg.Jitter = 1, seed, 0.1
	cfg.TTFT, cfg.PerToken, cfg.ITL = scaled(ttft, slower), 0, scaled(itl, slower)
	machine, network := sim.New(cfg), new(sim.Network)
	s := &http.Server{Handler: machine.Server()}
	listener := network.Listen("sim:8000")
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(listener)
	}()
	defer func() {
		s.Close()
		<-done
	}()
	tok, err := token.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return stream(t, record.StartClock(), "LOAD", load.Run(t.Context(), load.Plan{
		Run: "LOAD", Clock: record.StartClock(),
		Target: load.Target{URLs: []string{"http://sim:8000/v1/chat/completions"}, Endpoint: openai.Chat, Dial: network.DialContext,
			Options: openai.Options{Model: "sim-model", Streaming: true}},
		Phases: []load.Phase{{Name: record.Profiling, Requests: 400, Concurrency: 4,
			Conversations: prompt.Synthetic{Distinct: 8, In: prompt.Lengths{Mean: 40}, Out: &prompt.Lengths{Mean: 6}, Seed: 100}.Source(tok)}},
	}))
}

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// Prometheus' own parser takes the verdicts and the changes.
func TestVerdictsPrometheus(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/demo/compare.prom")
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"aiperf_slo_met": 6, "aiperf_slo_margin_ratio": 3, "aiperf_change_ratio": 21, "aiperf_change_low_ratio": 15, "aiperf_limit_kept": 3} {
		if got := len(families[name].GetMetric()); got != n {
			t.Errorf("%d samples of %s, want %d", got, name, n)
		}
	}
}
