package main

import (
	"encoding/json"
	"io"
	"iter"
	"math/rand/v2"
	"time"

	"aiperf/pkg/arrival"
	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/record"

	"github.com/spf13/pflag"
)

// paceFlags say when to send.
type paceFlags struct {
	concurrency int
	prefill     int
	rate        float64
	series      string
	pattern     string
	smoothness  float64
	userRate    float64
	users       int
	fixed       bool
	noFixed     bool
	autoOffset  bool
	startOffset int64
	endOffset   int64
	speedup     float64

	concurrencyRamp, prefillRamp, rateRamp cli.Seconds

	requests    int
	duration    cli.Seconds
	grace       grace
	failedLimit float64

	lasts time.Duration // what the points of the series last
}

func (p *paceFlags) register(f *pflag.FlagSet) {
	p.grace = grace{30 * time.Second}
	f.IntVar(&p.concurrency, "concurrency", 0, "`conversations` (of one turn: requests) under way at most (default 1 without a rate, else no limit)")
	f.Float64Var(&p.rate, "request-rate", 0, "`requests` a second, sent when they are due however many are in flight (default a closed loop)")
	f.StringVar(&p.pattern, "arrival-pattern", "poisson", "`how` arrivals of a rate are spread: poisson, constant, gamma, or concurrency_burst (no rate)")
	f.Float64Var(&p.smoothness, "arrival-smoothness", 1, "`shape` of gamma: below 1 in bursts, 1 poisson, above smoother (also --vllm-burstiness)")
	f.StringVar(&p.series, "request-rate-series", "", "rate through the points of the JSON `FILE`, linear between them; the last one ends the phase unless another limit is given: [{\"time_s\":0,\"qps\":5},…]")
	f.Float64Var(&p.userRate, "user-centric-rate", 0, "`requests` a second of --num-users together, each of whom waits for its answer")
	f.IntVar(&p.users, "num-users", 0, "`users` of --user-centric-rate; each asks every num-users/rate seconds")
	f.BoolVar(&p.fixed, "fixed-schedule", false, "send the rows of --input-file at their timestamps (the default for traces that have them)")
	f.BoolVar(&p.noFixed, "no-fixed-schedule", false, "do not")
	f.BoolVar(&p.autoOffset, "fixed-schedule-auto-offset", false, "the first timestamp is 0")
	f.Int64Var(&p.startOffset, "fixed-schedule-start-offset", 0, "leave out what comes before so many `milliseconds`, which are the new 0")
	f.Int64Var(&p.endOffset, "fixed-schedule-end-offset", 0, "leave out what comes after so many `milliseconds` (default no end)")
	f.Float64Var(&p.speedup, "synthesis-speedup-ratio", 1, "`factor` by which a schedule runs faster")
	f.IntVar(&p.prefill, "prefill-concurrency", 0, "`requests` that wait for their first token at most; needs --streaming (default no limit)")
	f.Var(&p.concurrencyRamp, "concurrency-ramp-duration", "`time` in which --concurrency rises from 1")
	f.Var(&p.prefillRamp, "prefill-concurrency-ramp-duration", "`time` in which --prefill-concurrency rises from 1")
	f.Var(&p.rateRamp, "request-rate-ramp-duration", "`time` in which the rate rises from 0")
	f.IntVar(&p.requests, "request-count", 0, "`requests` to send and measure (default all of a dataset, else twice the concurrency, at least 10)")
	f.Var(&p.duration, "benchmark-duration", "send no more after this `time` (default no limit)")
	f.Var(&p.grace, "benchmark-grace-period", "`time` after --benchmark-duration in which answers may come; inf: no limit")
	f.Float64Var(&p.failedLimit, "failed-request-threshold", 0, "end with 3 when a larger `share`, 0 to 1, of at least 10 requests has failed (default no limit)")
}

// A grace is a time or inf.
type grace struct{ time.Duration }

func (g *grace) Set(s string) error {
	if s == "inf" {
		g.Duration = -1
		return nil
	}
	var d cli.Seconds
	if err := d.Set(s); err != nil {
		return err
	}
	g.Duration = time.Duration(d)
	return nil
}

