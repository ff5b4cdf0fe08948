package main

import (
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/record"

	"github.com/spf13/pflag"
)

// warmupFlags say what to send before what is measured.
type warmupFlags struct {
	requests, sessions int
	duration           cli.Seconds
	grace              grace
	concurrency        int
	prefill            int
	rate               float64
	pattern            string

	concurrencyRamp, prefillRamp, rateRamp cli.Seconds
}

func (w *warmupFlags) register(f *pflag.FlagSet) {
	w.grace = grace{-1}
	f.IntVar(&w.requests, "warmup-request-count", 0, "`requests` to send before, not measured (also --num-warmup-requests)")
	f.IntVar(&w.sessions, "num-warmup-sessions", 0, "`conversations` to send before")
	f.Var(&w.duration, "warmup-duration", "send for this `time` before")
	f.Var(&w.grace, "warmup-grace-period", "`time` after --warmup-duration in which answers may come; inf: no limit")
	f.IntVar(&w.concurrency, "warmup-concurrency", 0, "`conversations` under way at most (default that of --concurrency)")
	f.IntVar(&w.prefill, "warmup-prefill-concurrency", 0, "`requests` that wait for their first token at most (default that of --prefill-concurrency)")
	f.Float64Var(&w.rate, "warmup-request-rate", 0, "`requests` a second (default that of --request-rate)")
	f.StringVar(&w.pattern, "warmup-arrival-pattern", "", "how they are `spread` (default as --arrival-pattern)")
	f.Var(&w.concurrencyRamp, "warmup-concurrency-ramp-duration", "`time` in which the concurrency rises from 1")
	f.Var(&w.prefillRamp, "warmup-prefill-concurrency-ramp-duration", "`time` in which the prefill concurrency rises from 1")
	f.Var(&w.rateRamp, "warmup-request-rate-ramp-duration", "`time` in which the rate rises from 0")
}

func (o *options) checkWarmup() error {
	w := &o.warmup
	starts := []string{"warmup-request-count", "num-warmup-sessions", "warmup-duration"}
	for _, flag := range []string{"warmup-concurrency", "warmup-prefill-concurrency", "warmup-request-rate", "warmup-arrival-pattern",
		"warmup-concurrency-ramp-duration", "warmup-prefill-concurrency-ramp-duration", "warmup-request-rate-ramp-duration"} {
		if err := o.needs(flag, starts...); err != nil {
			return err
		}
	}
	if w.pattern != "" {
		if err := checkPattern("warmup-arrival-pattern", w.pattern); err != nil {
			return err
		}
	}
	return firstError(
		o.excludes("warmup-request-count", "num-warmup-sessions"),
		o.needs("warmup-grace-period", "warmup-duration"),
		checkBounds(
			bound{"warmup-request-count", float64(w.requests), 0, 0}, bound{"num-warmup-sessions", float64(w.sessions), 0, 0},
			bound{"warmup-concurrency", float64(w.concurrency), o.least("warmup-concurrency"), 0},
			bound{"warmup-prefill-concurrency", float64(w.prefill), o.least("warmup-prefill-concurrency"), 0},
			bound{"warmup-request-rate", w.rate, 0, 1e7},
		),
	)
}

// warmupPhase is the phase before the measured one, but for its conversations;
// false if there is none. What is not said is as in the measured one, but for
// schedules and users, which a warm-up has not.
func (o *options) warmupPhase(main load.Phase) (load.Phase, bool, error) {
	w, p := &o.warmup, &o.pace
	if w.requests == 0 && w.sessions == 0 && w.duration == 0 {
		return load.Phase{}, false, nil
	}
	or := func(flag string, d, other cli.Seconds) time.Duration {
		if o.set(flag) {
			return time.Duration(d)
		}
		return time.Duration(other)
	}
	ph := load.Phase{
		Name: record.Warmup, Requests: w.requests, Sessions: w.sessions,
		Duration: time.Duration(w.duration), Grace: w.grace.Duration,
		Concurrency: max(w.concurrency, 0), Prefill: w.prefill, FailedLimit: main.FailedLimit,
		ConcurrencyRamp: or("warmup-concurrency-ramp-duration", w.concurrencyRamp, p.concurrencyRamp),
		PrefillRamp:     or("warmup-prefill-concurrency-ramp-duration", w.prefillRamp, p.prefillRamp),
	}
	if ph.Concurrency == 0 {
		ph.Concurrency = main.Concurrency
	}
	if ph.Prefill == 0 {
		ph.Prefill = main.Prefill
	}
	rate, series := w.rate, ""
	if rate == 0 && !o.set("warmup-concurrency") {
		rate, series = p.rate, p.series
	}
	if rate > 0 || series != "" {
		r, err := o.rate(rate, series, cli.Seconds(or("warmup-request-rate-ramp-duration", w.rateRamp, p.rateRamp)))
		if err != nil {
			return ph, false, err
		}
		pattern := p.pattern
		if w.pattern != "" {
			pattern = w.pattern
		}
		ph.Arrivals = arrivals(pattern, p.smoothness, r, o.input.seed, "warm-up")
	}
	if ph.Arrivals == nil && ph.Concurrency == 0 {
		ph.Concurrency = max(1, main.Users)
	}
	return ph, true, nil
}
