package main

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"
)

//go:embed doc.go
var doc string

func main() { cli.Main("aiperf-scrape", run) }

func run(ctx context.Context, env *cli.Env) error {
	o := newOptions(env)
	if err := env.Parse(o.flags, doc); err != nil {
		return err
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	out, err := env.Create(o.output)
	if err != nil {
		return err
	}
	interrupted, stop := cli.Drain(ctx)
	defer stop()
	w := record.NewWriter(out, config.Clock)
	start := env.NewRun(config.Clock, o.flags)
	if err := w.Write(start); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	t := newTally()
	ctx, cancel := o.until(interrupted)
	defer cancel()
	err = carryOut(ctx, env, o, config, start.Run, w, t)
	if err == nil {
		err = t.verdict()
	}
	if werr := w.Write(t.end(start.Run, interrupted.Err() != nil, err)); err == nil && werr != nil {
		err = fmt.Errorf("write records: %w", werr)
	}
	if cerr := out.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write records: %w", cerr)
	}
	return err
}

// carryOut visits the sources and writes what they say.
func carryOut(ctx context.Context, env *cli.Env, o *options, c scrape.Config, run string, w *record.Writer, t *tally) error {
	for rec, err := range scrape.Run(ctx, c) {
		if err != nil {
			return err
		}
		if n, ok := rec.(*record.Note); ok {
			n.Run = run
			if !o.quiet {
				tell(env, n)
			}
		}
		if err := w.Write(rec); err != nil {
			return fmt.Errorf("write records: %w", err)
		}
		t.add(rec)
	}
	return nil
}

func tell(env *cli.Env, n *record.Note) {
	say := env.Infof
	if n.Level == record.Warning {
		say = env.Warnf
	}
	if n.Source == "" {
		say("%s", n.Message)
		return
	}
	say("%s: %s", n.Source, n.Message)
}

// until gives a context that the end of --duration ends too.
func (o *options) until(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.duration == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(o.duration))
}
