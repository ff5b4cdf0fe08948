package main

import (
	"context"
	"io"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// check finds what is missing, out of range or contradictory.
func (o *options) check() error {
	switch {
	case o.flags.NArg() > 0:
		return cli.Hint(cli.Usagef("operand %q is not expected", o.flags.Arg(0)), "all input comes by flags; quote values that have spaces in them")
	case o.quiet && o.verbose:
		return cli.Usagef("--quiet and --verbose contradict each other")
	}
	return firstError(o.checkServer(), o.checkInput(), o.checkPace(), o.checkWarmup())
}

// A job is what the flags ask for.
type job struct {
	plan  load.Plan
	wait  load.Wait
	files io.Closer // what the plan reads from
}

// job checks the flags and makes of them what is to be done. What needs the
// server is left to prepare.
func (o *options) job() (*job, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	target, err := o.target()
	if err != nil {
		return nil, err
	}
	j := &job{files: closers(nil), plan: load.Plan{
		Clock: record.StartClock(), Target: target, NoGaps: o.noGaps, Precise: true, ServerCounts: o.server.serverCounts,
		Cancel: load.Cancellation{Rate: o.server.cancelRate / 100, Delay: o.cancelDelay(), Seed: o.input.seed},
	}}
	if o.server.reuse != "pooled" {
		j.plan.Reuse = load.Reuse(o.server.reuse)
	}
	if j.plan.Model, err = o.chooser(); err != nil {
		return nil, err
	}
	if j.plan.Shard, err = o.shard.parse(); err != nil {
		return nil, err
	}
	if j.wait, err = o.waiting(target); err != nil {
		return nil, err
	}
	_, err = o.shard.start()
	return j, err
}

// prepare makes the phases, for which it may have to ask the server.
func (o *options) prepare(ctx context.Context, j *job) error {
	tok, err := o.tokenizer(ctx, j.plan.Target)
	if err != nil {
		return err
	}
	if o.tokens.tokenizer != "" && !o.server.serverCounts {
		j.plan.Count = tok.Count
	}
	part := prompt.Part{I: j.plan.Shard.Index, N: j.plan.Shard.Of}
	phases, err := o.synthetics, error(nil)
	if len(o.input.file) > 0 {
		phases = o.fromFile
	}
	list, err := phases(j, tok, part)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Conversations, err = o.marked(list[i].Conversations, tok); err != nil {
			return err
		}
	}
	if list[0].StartAt, err = o.shard.start(); err != nil {
		return err
	}
	j.plan.Phases = list
	return o.checkShares(j.plan)
}

// synthetics are the phases of a run whose prompts are made up. The warm-up has
// others than what is measured, so that it does not fill the server's cache with
// the answers.
func (o *options) synthetics(_ *job, tok prompt.Tokenizer, part prompt.Part) ([]load.Phase, error) {
	s, err := o.synthetic(o.input.seed, part)
	if err != nil {
		return nil, err
	}
	main, err := o.profiling(false, false)
	if err != nil {
		return nil, err
	}
	main.Conversations = s.Source(tok)
	warm, ok, err := o.warmupPhase(main)
	if err != nil || !ok {
		return []load.Phase{main}, err
	}
	const other = 0x77a6 // any number
	if s, err = o.synthetic(o.input.seed^other<<32, part); err != nil {
		return nil, err
	}
	warm.Conversations = s.Source(tok)
	return []load.Phase{warm, main}, nil
}

// fromFile are the phases of a run that asks what is in files. A warm-up has
// rows at random.
func (o *options) fromFile(j *job, tok prompt.Tokenizer, part prompt.Part) ([]load.Phase, error) {
	d, timed, files, err := o.openDataset(tok, part)
	j.files = files
	if err != nil {
		return nil, err
	}
	p := &o.pace
	fixed := p.fixed
	if !fixed && !p.noFixed && !o.set("request-rate") && !o.set("request-rate-series") && !o.set("user-centric-rate") {
		fixed = timed
	}
	for _, flag := range []string{"fixed-schedule-auto-offset", "fixed-schedule-start-offset", "fixed-schedule-end-offset", "synthesis-speedup-ratio"} {
		if o.set(flag) && !fixed {
			return nil, cli.Usagef("--%s needs --fixed-schedule", flag)
		}
	}
	main, err := o.profiling(fixed, true)
	if err != nil {
		return nil, err
	}
	measured := d
	if fixed {
		measured.Schedule = o.schedule()
	}
	// Without a limit every row is sent once.
	measured.Once = fixed || main.Requests == 0 && main.Sessions == 0 && main.Duration == 0
	if err := measured.Check(); err != nil {
		return nil, cli.Usagef("--input-file: %w", err)
	}
	main.Conversations = o.filled(measured.Source())
	warm, ok, err := o.warmupPhase(main)
	if err != nil || !ok {
		return []load.Phase{main}, err
	}
	if !rereadable(d) {
		return nil, cli.Usagef("a warm-up reads --input-file before what is measured does, and a pipe or a compressed file is read once: give a plain file")
	}
	d.Sampling = "random"
	warm.Conversations = o.filled(d.Source())
	return []load.Phase{warm, main}, nil
}

// checkShares refuses more shards than there is to share.
func (o *options) checkShares(p load.Plan) error {
	for _, ph := range p.Phases {
		for flag, n := range map[string]int{"concurrency": ph.Concurrency, "prefill-concurrency": ph.Prefill, "num-users": ph.Users} {
			if n > 0 && n < p.Shard.Of {
				return cli.Usagef("--%s %d cannot be shared by %d processes", flag, n, p.Shard.Of)
			}
		}
	}
	return nil
}
