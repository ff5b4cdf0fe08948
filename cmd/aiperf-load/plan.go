package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/token"
)

// plan checks the flags and makes of them what is to be done.
func (o *options) plan() (load.Plan, error) {
	o.models, o.urls = splitList(o.models), splitList(o.urls)
	if err := o.check(); err != nil {
		return load.Plan{}, err
	}
	target, err := o.target()
	if err != nil {
		return load.Plan{}, err
	}
	tok, err := token.Builtin()
	if err != nil {
		return load.Plan{}, err
	}
	prompts := prompt.Synthetic{
		Distinct: o.distinct(),
		In:       prompt.Lengths{Mean: o.inMean, Stddev: o.inStddev},
		Seed:     o.seed,
	}
	if o.outMean > 0 {
		prompts.Out = &prompt.Lengths{Mean: o.outMean, Stddev: o.outStddev}
	}
	p := load.Plan{Clock: record.StartClock(), Target: target, Prompts: prompts.Prompts(tok)}
	if o.warmups > 0 {
		p.Phases = append(p.Phases, load.Phase{Name: record.Warmup, Requests: o.warmups, Concurrency: o.concurrency})
	}
	p.Phases = append(p.Phases, load.Phase{Name: record.Profiling, Requests: o.count(), Concurrency: o.concurrency})
	return p, nil
}

// check finds what is missing, out of range or contradictory.
func (o *options) check() error {
	set := o.flags.Changed
	switch {
	case o.flags.NArg() > 0:
		return cli.Hint(cli.Usagef("operand %q is not expected", o.flags.Arg(0)), "all input comes by flags; quote values that have spaces in them")
	case len(o.models) == 0 || o.models[0] == "":
		return cli.Hint(cli.Usagef("--model is missing"), "the server lists its models at /v1/models")
	case len(o.models) > 1:
		return cli.Usagef("--model names %d models; only one can be loaded at a time", len(o.models))
	case len(o.urls) != 1 || o.urls[0] == "":
		return cli.Usagef("--url names %d servers; only one can be loaded at a time", len(o.urls))
	case o.outStddev != 0 && o.outMean == 0:
		return cli.Usagef("--output-tokens-stddev needs --output-tokens-mean")
	case set("conversation-num") && set("num-dataset-entries"):
		return cli.Usagef("--conversation-num and --num-dataset-entries both set the number of distinct prompts; give one")
	case o.quiet && o.verbose:
		return cli.Usagef("--quiet and --verbose contradict each other")
	case o.timeout*1e9 >= math.MaxInt64:
		return cli.Usagef("--request-timeout-seconds %g is too long", o.timeout)
	}
	for _, least := range []struct {
		flag         string
		value, least float64
	}{
		{"concurrency", float64(o.concurrency), 1},
		{"request-count", float64(o.count()), 1},
		{"warmup-request-count", float64(o.warmups), 0},
		{"conversation-num", float64(o.distinct()), 1},
		{"synthetic-input-tokens-mean", o.inMean, 1},
		{"synthetic-input-tokens-stddev", o.inStddev, 0},
		{"output-tokens-mean", o.outMean, 0},
		{"output-tokens-stddev", o.outStddev, 0},
		{"request-timeout-seconds", o.timeout, 0},
	} {
		if !(least.value >= least.least) || math.IsInf(least.value, 0) {
			return cli.Usagef("--%s is %g; the least is %g", least.flag, least.value, least.least)
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

// distinct is the number of distinct prompts.
func (o *options) distinct() int {
	if o.flags.Changed("conversation-num") {
		return o.conversations
	}
	n, _ := o.flags.GetInt("num-dataset-entries")
	return n
}

// count is the number of requests. In AIPerf's first guide --conversation-num
// came with --request-count and meant prompts alone; since then it is the
// number of sessions, each a request if nothing else is said.
func (o *options) count() int {
	switch {
	case o.flags.Changed("request-count"):
		return o.requests
	case o.flags.Changed("conversation-num"):
		return o.conversations
	}
	return max(10, 2*o.concurrency)
}

func (o *options) target() (load.Target, error) {
	endpoint, err := openai.Lookup(o.endpointType)
	if err != nil {
		return load.Target{}, cli.Usagef("--endpoint-type: %w", err)
	}
	extra, err := parseExtra(o.extra)
	if err != nil {
		return load.Target{}, err
	}
	header, err := o.header()
	if err != nil {
		return load.Target{}, err
	}
	where := endpoint.URL(o.urls[0], o.endpoint)
	u, err := url.Parse(where)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return load.Target{}, cli.Usagef("--url %q is not the address of a server, such as http://localhost:8000", cli.RedactURL(o.urls[0]))
	}
	return load.Target{
		URL:      where,
		Endpoint: endpoint,
		Options:  openai.Options{Model: o.models[0], Streaming: o.streaming, Extra: extra},
		Header:   header,
		Timeout:  o.limit(),
	}, nil
}

func (o *options) header() (http.Header, error) {
	h := http.Header{}
	for _, s := range o.headers {
		name, value, ok := strings.Cut(s, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name+value, "\r\n") || strings.ContainsAny(name, " \t") {
			return nil, cli.Usagef("--header %q is not Name:Value", cli.RedactHeader(s))
		}
		h.Add(name, strings.TrimSpace(value))
	}
	key := o.apiKey
	given := o.flags.Changed("api-key")
	switch {
	case given && h.Get("Authorization") != "":
		return nil, cli.Usagef("--api-key and --header Authorization contradict each other")
	case !given:
		key = o.env.Getenv("OPENAI_API_KEY")
	}
	if key != "" && h.Get("Authorization") == "" {
		h.Set("Authorization", "Bearer "+key)
	}
	return h, nil
}

// parseExtra reads "key:value" pairs, whose values are JSON or else text, and
// JSON objects.
func parseExtra(inputs []string) (map[string]any, error) {
	extra := map[string]any{}
	for _, s := range inputs {
		if strings.HasPrefix(strings.TrimSpace(s), "{") {
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(s), &object); err != nil {
				return nil, cli.Usagef("--extra-inputs %q is not a JSON object: %w", s, err)
			}
			for k, v := range object {
				extra[k] = v
			}
			continue
		}
		key, value, ok := strings.Cut(s, ":")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, cli.Hint(cli.Usagef("--extra-inputs %q is not key:value", s), "such as --extra-inputs ignore_eos:true")
		}
		if json.Valid([]byte(value)) {
			extra[key] = json.RawMessage(strings.TrimSpace(value))
		} else {
			extra[key] = value
		}
	}
	if _, ok := extra["stream"]; ok {
		return nil, fmt.Errorf("%w", cli.Usagef("--extra-inputs stream contradicts --streaming, which decides it"))
	}
	return extra, nil
}