func (g *grace) String() string {
	if g.Duration < 0 {
		return "inf"
	}
	return g.Duration.String()
}

func (g *grace) Type() string { return "time" }

func (o *options) checkPace() error {
	p := &o.pace
	switch {
	case o.set("arrival-smoothness") && p.pattern != "gamma":
		return cli.Usagef("--arrival-smoothness needs --arrival-pattern gamma")
	case o.set("arrival-pattern") && p.pattern == "concurrency_burst" && (o.set("request-rate") || o.set("request-rate-series")):
		return cli.Usagef("--arrival-pattern concurrency_burst sends without a rate")
	case o.set("prefill-concurrency") && !o.server.streaming:
		return cli.Usagef("--prefill-concurrency needs --streaming: without there is no first token")
	case p.prefill > p.concurrency && p.concurrency > 0:
		return cli.Usagef("--prefill-concurrency %d is more than --concurrency %d", p.prefill, p.concurrency)
	case o.set("user-centric-rate") && o.input.turns.Mean < 2 && len(o.input.file) == 0:
		return cli.Usagef("--user-centric-rate needs conversations of several turns: --conversation-turn-mean of at least 2")
	}
	least := func(flag string, v float64) bound { return bound{flag, v, o.least(flag), 0} }
	positive := func(flag string, v float64) bound {
		if !o.set(flag) {
			v = 1
		}
		return bound{flag, v, 1e-6, 1e7}
	}
	return firstError(
		checkPattern("arrival-pattern", p.pattern),
		o.excludes("request-rate", "request-rate-series", "user-centric-rate", "fixed-schedule"),
		o.excludes("request-rate-series", "user-centric-rate", "fixed-schedule"),
		o.excludes("user-centric-rate", "fixed-schedule", "concurrency"),
		o.excludes("fixed-schedule", "no-fixed-schedule", "dataset-sampling-strategy"),
		o.excludes("fixed-schedule-auto-offset", "fixed-schedule-start-offset"),
		o.excludes("request-rate-ramp-duration", "fixed-schedule", "user-centric-rate"),
		o.needs("request-rate-ramp-duration", "request-rate", "request-rate-series"),
		o.needs("user-centric-rate", "num-users"),
		o.needs("num-users", "user-centric-rate"),
		o.needs("fixed-schedule", "input-file"),
		o.needs("concurrency-ramp-duration", "concurrency"),
		o.needs("prefill-concurrency-ramp-duration", "prefill-concurrency"),
		o.needs("benchmark-grace-period", "benchmark-duration"),
		checkBounds(
			least("concurrency", float64(p.concurrency)), least("prefill-concurrency", float64(p.prefill)),
			least("request-count", float64(p.requests)), least("num-users", float64(p.users)),
			positive("request-rate", p.rate), positive("user-centric-rate", p.userRate),
			positive("arrival-smoothness", p.smoothness), positive("synthesis-speedup-ratio", p.speedup),
			bound{"fixed-schedule-start-offset", float64(p.startOffset), 0, 0}, bound{"fixed-schedule-end-offset", float64(p.endOffset), 0, 0},
			bound{"failed-request-threshold", p.failedLimit, 0, 1},
		),
	)
}

// profiling is the phase that is measured, but for its conversations. fromFile
// tells that they end by themselves.
func (o *options) profiling(fixed, fromFile bool) (load.Phase, error) {
	p := &o.pace
	ph := load.Phase{
		Name: record.Profiling, Requests: p.requests, Scheduled: fixed,
		Duration: time.Duration(p.duration), Grace: p.grace.Duration,
		Concurrency: p.concurrency, ConcurrencyRamp: time.Duration(p.concurrencyRamp),
		Prefill: p.prefill, PrefillRamp: time.Duration(p.prefillRamp),
	}
	if o.set("failed-request-threshold") {
		ph.FailedLimit = &p.failedLimit
	}
	if o.set("conversation-num") && !o.set("request-count") {
		ph.Sessions = o.input.conversations
	}
	switch {
	case p.users > 0:
		ph.Users, ph.Gap = p.users, time.Duration(float64(p.users)/p.userRate*1e9)
		if !o.set("benchmark-grace-period") {
			ph.Grace = -1
		}
	case fixed:
	case o.set("request-rate") || o.set("request-rate-series"):
		rate, err := o.rate(p.rate, p.series, p.rateRamp)
		if err != nil {
			return ph, err
		}
		ph.Arrivals = arrivals(p.pattern, p.smoothness, rate, o.input.seed, "profiling")
	case ph.Concurrency == 0:
		ph.Concurrency = 1
	}
	if ph.Requests == 0 && ph.Sessions == 0 && ph.Duration == 0 && p.lasts > 0 {
		ph.Duration = p.lasts
	}
	if ph.Requests == 0 && ph.Sessions == 0 && ph.Duration == 0 && !fromFile {
		ph.Requests = max(10, 2*ph.Concurrency, 2*ph.Users)
	}
	return ph, nil
}

