package main

import (
	"time"

	"aiperf/pkg/cli"

	"github.com/spf13/pflag"
)

// options are the flags.
type options struct {
	flags *pflag.FlagSet

	models       []string
	urls         []string
	endpointType string
	endpoint     string
	streaming    bool
	apiKey       string
	headers      []string
	timeout      float64

	inMean, inStddev   float64
	outMean, outStddev float64
	extra              []string
	conversations      int
	seed               int64

	concurrency int
	requests    int
	warmups     int

	output         string
	verbose, quiet bool
	noProgress     bool
	env            *cli.Env
}

// aliases are other names of flags, AIPerf's own and those of tools before it.
var aliases = map[string]string{
	"model-names":                 "model",
	"custom-endpoint":             "endpoint",
	"isl":                         "synthetic-input-tokens-mean",
	"isl-stddev":                  "synthetic-input-tokens-stddev",
	"osl":                         "output-tokens-mean",
	"osl-stddev":                  "output-tokens-stddev",
	"num-requests":                "request-count",
	"num-warmup-requests":         "warmup-request-count",
	"num-conversations":           "conversation-num",
	"num-sessions":                "conversation-num",
	"num-prompts":                 "num-dataset-entries",
	"prompt-input-tokens-mean":    "synthetic-input-tokens-mean",
	"prompt-input-tokens-stddev":  "synthetic-input-tokens-stddev",
	"prompt-output-tokens-mean":   "output-tokens-mean",
	"prompt-output-tokens-stddev": "output-tokens-stddev",
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
	f.StringArrayVarP(&o.models, "model", "m", nil, "`name` of the model (required)")
	f.StringArrayVarP(&o.urls, "url", "u", []string{"http://localhost:8000"}, "`URL` of the server; http:// may be left out")
	f.StringVar(&o.endpointType, "endpoint-type", "chat", "`shape` of requests and answers: chat")
	f.StringVar(&o.endpoint, "endpoint", "", "`path` on the server (default that of the endpoint type: /v1/chat/completions)")
	f.BoolVar(&o.streaming, "streaming", false, "ask for a stream of events; without it there is no time to first token")
	f.StringVar(&o.apiKey, "api-key", "", "send `key` as Authorization: Bearer (default $OPENAI_API_KEY)")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "send the header `Name:Value` with each request; may be repeated")
	f.Float64Var(&o.timeout, "request-timeout-seconds", 21600, "`seconds` that a whole request may take")

	f.Float64Var(&o.inMean, "synthetic-input-tokens-mean", 550, "mean number of `tokens` of a prompt (also --isl)")
	f.Float64Var(&o.inStddev, "synthetic-input-tokens-stddev", 0, "its standard deviation in `tokens` (also --isl-stddev)")
	f.Float64Var(&o.outMean, "output-tokens-mean", 0, "mean number of `tokens` of answer to ask for (also --osl; default: the server decides)")
	f.Float64Var(&o.outStddev, "output-tokens-stddev", 0, "its standard deviation in `tokens` (also --osl-stddev)")
	f.StringArrayVar(&o.extra, "extra-inputs", nil, "`key:value` for the body of each request, or a JSON object; may be repeated")
	f.IntVar(&o.conversations, "conversation-num", 0, "`number` of distinct prompts, and of requests unless --request-count is given")
	f.Int("num-dataset-entries", 100, "`number` of distinct prompts, sent in turn")
	f.Int64Var(&o.seed, "random-seed", 0, "`seed` of the prompts: the same seed gives the same prompts")

	f.IntVar(&o.concurrency, "concurrency", 1, "`requests` in flight at most; each is sent as soon as there is room")
	f.IntVar(&o.requests, "request-count", 0, "`requests` to send and measure (default twice the concurrency, at least 10)")
	f.IntVar(&o.warmups, "warmup-request-count", 0, "`requests` to send before these, not measured")

	f.StringVarP(&o.output, "output", "o", "-", "write records to `FILE`; .gz and .zst compress")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell each request on standard error")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress (also --no-progress)")
	f.BoolVar(&o.noProgress, "no-progress", false, "no progress")
	return o
}

func (o *options) limit() time.Duration {
	return time.Duration(o.timeout * float64(time.Second))
}
