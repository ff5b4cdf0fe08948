package main

import (
	"context"
	_ "embed"
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
	if o.set("prometheus") {
		return o.history(ctx)
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	interrupted, stop := cli.Drain(ctx)
	defer stop()
	w, err := o.open(env.NewRun(config.Clock, o.flags), interrupted, config.Clock.Now)
	if err != nil {
		return err
	}
	ctx, cancel := o.during(interrupted)
	defer cancel()
	err = carryOut(ctx, o, config, w)
	if err == nil && !w.answered {
		err = w.verdict()
	}
	if err == nil {
		err = o.unmet()
	}
	return w.finish(err)
}

// carryOut visits the sources and writes what they say.
func carryOut(ctx context.Context, o *options, c scrape.Config, w *output) error {
	for rec, err := range scrape.Run(ctx, c) {
		if err != nil {
			return err
		}
		if n, ok := rec.(*record.Note); ok && !o.quiet {
			tell(o.env, n)
		}
		if err := w.Write(rec); err != nil {
			return err
		}
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

// during gives a context that the end of --duration ends too.
func (o *options) during(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.duration == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(o.duration))
}
