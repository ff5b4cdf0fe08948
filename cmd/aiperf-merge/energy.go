package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"

	"github.com/spf13/pflag"
)

// energyFlags say how energy is shared out and judged.
type energyFlags struct {
	share   string
	weights string
	gpus    []string
	maxGap  cli.Seconds
	maxSkew cli.Seconds
	align   bool
	require bool

	resolution cli.Seconds
	thresholds join.Thresholds

	join.Options
}

func (e *energyFlags) register(f *pflag.FlagSet) {
	e.maxGap, e.maxSkew = seconds(join.DefaultMaxGap), seconds(join.DefaultMaxSkew)
	f.StringVar(&e.share, "share", join.Equal, "`convention` that divides the energy among requests: "+strings.Join(join.Shares, ", "))
	f.StringVar(&e.weights, "weights", "", "what a request weighs until its first token and from then on, for --share phase: `PREFILL:DECODE`, as 3:1")
	f.StringArrayVar(&e.gpus, "gpu", nil, "the GPUs that served the requests: `KEY=VALUE,…` with keys host, gpu, uuid, model, source and those of labels; may be repeated (default: all)")
	f.Var(&e.maxGap, "max-gap", "longest `time` without a new reading that an energy may be trusted with")
	f.Var(&e.maxSkew, "max-skew", "the largest `time` by which the instant of a reading may be off in an energy that is trusted")
	f.BoolVar(&e.align, "align", false, "take the delay by which telemetry follows the load off the readings' instants; reads files twice")
	f.BoolVar(&e.require, "require-energy", false, "exit with 3 unless the energy of the profiling phase is valid")
}

// registerRegimes adds the flags of regimes.
func (e *energyFlags) registerRegimes(f *pflag.FlagSet) {
	f.Var(&e.resolution, "resolution", "write a note on the regime of every `time`, such as 10s, from the first request on (default: none)")
	f.TextVar(&e.thresholds, "regime", join.DefaultThresholds, "`KEY=VALUE,…` that tell regimes apart; keys may be left out")
}

func seconds(s float64) cli.Seconds { return cli.Seconds(s * float64(time.Second)) }

// leastResolution is in seconds.
const leastResolution = 0.1

func (e *energyFlags) check(o *options) error {
	for _, name := range []string{"share", "weights", "gpu", "max-gap", "max-skew", "align", "require-energy", "resolution", "regime"} {
		if o.plain && o.set(name) {
			return cli.Usagef("--no-attribute leaves nothing to do for --%s", name)
		}
	}
	e.MaxGap, e.MaxSkew, e.Share = time.Duration(e.maxGap).Seconds(), time.Duration(e.maxSkew).Seconds(), e.share
	e.Resolution, e.Thresholds = time.Duration(e.resolution).Seconds(), &e.thresholds
	switch {
	case o.set("resolution") && e.Resolution < leastResolution:
		return cli.Usagef("--resolution %v is less than %v s", &e.resolution, leastResolution)
	case e.maxGap <= 0:
		return cli.Usagef("--max-gap must be more than 0, not %v", &e.maxGap)
	case e.maxSkew <= 0:
		return cli.Usagef("--max-skew must be more than 0, not %v", &e.maxSkew)
	case !slices.Contains(join.Shares, e.share):
		return cli.Usagef("--share %q is not known; there are: %s", e.share, strings.Join(join.Shares, ", "))
	case e.share == join.Phase && e.weights == "":
		return cli.Usagef("--share phase needs --weights PREFILL:DECODE, as --weights 3:1")
	case e.share != join.Phase && e.weights != "":
		return cli.Usagef("--weights is for --share phase")
	}
	if e.weights != "" {
		if err := e.weigh(); err != nil {
			return err
		}
	}
	for _, text := range e.gpus {
		s, err := join.ParseSelector(text)
		if err != nil {
			return cli.Usagef("--gpu %w", err)
		}
		e.GPUs = append(e.GPUs, s)
	}
	return nil
}

// weigh reads --weights.
func (e *energyFlags) weigh() error {
	prefill, decode, ok := strings.Cut(e.weights, ":")
	var err1, err2 error
	e.Prefill, err1 = strconv.ParseFloat(prefill, 64)
	e.Decode, err2 = strconv.ParseFloat(decode, 64)
	if !ok || err1 != nil || err2 != nil || !(e.Prefill >= 0 && e.Decode >= 0 && 0 < e.Prefill+e.Decode && e.Prefill+e.Decode < 1e9) {
		return cli.Usagef("--weights %q is not PREFILL:DECODE, two numbers from 0 up of which one is more than 0", e.weights)
	}
	return nil
}
