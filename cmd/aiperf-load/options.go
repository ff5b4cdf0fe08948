package main

import (
	"math"
	"slices"
	"strings"

	"aiperf/pkg/cli"

	"github.com/spf13/pflag"
)

// options are the flags, group by group.
type options struct {
	env   *cli.Env
	flags *pflag.FlagSet

	server serverFlags
	wait   waitFlags
	tokens tokenFlags
	input  inputFlags
	pace   paceFlags
	warmup warmupFlags
	shard  shardFlags

	requireHealthy bool
	noGaps         bool
	output         string
	verbose, quiet bool
	noProgress     bool
}

// aliases are other names of flags, AIPerf's own and those of tools before it.
var aliases = map[string]string{
	"model-names":                         "model",
	"custom-endpoint":                     "endpoint",
	"isl":                                 "synthetic-input-tokens-mean",
	"isl-stddev":                          "synthetic-input-tokens-stddev",
	"isl-block-size":                      "synthetic-input-tokens-block-size",
	"osl":                                 "output-tokens-mean",
	"osl-stddev":                          "output-tokens-stddev",
	"num-requests":                        "request-count",
	"num-warmup-requests":                 "warmup-request-count",
	"num-conversations":                   "conversation-num",
	"num-sessions":                        "conversation-num",
	"num-prompts":                         "num-dataset-entries",
	"sequence-distribution":               "seq-dist",
	"prompt-input-tokens-mean":            "synthetic-input-tokens-mean",
	"prompt-input-tokens-stddev":          "synthetic-input-tokens-stddev",
	"prompt-input-tokens-block-size":      "synthetic-input-tokens-block-size",
	"prompt-output-tokens-mean":           "output-tokens-mean",
	"prompt-output-tokens-stddev":         "output-tokens-stddev",
	"prompt-batch-size":                   "batch-size",
	"batch-size-text":                     "batch-size",
	"prompt-prefix-pool-size":             "num-prefix-prompts",
	"prefix-prompt-pool-size":             "num-prefix-prompts",
	"prompt-prefix-length":                "prefix-prompt-length",
	"session-turns-mean":                  "conversation-turn-mean",
	"session-turns-stddev":                "conversation-turn-stddev",
	"session-turn-delay-mean":             "conversation-turn-delay-mean",
	"session-turn-delay-stddev":           "conversation-turn-delay-stddev",
	"session-delay-ratio":                 "conversation-turn-delay-ratio",
	"request-rate-mode":                   "arrival-pattern",
	"vllm-burstiness":                     "arrival-smoothness",
	"rankings-passages-prompt-token-mean": "rankings-passages-tokens-mean",
}

func newOptions(env *cli.Env) *options {
	o := &options{flags: pflag.NewFlagSet(env.Name, pflag.ContinueOnError), env: env}
	f := o.flags
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if canonical, ok := aliases[name]; ok {
			name = canonical
		}
		return pflag.NormalizedName(name)
	})
	o.server.register(f)
	cli.Group(f, "Server")
	o.wait.register(f)
	cli.Group(f, "Waiting for the server")
	o.tokens.register(f)
	cli.Group(f, "Tokens")
	o.input.registerFile(f)
	cli.Group(f, "Datasets")
	o.input.registerSynthetic(f)
	cli.Group(f, "Synthetic prompts")
	o.pace.register(f)
	cli.Group(f, "When to send")
	o.warmup.register(f)
	cli.Group(f, "Warm-up")
	o.shard.register(f)
	cli.Group(f, "Several processes")
	f.BoolVar(&o.requireHealthy, "require-healthy", false, "exit with 3 if the verdict on this client is client-bound")
	f.BoolVar(&o.noGaps, "no-gaps", false, "leave the arrival of each chunk out of the records")
	f.StringVarP(&o.output, "output", "o", "-", "write records to `FILE`; .gz and .zst compress")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell each request on standard error")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "tell nothing but errors, and show no progress")
	f.BoolVar(&o.noProgress, "no-progress", false, "no progress")
	cli.Group(f, "Output")
	return o
}

// set tells whether a flag was given.
func (o *options) set(name string) bool { return o.flags.Changed(name) }

// A bound is the least that a number may be, or the most.
type bound struct {
	flag        string
	value, from float64
	to          float64 // 0 is no limit
}

func checkBounds(bounds ...bound) error {
	for _, b := range bounds {
		switch {
		case !(b.value >= b.from) || math.IsInf(b.value, 0):
			return cli.Usagef("--%s is %g; the least is %g", b.flag, b.value, b.from)
		case b.to > 0 && b.value > b.to:
			return cli.Usagef("--%s is %g; the most is %g", b.flag, b.value, b.to)
		}
	}
	return nil
}

// needs refuses a flag without another one.
func (o *options) needs(flag string, others ...string) error {
	if !o.set(flag) {
		return nil
	}
	if slices.ContainsFunc(others, o.set) {
		return nil
	}
	return cli.Usagef("--%s needs --%s", flag, strings.Join(others, " or --"))
}

// excludes refuses a flag beside others.
func (o *options) excludes(flag string, others ...string) error {
	if !o.set(flag) {
		return nil
	}
	for _, other := range others {
		if o.set(other) {
			return cli.Usagef("--%s and --%s exclude each other", flag, other)
		}
	}
	return nil
}

// firstError is the first of errs that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// splitList takes comma lists apart. Note: pflag's string slices read CSV, in
// which a name with a quotation mark is an error.
func splitList(values []string) []string {
	var all []string
	for _, v := range values {
		all = append(all, strings.Split(v, ",")...)
	}
	return all
}
