package cmd_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/artifact"
	"aiperf/pkg/join"
	"aiperf/pkg/load"
	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/render"
	"aiperf/pkg/report"
	"aiperf/pkg/scrape"
	"aiperf/pkg/sim"
	"aiperf/pkg/token"

	gocmp "github.com/google/go-cmp/cmp"
)

// The whole demo in virtual time: a model server whose GPUs react, a load, a
// scraper, the join and the reports. All instants are exact, and so the merged
// stream and every form of the report are the same bytes each time.
func TestDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine, network := serve(t)
		requests, gpu := measure(t, network)
		merged := mergeAll(t, requests, gpu)
		golden(t, "merged.ndjson", merged)
		r := reportOf(t, merged)
		checkTiming(t, merged)
		checkEnergy(t, machine, r)
		for name, write := range map[string]func(*bytes.Buffer) error{
			"table-140.txt": func(b *bytes.Buffer) error { return render.Text(b, r, render.Options{Width: 140}) },
			"table-80.txt":  func(b *bytes.Buffer) error { return render.Text(b, r, render.Options{Width: 80}) },
			"report.md":     func(b *bytes.Buffer) error { return render.Markdown(b, r, render.Options{}) },
			"report.csv":    func(b *bytes.Buffer) error { return artifact.CSV(b, r) },
			"report.json":   func(b *bytes.Buffer) error { return artifact.JSON(b, r) },
			"report.ndjson": func(b *bytes.Buffer) error { return artifact.Lines(b, r) },
			"report.prom":   func(b *bytes.Buffer) error { return artifact.Prometheus(b, r) },
			"profile_export.jsonl": func(b *bytes.Buffer) error {
				return each(merged, (&artifact.RequestWriter{W: b}).Add)
			},
			"gpu_telemetry_export.jsonl": func(b *bytes.Buffer) error {
				return each(merged, (&artifact.TelemetryWriter{W: b}).Add)
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Error(err)
			}
			golden(t, name, b.Bytes())
		}
		parted(t, merged)
	})
}

// parted writes the report in groups and time slices, with other definitions and
// percentiles, at two widths and in every form that shows them.
func parted(t *testing.T, merged []byte) {
	goodput, err := report.ParseGoodput("request_latency:230 inter_token_latency:10")
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{TTFT: report.TTFTAny, ITL: report.ITLChunk, Percentiles: []float64{50, 90, 99.9}, Goodput: goodput, Window: 1}
	text := func(width int) func(*bytes.Buffer, *report.Report) error {
		return func(b *bytes.Buffer, r *report.Report) error {
			return render.Text(b, r, render.Options{Width: width, Trace: true, Percentiles: options.Percentiles})
		}
	}
	plain := func(f func(io.Writer, *report.Report) error) func(*bytes.Buffer, *report.Report) error {
		return func(b *bytes.Buffer, r *report.Report) error { return f(b, r) }
	}
	for _, c := range []struct {
		by, name string
		write    func(*bytes.Buffer, *report.Report) error
	}{
		{"phase", "by-phase-140.txt", text(140)},
		{"phase", "by-phase-80.txt", text(80)},
		{"phase", "by-phase.json", plain(artifact.JSON)},
		{"phase", "timeslices.json", plain(artifact.TimeslicesJSON)},
		{"phase", "timeslices.csv", plain(artifact.TimeslicesCSV)},
		{"gpu", "by-gpu-80.txt", text(80)},
		{"gpu", "by-gpu.prom", plain(artifact.Prometheus)},
		{"host,turn", "by-host-turn-140.txt", text(140)},
	} {
		if options.By, err = report.ParseBy(c.by); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := c.write(&b, reportWith(t, merged, options)); err != nil {
			t.Error(err)
		}
		golden(t, c.name, b.Bytes())
	}
}

