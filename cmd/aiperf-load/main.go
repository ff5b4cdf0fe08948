package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/record"
)

//go:embed doc.go
var doc string

func main() { cli.Main("aiperf-load", run) }

// reachLimit is how long a server may take to accept the first connection.
const reachLimit = 5 * time.Second

func run(ctx context.Context, env *cli.Env) error {
	o := newOptions(env)
	if err := env.Parse(o.flags, doc); err != nil {
		return explain(err)
	}
	j, err := o.job()
	if err != nil {
		return err
	}
	out, err := env.Create(o.output)
	if err != nil {
		return err
	}
	ctx, stop := cli.Drain(ctx)
	defer stop()
	plan := &j.plan
	w := record.NewWriter(out, plan.Clock)
	start := env.NewRun(plan.Clock, o.flags, "api-key")
	start.Seed = &o.input.seed
	plan.Run = start.Run
	t := newTally()
	err = interruptible(ctx, func() error { return o.prepare(ctx, j) })
	if cli.IsUsage(err) {
		return err // nothing has been written
	}
	if err == nil {
		defer j.files.Close()
	}
	if werr := w.Write(start); err == nil {
		err = werr
	}
	if err == nil {
		err = carryOut(ctx, env, o, j, w, t)
	}
	if werr := w.Write(t.end(plan.Run, ctx.Err() != nil, err)); err == nil && werr != nil {
		err = fmt.Errorf("write records: %w", werr)
	}
	if cerr := out.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write records: %w", cerr)
	}
	return err
}

// interruptible gives up what may wait for a pipe when ctx ends.
func interruptible(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
}

var errInterrupted = errors.New("interrupted before a request was finished")

// carryOut waits for the server, runs the plan and writes what happens.
func carryOut(ctx context.Context, env *cli.Env, o *options, j *job, w *record.Writer, t *tally) error {
	plan := j.plan
	note := func(code string, err error) {
		w.Write(&record.Note{Run: plan.Run, Level: record.Warning, Code: code, Message: err.Error()})
	}
	if err := plan.Target.Await(ctx, j.wait); err != nil {
		note("not-ready", err)
		return err
	}
	err := plan.Target.Reach(ctx, reachLimit)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		note("unreachable", err)
		return cli.Hint(err, "is the server running there? --url names its address")
	}
	if _, ok := cli.Terminal(env.Stdout); ok && o.output == "-" {
		env.Warnf("records go to the terminal; pipe them into aiperf-report, or name a file by -o")
	}
	bar := newProgress(env, o, plan)
	defer bar.stop()
	if !o.quiet {
		told := context.AfterFunc(ctx, func() { env.Infof("interrupted: what is in flight is awaited; once more to end at once") })
		defer told()
	}
	m := watch()
	plan.Lag = m.lag
	err = o.records(ctx, plan, func(rec record.Record) error {
		t.add(rec)
		bar.show(rec, t)
		if o.verbose {
			tell(env.Stderr, rec)
		}
		return w.Write(rec)
	})
	t.health = m.finish(t.waited, t.starved)
	if werr := w.Write(healthNote(plan.Run, t.health)); err == nil && werr != nil {
		err = fmt.Errorf("write records: %w", werr)
	}
	bar.stop()
	if n := o.input.leftOut.Load(); n > 0 {
		text := fmt.Sprintf("%d ShareGPT conversations were left out: a prompt is to have 4 to 1024 tokens, a reply at least 4, both at most 2048", n)
		w.Write(&record.Note{Run: plan.Run, Level: record.Warning, Code: "left-out", Message: text})
		t.warnings = append(t.warnings, text)
	}
	if !o.quiet {
		for _, text := range t.warnings {
			env.Warnf("%s", text)
		}
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil && t.sent == 0:
		return errInterrupted
	}
	return t.verdict(o)
}

// records runs the plan and hands on what it yields.
func (o *options) records(ctx context.Context, plan load.Plan, write func(record.Record) error) error {
	for rec, err := range load.Run(ctx, plan) {
		var failed *load.FailedError
		switch {
		case errors.As(err, &failed):
			return cli.Verdictf("--failed-request-threshold: %w", err)
		case err != nil:
			return err
		}
		if err := write(rec); err != nil {
			return fmt.Errorf("write records: %w", err)
		}
	}
	return nil
}

// tell is what --verbose adds.
func tell(w io.Writer, rec record.Record) {
	switch r := rec.(type) {
	case *record.Phase:
		fmt.Fprintf(w, "aiperf-load: phase %s: %s\n", r.Phase, r.Event)
	case *record.Request:
		if r.Error != nil {
			fmt.Fprintf(w, "aiperf-load: request %s failed (%s): %s\n", r.ID, r.Error.Class, r.Error.Message)
			return
		}
		fmt.Fprintf(w, "aiperf-load: request %s took %.3f s, %d tokens\n", r.ID, *r.Took, value(r.Tokens.Out))
	}
}

func value(p *int) int {
	if p == nil {
		return 0
	}
	return *p
}
