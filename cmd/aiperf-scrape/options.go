package main

import (
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"

	"github.com/spf13/pflag"
)

type options struct {
	env   *cli.Env
	flags *pflag.FlagSet

	noDefault bool
	interval  cli.Seconds
	duration  cli.Seconds
	count     int
	timeout   cli.Seconds
	settle    cli.Seconds
	output    string
	quiet     bool
}

func newOptions(env *cli.Env) *options {
	o := &options{env: env, flags: pflag.NewFlagSet(env.Name, pflag.ContinueOnError),
		interval: cli.Seconds(scrape.DefaultInterval), settle: cli.Seconds(2 * time.Second)}
	f := o.flags
	f.Var(&o.interval, "interval", "`time` between two visits of a source, such as 100ms or 1.5 (seconds)")
	f.Var(&o.duration, "duration", "stop after this `time`; 0: at an interrupt")
	f.IntVar(&o.count, "count", 0, "stop after so many visits of each source; 0: no limit")
	f.Var(&o.settle, "settle", "on stopping, wait at most this `time` for new values")
	f.Var(&o.timeout, "timeout", "`time` that one visit may take; 0: 5s, or the interval if that is longer")
	f.BoolVar(&o.noDefault, "no-default", false, "visit no URL that is not named")
	f.StringVarP(&o.output, "output", "o", "", "write to `file` instead of standard output; .gz and .zst compress")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "tell no notes on standard error")
	return o
}

// leastInterval is below anything that an exporter can follow.
const leastInterval = time.Millisecond

func (o *options) config() (scrape.Config, error) {
	c := scrape.Config{
		Interval: time.Duration(o.interval), Count: o.count,
		Timeout: time.Duration(o.timeout), Settle: time.Duration(o.settle),
		Clock: record.StartClock(),
	}
	switch {
	case c.Interval < leastInterval:
		return c, cli.Usagef("--interval %v is less than %v", c.Interval, leastInterval)
	case c.Count < 0:
		return c, cli.Usagef("--count %d is negative", c.Count)
	case o.flags.NArg() == 0 && o.noDefault:
		return c, cli.Hint(cli.Usagef("--no-default without a URL leaves nothing to visit"), "aiperf-scrape --no-default NODE:9400")
	}
	var err error
	if c.Sources, err = scrape.Sources(o.flags.Args(), !o.noDefault); err != nil {
		return c, cli.Usagef("%w", err)
	}
	return c, nil
}