// each gives all lines of a stream to a writer.
func each(stream []byte, add func(record.Line) error) error {
	for l, err := range record.Read(bytes.NewReader(stream), "merged") {
		if err == nil {
			err = add(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	ttft, perToken, itl = 60 * time.Millisecond, time.Millisecond, 10 * time.Millisecond
)

// serve starts the simulated machine in memory.
func serve(t *testing.T) (*sim.Machine, *sim.Network) {
	cfg := sim.Defaults
	cfg.GPUs, cfg.Power.Spread = 2, 0.2
	cfg.TTFT, cfg.PerToken, cfg.ITL = ttft, perToken, itl
	machine, network := sim.New(cfg), new(sim.Network)
	for address, handler := range map[string]http.Handler{"sim:8000": machine.Server(), "sim:9400": machine.Exporter()} {
		s := &http.Server{Handler: handler}
		listener := network.Listen(address)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Serve(listener)
		}()
		t.Cleanup(func() {
			s.Close()
			<-done
		})
	}
	return machine, network
}

// measure loads and scrapes at once, and gives both streams.
func measure(t *testing.T, network *sim.Network) (requests, gpu []byte) {
	source, err := scrape.ParseSource("http://sim:9400/metrics")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	scraped := make(chan []byte)
	clock := record.StartClock()
	go func() {
		// Two schedules must not share an instant.
		time.Sleep(time.Millisecond)
		scraped <- stream(t, clock, "SCRAPE", scrape.Run(ctx, scrape.Config{
			Sources: []scrape.Source{source}, Interval: 100 * time.Millisecond, Clock: clock,
			Transport: &http.Transport{DialContext: network.DialContext},
		}))
	}()
	time.Sleep(500 * time.Millisecond)
	tok, err := token.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	prompts := prompt.Synthetic{Distinct: 8, In: prompt.Lengths{Mean: 40, Stddev: 15},
		Out: &prompt.Lengths{Mean: 12, Stddev: 4}, Seed: 100}.Source(tok)
	requests = stream(t, clock, "LOAD", load.Run(t.Context(), load.Plan{
		Run: "LOAD", Clock: clock,
		Target: load.Target{URLs: []string{"http://sim:8000/v1/chat/completions"}, Endpoint: openai.Chat, Dial: network.DialContext,
			Options: openai.Options{Model: "sim-model", Streaming: true}},
		Phases: []load.Phase{
			{Name: record.Warmup, Conversations: prompts, Requests: 3, Concurrency: 3},
			{Name: record.Profiling, Conversations: prompts, Requests: 24, Concurrency: 3},
		},
	}))
	stop()
	return requests, <-scraped
}

// stream writes a producer's stream. Lines of one instant are put in order: who
// comes first of two that happen at once is nobody's business.
func stream(t *testing.T, clock record.Clock, id string, records func(func(record.Record, error) bool)) []byte {
	var b bytes.Buffer
	w := record.NewWriter(&b, clock)
	write := func(r record.Record) {
		if err := w.Write(r); err != nil {
			t.Error(err)
		}
	}
	write(&record.Run{Run: id, Tool: strings.ToLower("aiperf-" + id), Host: "sim"})
	for r, err := range records {
		if err != nil {
			t.Error(err)
			continue
		}
		write(r)
	}
	write(&record.End{Run: id, Reason: record.Complete})
	lines := slices.Collect(strings.Lines(b.String()))
	body := lines[1 : len(lines)-1]
	const width = len(`{"time":"2000-01-01T00:00:00.000000000Z"`)
	slices.SortStableFunc(body, func(a, b string) int {
		return cmp.Or(strings.Compare(a[:width], b[:width]), strings.Compare(a, b))
	})
	return []byte(strings.Join(lines, ""))
}

func mergeAll(t *testing.T, streams ...[]byte) []byte {
	var b bytes.Buffer
	merged := join.Merge(record.Read(bytes.NewReader(streams[0]), "requests"), record.Read(bytes.NewReader(streams[1]), "gpu"))
	for l, err := range join.Attribute(merged, join.Options{}) {
		if err != nil {
			t.Error(err)
			continue
		}
		b.Write(append(l.Raw, '\n'))
	}
	return b.Bytes()
}

func reportOf(t *testing.T, merged []byte) *report.Report {
	return reportWith(t, merged, report.Options{})
}

func reportWith(t *testing.T, merged []byte, o report.Options) *report.Report {
	b := report.Builder{Options: o}
	for l, err := range record.Read(bytes.NewReader(merged), "merged") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return b.Report()
}

// checkTiming compares each record with what the simulator was told to do.
func checkTiming(t *testing.T, merged []byte) {
	charged, n := 0.0, 0
	var total record.Energy
	for l := range record.Read(bytes.NewReader(merged), "merged") {
		switch l.Type {
		case record.TypeEnergy:
			if err := l.Decode(&total); err != nil { // the last one is the total
				t.Error(err)
			}
		case record.TypeRequest:
			var r record.Request
			if err := l.Decode(&r); err != nil {
				t.Error(err)
			}
			want := ttft + time.Duration(*r.Tokens.In)*perToken
			gaps := record.Gaps{want.Seconds()}
			for range *r.Tokens.Asked - 1 {
				gaps = append(gaps, itl.Seconds())
			}
			took := want + time.Duration(*r.Tokens.Asked-1)*itl
			if r.Error != nil || *r.TTFT != want.Seconds() || *r.Took != took.Seconds() || !slices.Equal(gaps, r.Gaps) {
				t.Errorf("request %s: TTFT %v, took %v, gaps %v; want %v, %v, %v", r.ID, *r.TTFT, *r.Took, r.Gaps, want, took, gaps)
			}
			if r.Phase == record.Profiling {
				n++
				charged += *r.GPU.Energy
			}
		}
	}
	if n != 24 {
		t.Errorf("%d profiling requests, want 24", n)
	}
	// Records hold nanojoules, so each may be half of one off.
	if math.Abs(charged-*total.Requests) > 1e-9*float64(n+1) {
		t.Errorf("requests were charged %.9f J, the total says %.9f J", charged, *total.Requests)
	}
	if sum := *total.Requests + *total.Idle; total.Others == nil && math.Abs(sum-*total.Energy) > 1e-9**total.Energy+2e-9 {
		t.Errorf("charged and idle are %.9f J of %.9f J", sum, *total.Energy)
	}
}

// checkEnergy compares the energy with the simulator's own.
func checkEnergy(t *testing.T, machine *sim.Machine, r *report.Report) {
	e := r.Energy.Total
	truth := 0.0
	for gpu := range 2 {
		truth += machine.Energy(gpu, e.To.Time()) - machine.Energy(gpu, e.From.Time())
	}
	diff := *e.Energy - truth
	t.Logf("energy %.3f ± %.3f J, true %.3f J, difference %+.3f J (%+.3f %%)", *e.Energy, *e.PlusMinus, truth, diff, 100*diff/truth)
	if e.Verdict != record.Valid || math.Abs(diff) > *e.PlusMinus {
		t.Errorf("verdict %s %v: %.3f J is not within ± %.3f J of the true %.3f J", e.Verdict, e.Reasons, *e.Energy, *e.PlusMinus, truth)
	}
	if *e.PlusMinus > truth/10 {
		t.Errorf("± %.3f J says little of %.3f J", *e.PlusMinus, truth)
	}
}

// golden compares got with a file; -update rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", "demo", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Error(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
