package join

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	loads "aiperf/pkg/load"
	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"
	"aiperf/pkg/sim"
	"aiperf/pkg/token"
)

// A plant is a simulated machine with those who load and watch it.
type plant struct {
	refresh, poll time.Duration
	lead          time.Duration // of the scraper before the load
	long          bool          // a minute and more, not seconds
	gpus          int
}

func (p plant) String() string {
	return fmt.Sprintf("refresh=%v,poll=%v,lead=%v,long=%v,gpus=%d", p.refresh, p.poll, p.lead, p.long, max(1, p.gpus))
}

// try gives by how much the energy of one run is off, and its ±.
func (p plant) try(t *testing.T, seed uint64) (off, pm float64) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 7))
		upTo := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }
		cfg := sim.Defaults
		cfg.Refresh, cfg.GPUs, cfg.Power.Spread = p.refresh, max(1, p.gpus), 0.2
		cfg.TTFT, cfg.ITL = 20*time.Millisecond+upTo(100*time.Millisecond), 5*time.Millisecond+upTo(10*time.Millisecond)
		cfg.PerToken, cfg.Jitter, cfg.PerChunk, cfg.Seed = time.Millisecond, 0.1, 50, int64(seed)
		cfg.Power.Tau = 20*time.Millisecond + upTo(300*time.Millisecond)
		cfg.Power.Idle += 30 * r.Float64()
		machine, network := sim.New(cfg), new(sim.Network)
		serve(t, network, "sim:8000", machine.Server())
		serve(t, network, "sim:9400", machine.Exporter())
		time.Sleep(upTo(2 * p.refresh)) // the exporter's rhythm is its own

		ctx, stop := context.WithCancel(t.Context())
		scraped, clock := make(chan []byte), record.StartClock()
		go func() { scraped <- produce(t, clock, p.scrape(ctx, t, network, clock)) }()
		time.Sleep(p.lead + upTo(time.Second))
		concurrency, rounds := 1+r.IntN(16), 2+r.IntN(5)
		if p.long {
			concurrency, rounds = 1+r.IntN(4), 30+r.IntN(60)
		}
		prompts := prompt.Synthetic{Distinct: 8, In: prompt.Lengths{Mean: 40, Stddev: 15},
			Out: &prompt.Lengths{Mean: 150, Stddev: 50}, Seed: int64(seed)}.Source(words)
		requests := produce(t, clock, loads.Run(t.Context(), loads.Plan{
			Run: "LOAD", Clock: clock,
			Target: loads.Target{URLs: []string{"http://sim:8000/v1/chat/completions"}, Endpoint: openai.Chat, Dial: network.DialContext,
				Options: openai.Options{Model: "sim-model", Streaming: true}},
			Phases: []loads.Phase{{Name: record.Profiling, Conversations: prompts, Requests: concurrency * rounds, Concurrency: concurrency}},
		}))
		stop()
		merged := Merge(record.Read(bytes.NewReader(requests), "load"), record.Read(bytes.NewReader(<-scraped), "gpu"))
		var ls []record.Line
		for l, err := range merged {
			if err != nil {
				t.Fatal(err)
			}
			ls = append(ls, l)
		}
		e := attribute(t, ls, Options{MaxGap: 90}).total
		if e == nil || e.Energy == nil || e.PlusMinus == nil || slices.ContainsFunc(e.Reasons, func(r string) bool { return r != Stale }) {
			t.Fatalf("%v: seed %d: %+v", p, seed, e)
		}
		off, pm = *e.Energy, *e.PlusMinus
		for gpu := range cfg.GPUs {
			off -= machine.Energy(gpu, e.To.Time()) - machine.Energy(gpu, e.From.Time())
		}
	})
	return off, pm
}

// words make prompts.
var words, _ = token.Builtin()

func (p plant) scrape(ctx context.Context, t *testing.T, network *sim.Network, clock record.Clock) iter.Seq2[record.Record, error] {
	source, err := scrape.ParseSource("http://sim:9400/metrics")
	if err != nil {
		t.Error(err)
	}
	return scrape.Run(ctx, scrape.Config{Sources: []scrape.Source{source}, Interval: p.poll, Clock: clock,
		Settle: p.refresh + 2*p.poll, Transport: &http.Transport{DialContext: network.DialContext}})
}

func serve(t *testing.T, network *sim.Network, address string, h http.Handler) {
	s, done := &http.Server{Handler: h}, make(chan struct{})
	l := network.Listen(address)
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
}

// produce writes a producer's stream.
func produce(t *testing.T, clock record.Clock, records iter.Seq2[record.Record, error]) []byte {
	var b bytes.Buffer
	w := record.NewWriter(&b, clock)
	for r, err := range records {
		if err == nil {
			err = w.Write(r)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return b.Bytes()
}

// What the real load and scraper saw of the simulator holds the simulator's own
// energy within ±, and tightly.
func TestPlusMinusOfSimulator(t *testing.T) {
	if testing.Short() {
		t.Skip("many seeds: too long for the race detector")
	}
	t.Parallel()
	const ms = time.Millisecond
	for _, p := range []plant{
		{refresh: 33 * ms, poll: 333 * ms, lead: 5 * time.Second},
		{refresh: 100 * ms, poll: 333 * ms, lead: 5 * time.Second},
		{refresh: 1000 * ms, poll: 333 * ms, lead: 5 * time.Second},
		{refresh: 1000 * ms, poll: 333 * ms, lead: time.Second, gpus: 8},
		{refresh: 30_000 * ms, poll: 333 * ms, lead: 33 * time.Second},
		{refresh: 33 * ms, poll: 1000 * ms, lead: 5 * time.Second},
		{refresh: 33 * ms, poll: 100 * ms, lead: 5 * time.Second},
		{refresh: 1000 * ms, poll: 100 * ms, lead: 5 * time.Second},
	} {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			var got coverage
			for seed := range uint64(40) {
				got.add(p.try(t, seed))
			}
			got.check(t, false)
		})
	}
}
