package main

import (
	"path"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"

	"github.com/spf13/pflag"
)

// options are the flags, group by group.
type options struct {
	env   *cli.Env
	flags *pflag.FlagSet

	sourceFlags
	fieldFlags
	accessFlags
	timeFlags
	historyFlags
	fileFlags

	quiet bool
}

func newOptions(env *cli.Env) *options {
	o := &options{env: env, flags: pflag.NewFlagSet(env.Name, pflag.ContinueOnError)}
	f := o.flags
	o.sourceFlags.register(f)
	cli.Group(f, "Sources")
	o.fieldFlags.register(f)
	cli.Group(f, "Fields")
	o.accessFlags.register(f)
	cli.Group(f, "Access")
	o.timeFlags.register(f)
	cli.Group(f, "Time")
	o.historyFlags.register(f)
	cli.Group(f, "From Prometheus")
	f.BoolVar(&o.keepRepeats, "keep-repeats", false, `write readings that say nothing new too, marked "repeat"`)
	o.fileFlags.register(f)
	f.BoolVarP(&o.quiet, "quiet", "q", false, "tell no notes on standard error")
	cli.Group(f, "Output")
	return o
}

// sourceFlags say what to visit.
type sourceFlags struct {
	noDefault   bool
	targets     []string
	servers     []string
	gpuOnly     bool
	match       []string
	keepRepeats bool
}

func (s *sourceFlags) register(f *pflag.FlagSet) {
	f.StringArrayVar(&s.targets, "targets", nil, "visit the sources in `FILE` too: Prometheus's file_sd, as JSON or YAML, or one source a line; read again when it changes; may be repeated")
	f.BoolVar(&s.noDefault, "no-default", false, "visit no source that is not named")
	f.StringArrayVar(&s.servers, "server", nil, "read the metrics of the inference server at `URL`; may be repeated")
	f.StringArrayVar(&s.match, "match", nil, "of inference servers, write the series whose names match this `GLOB`, or one of several after commas; '*' is all (default: by the kind of server); with --prometheus, a selector such as {job=\"dcgm\"}; may be repeated")
	f.BoolVar(&s.gpuOnly, "gpu-only", false, "write GPUs only, also where an inference server answers")
}

// timeFlags say when.
type timeFlags struct {
	interval       cli.Seconds
	duration       cli.Seconds
	count          int
	timeout        cli.Seconds
	settle         cli.Seconds
	maxConcurrency int
}

func (t *timeFlags) register(f *pflag.FlagSet) {
	t.interval, t.settle = cli.Seconds(scrape.DefaultInterval), cli.Seconds(2*time.Second)
	f.Var(&t.interval, "interval", "`time` between two visits of a source, such as 100ms or 1.5 (seconds)")
	f.Var(&t.duration, "duration", "stop after this `time`; 0: at an interrupt")
	f.IntVar(&t.count, "count", 0, "stop after so many visits of each source; 0: no limit")
	f.Var(&t.settle, "settle", "on stopping, wait at most this `time` for new values")
	f.Var(&t.timeout, "timeout", "`time` that one visit may take; 0: 5s, or the interval if that is longer")
	f.IntVar(&t.maxConcurrency, "max-concurrency", scrape.DefaultMaxConcurrency, "visit at most so many sources at once; others wait, and say so as \"late\"")
}

const (
	// leastInterval is below anything that an exporter can follow.
	leastInterval = time.Millisecond
	// spread keeps the visits of many sources apart: 200 fill a second.
	spread = 5 * time.Millisecond
)

// set tells whether a flag was given.
func (o *options) set(name string) bool { return o.flags.Changed(name) }

func (o *options) config() (scrape.Config, error) {
	c := scrape.Config{
		Interval: time.Duration(o.interval), Count: o.count, Spread: spread,
		Timeout: time.Duration(o.timeout), Settle: time.Duration(o.settle),
		MaxConcurrency: o.maxConcurrency, KeepRepeats: o.keepRepeats, GPUOnly: o.gpuOnly,
		Clock: record.StartClock(),
	}
	for _, name := range []string{"since", "until", "window"} {
		if o.set(name) {
			return c, cli.Usagef("--%s needs --prometheus", name)
		}
	}
	switch {
	case c.Interval < leastInterval:
		return c, cli.Usagef("--interval %v is less than %v", c.Interval, leastInterval)
	case c.Count < 0:
		return c, cli.Usagef("--count %d is negative", c.Count)
	case c.MaxConcurrency < 1:
		return c, cli.Usagef("--max-concurrency %d is less than 1", c.MaxConcurrency)
	case o.gpuOnly && len(o.servers) > 0:
		return c, cli.Usagef("--gpu-only and --server exclude each other")
	case o.flags.NArg()+len(o.targets)+len(o.servers) == 0 && o.noDefault:
		return c, cli.Hint(cli.Usagef("--no-default without a URL leaves nothing to visit"), "aiperf-scrape --no-default NODE:9400")
	}
	var err error
	if c.Select, err = o.choose(); err != nil {
		return c, err
	}
	if err := o.sources(&c); err != nil {
		return c, err
	}
	return c, o.access(&c)
}

// sources fills in what to visit.
func (o *options) sources(c *scrape.Config) error {
	var err error
	if c.Sources, err = scrape.Sources(o.flags.Args(), !o.noDefault); err != nil {
		return cli.Usagef("%w", err)
	}
	for _, u := range o.servers {
		s, err := scrape.ParseServer(u)
		if err != nil {
			return cli.Usagef("--server: %w", err)
		}
		c.Sources = append(c.Sources, s)
	}
	for _, list := range o.match {
		for glob := range strings.SplitSeq(list, ",") {
			if glob = strings.TrimSpace(glob); glob == "" {
				continue
			}
			if _, err := path.Match(glob, ""); err != nil {
				return cli.Usagef("--match %q: %w", glob, err)
			}
			c.Match = append(c.Match, glob)
		}
	}
	if len(o.targets) > 0 {
		list := newTargetList(o.targets)
		if err := list.read(); err != nil {
			return cli.Usagef("--targets: %w", err)
		}
		c.Targets = list.sources
	}
	return nil
}
