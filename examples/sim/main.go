package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/sim"

	"github.com/spf13/pflag"
)

//go:embed doc.go
var doc string

func main() { cli.Main("sim", run) }

type options struct {
	sim.Config
	listen       []string
	instances    int
	tls          bool
	certOut      string
	dcgm         string
	noDCGM       bool
	layout       string
	faults       []string
	truth, ready string
	life         time.Duration
}

func flags(o *options) *pflag.FlagSet {
	o.Config = sim.Defaults
	f := pflag.NewFlagSet("sim", pflag.ContinueOnError)
	f.StringSliceVar(&o.listen, "listen", []string{"127.0.0.1:8000"}, "`address` of the model server; port 0 takes a free one; may be repeated")
	f.IntVar(&o.instances, "instances", 1, "`number` of ports that each address is served at, from its own upwards")
	f.BoolVar(&o.tls, "tls", false, "serve the model over TLS, with a certificate made at start")
	f.StringVar(&o.certOut, "tls-cert-out", "", "write that certificate to `FILE`, in PEM")
	f.StringVar(&o.dcgm, "dcgm-listen", "127.0.0.1:9400", "`address` of the exporter")
	f.BoolVar(&o.noDCGM, "no-dcgm", false, "no exporter")
	f.StringVarP(&o.Model, "model", "m", o.Model, "`name` of the model; any is answered")
	f.StringVar(&o.Host, "host", o.Host, "`name` of the machine")
	f.StringVar(&o.Key, "api-key", "", "ask for `key` as a bearer token")
	f.Int64Var(&o.Seed, "seed", 0, "`seed` of jitter, early ends and faults")
	f.DurationVar(&o.TTFT, "ttft", o.TTFT, "`time` to the first token of an empty prompt")
	f.DurationVar(&o.PerToken, "ttft-per-token", o.PerToken, "`time` added by each token of the prompt")
	f.DurationVar(&o.ITL, "itl", o.ITL, "`time` between tokens")
	f.Float64Var(&o.Jitter, "jitter", 0, "`share` by which a time may be off, 0 to 1")
	f.IntVar(&o.Batch, "batch", o.Batch, "`requests` that are served at once")
	f.IntVar(&o.Output, "output-tokens", o.Output, "`tokens` of an answer that is not asked for a length")
	f.Float64Var(&o.EOS, "eos", 0, "`probability` that a token is the last, unless ignore_eos is asked for")
	f.IntVar(&o.PerChunk, "tokens-per-chunk", o.PerChunk, "`tokens` in one event of a stream")
	f.IntVar(&o.Reasoning, "reasoning-tokens", 0, "`tokens` of each answer that come first, as reasoning")
	f.StringVar(&o.ReasoningField, "reasoning-field", o.ReasoningField, "`key` that chat has them under: reasoning_content or reasoning")
	f.BoolVar(&o.ToolCall, "tool-call", false, "answer, behind the reasoning, with a tool call")
	f.BoolVar(&o.NoUsage, "no-usage", false, "never tell usage")
	f.BoolVar(&o.PrefixCache, "prefix-cache", false, "spend no time on what a prompt has in common with an earlier one")
	f.IntVar(&o.GPUs, "gpus", o.GPUs, "`number` of GPUs")
	f.StringVar(&o.GPUModel, "gpu-model", o.GPUModel, "`name` of their model")
	f.Float64Var(&o.Power.Idle, "idle-power", o.Power.Idle, "`watts` of an idle GPU")
	f.Float64Var(&o.Power.Prefill, "prefill-power", o.Power.Prefill, "`watts` that prompts add at most")
	f.Float64Var(&o.Power.Decode, "decode-power", o.Power.Decode, "`watts` that tokens add at most")
	f.Float64Var(&o.Power.Limit, "power-limit", o.Power.Limit, "`watts` that a GPU may draw")
	f.DurationVar(&o.Power.Tau, "tau", o.Power.Tau, "time `constant` with which power follows")
	f.Float64Var(&o.Power.Spread, "spread", 0, "`share` by which the last GPU works less than the first")
	f.DurationVar(&o.Refresh, "refresh", o.Refresh, "`time` between two pages of the exporter")
	f.StringVar(&o.layout, "layout", string(o.Layout), "`version` whose page it writes: 4.8.2 or 4.8.3")
	f.DurationVar(&o.Drop, "counter-reset", 0, "`time` after which the energy counters start anew")
	f.StringSliceVar(&o.faults, "fault", nil, "`kind[:rate]` of what goes wrong; may be repeated")
	f.StringVar(&o.truth, "truth", "", "write what really happens to `FILE`")
	f.StringVar(&o.ready, "ready", "", "write these lines to `FILE` too, once it listens")
	f.DurationVar(&o.life, "for", 0, "end by itself after so much `time`")
	return f
}

func run(ctx context.Context, env *cli.Env) error {
	var o options
	f := flags(&o)
	if err := env.Parse(f, doc); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return cli.Usagef("operand %q is not expected", f.Arg(0))
	}
	o.Layout = sim.Layout(o.layout)
	if err := o.parseFaults(); err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return cli.Usagef("%w", err)
	}
	switch {
	case o.instances < 1 || o.instances > 1024:
		return cli.Usagef("--instances must be from 1 to 1024, not %d", o.instances)
	case o.certOut != "" && !o.tls:
		return cli.Hint(cli.Usagef("--tls-cert-out has no certificate to write"), "add --tls")
	}
	ctx, stop := cli.Drain(ctx)
	defer stop()
	if o.life > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, o.life)
		defer cancel()
	}
	return o.serve(ctx, env)
}

func (o *options) parseFaults() error {
	for _, s := range o.faults {
		kind, rate, given := strings.Cut(s, ":")
		fault := sim.Fault{Kind: kind, Rate: 1}
		if given {
			r, err := strconv.ParseFloat(rate, 64)
			if err != nil {
				return cli.Usagef("--fault %q: the rate is no number", s)
			}
			fault.Rate = r
		}
		o.Faults = append(o.Faults, fault)
	}
	return nil
}

// serve listens and serves until ctx is done.
func (o *options) serve(ctx context.Context, env *cli.Env) error {
	m := sim.New(o.Config)
	if o.truth != "" {
		file, err := env.Create(o.truth)
		if err != nil {
			return err
		}
		// Lines are many and small: what a kill loses of the truth is a second.
		w := cli.Buffered(file, time.Second)
		m.WriteTruth(w)
		defer w.Close()
	}
	servers, said, err := o.start(m)
	for _, s := range servers {
		defer s.Close()
	}
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- s.Serve(s.listener) }()
	}
	io.WriteString(env.Stdout, said)
	if o.ready != "" {
		if err := writeWhole(o.ready, said); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return m.EndTruth()
}

// writeWhole makes a file that is never seen half written.
func writeWhole(name, text string) error {
	f, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	b.WriteString(text)
	return errors.Join(b.Flush(), f.Close(), os.Rename(name+".new", name))
}