// rate is that of --request-rate or of the file of --request-rate-series.
func (o *options) rate(steady float64, series string, ramp cli.Seconds) (arrival.Rate, error) {
	points := []arrival.Point{{At: 0, Rate: steady}}
	if series != "" {
		f, err := o.env.Open(series)
		if err != nil {
			return arrival.Rate{}, cli.Usagef("--request-rate-series: %w", err)
		}
		defer f.Close()
		if points, err = readSeries(f); err != nil {
			return arrival.Rate{}, cli.Usagef("--request-rate-series %q: %w", series, err)
		}
		o.pace.lasts = time.Duration((points[len(points)-1].At + time.Duration(ramp).Seconds()) * 1e9)
	}
	if d := time.Duration(ramp).Seconds(); d > 0 {
		// The series begins when the ramp to its first point is over.
		for i := range points {
			points[i].At += d
		}
		points = append([]arrival.Point{{At: 0, Rate: 0}}, points...)
	}
	rate, err := arrival.Series(points)
	if err != nil {
		return rate, cli.Usagef("--request-rate-series %q: %w", series, err)
	}
	return rate, nil
}

// readSeries reads AIPerf's file of a rate: its points, or an object with them.
func readSeries(r io.Reader) ([]arrival.Point, error) {
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, err
	}
	type point struct {
		At   *float64 `json:"time_s"`
		Rate *float64 `json:"qps"`
	}
	var list []point
	if err := json.Unmarshal(text, &list); err != nil {
		var object struct {
			Points []point `json:"points"`
		}
		if json.Unmarshal(text, &object) != nil || object.Points == nil {
			return nil, cli.Hint(cli.Usagef("it is no series of points"), `it should be [{"time_s":0,"qps":5},{"time_s":60,"qps":50}], or an object with such "points"`)
		}
		list = object.Points
	}
	if len(list) == 0 {
		return nil, cli.Usagef("it has no points")
	}
	var points []arrival.Point
	for i, p := range list {
		if p.At == nil || p.Rate == nil {
			return nil, cli.Usagef("point %d has no time_s or no qps", i+1)
		}
		points = append(points, arrival.Point{At: *p.At, Rate: *p.Rate})
	}
	return points, nil
}

// arrivals are the instants at which requests are due; nil if that is at once.
func arrivals(pattern string, smoothness float64, rate arrival.Rate, seed int64, what string) iter.Seq[time.Duration] {
	// Each phase has random numbers of its own, and begins them anew each time.
	numbers := func() *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), uint64(len(what))<<32)) }
	process := func() arrival.Process { return arrival.Poisson(numbers()) }
	switch pattern {
	case "constant":
		process = arrival.Constant
	case "gamma":
		process = func() arrival.Process { return arrival.Gamma(smoothness, numbers()) }
	case "concurrency_burst":
		return nil
	}
	return func(yield func(time.Duration) bool) { arrival.Due(process(), rate)(yield) }
}

// checkPattern refuses an arrival pattern that arrivals does not know.
func checkPattern(flag, pattern string) error {
	switch pattern {
	case "constant", "poisson", "gamma", "concurrency_burst":
		return nil
	}
	return cli.Usagef("--%s %q is not known; there are constant, poisson, gamma and concurrency_burst", flag, pattern)
}
