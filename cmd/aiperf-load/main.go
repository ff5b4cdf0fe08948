package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
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
		return err
	}
	plan, err := o.plan()
	if err != nil {
		return err
	}
	out, err := env.Create(o.output)
	if err != nil {
		return err
	}
	ctx, stop := cli.Drain(ctx)
	defer stop()
	w := record.NewWriter(out, plan.Clock)
	start := env.NewRun(plan.Clock, o.flags, "api-key")
	start.Seed = &o.seed
	plan.Run = start.Run
	if err := w.Write(start); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	t := newTally()
	err = carryOut(ctx, env, o, plan, w, t)
	if werr := w.Write(t.end(plan.Run, ctx.Err() != nil, err)); err == nil && werr != nil {
		err = fmt.Errorf("write records: %w", werr)
	}
	if cerr := out.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write records: %w", cerr)
	}
	return err
}

// carryOut runs the plan and writes what happens.
func carryOut(ctx context.Context, env *cli.Env, o *options, plan load.Plan, w *record.Writer, t *tally) error {
	if err := plan.Target.Reach(ctx, reachLimit); err != nil {
		shown := cli.RedactURL(plan.Target.URL)
		w.Write(&record.Note{Run: plan.Run, Level: record.Warning, Code: "unreachable", Message: err.Error(), Source: shown})
		return cli.Hint(fmt.Errorf("connect to %s: %w", shown, err), "is the server running there? --url names its address")
	}
	bar := newProgress(env, o, plan)
	defer bar.stop()
	for rec, err := range load.Run(ctx, plan) {
		if err != nil {
			return err
		}
		if err := w.Write(rec); err != nil {
			return fmt.Errorf("write records: %w", err)
		}
		t.add(rec)
		bar.show(rec, t)
		if o.verbose {
			tell(env.Stderr, rec)
		}
	}
	if ctx.Err() != nil && t.sent == 0 {
		return errors.New("interrupted before a request was finished")
	}
	return t.verdict()
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

// A tally counts finished requests of the profiling phase.
type tally struct {
	sent, ok, warmups int64
	classes           map[string]int64
	reasons           map[string]int64 // messages of failed requests
}

func newTally() *tally {
	return &tally{classes: map[string]int64{}, reasons: map[string]int64{}}
}

func (t *tally) add(rec record.Record) {
	r, ok := rec.(*record.Request)
	switch {
	case !ok:
	case r.Phase != record.Profiling:
		t.warmups++
	case r.Error == nil:
		t.sent++
		t.ok++
	default:
		t.sent++
		t.classes[r.Error.Class]++
		t.reasons[r.Error.Message]++
	}
}

// verdict is an error if nothing succeeded.
func (t *tally) verdict() error {
	if t.ok > 0 || t.sent == 0 {
		return nil
	}
	worst := slices.MaxFunc(slices.Sorted(maps.Keys(t.reasons)), func(a, b string) int {
		return int(t.reasons[a] - t.reasons[b])
	})
	return fmt.Errorf("not one of %d requests succeeded; most often (%d): %s", t.sent, t.reasons[worst], worst)
}

func (t *tally) end(run string, interrupted bool, err error) *record.End {
	e := &record.End{Run: run, Reason: record.Complete, Counts: map[string]int64{
		"requests": t.sent, "succeeded": t.ok, "failed": t.sent - t.ok, "warmup": t.warmups,
	}}
	for class, n := range t.classes {
		e.Counts["failed_"+class] = n
	}
	switch {
	case err != nil:
		e.Reason = record.Failed
	case interrupted:
		e.Reason = record.Interrupted
	}
	return e
}
