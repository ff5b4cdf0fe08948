package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
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
	t := &tally{}
	ctx, cancel := o.until(interrupted)
	defer cancel()
	err = carryOut(ctx, env, o, config, start.Run, w, t)
	if err == nil {
		err = t.verdict(config.Sources)
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
	say("%s: %s", n.Source, n.Message)
}

// A tally counts what was written.
type tally struct {
	scrapes, repeats, failures, rejected, readings int64
	gpus                                           map[[4]string]bool
}

func (t *tally) add(rec record.Record) {
	switch r := rec.(type) {
	case *record.Scrape:
		t.scrapes++
		t.rejected += int64(r.Rejected)
		if r.Repeat {
			t.repeats++
		}
		if r.Error != "" {
			t.failures++
		}
	case *record.GPU:
		t.readings++
		if t.gpus == nil {
			t.gpus = map[[4]string]bool{}
		}
		t.gpus[identity(r)] = true
	}
}

// identity is the same for a GPU that is seen through two sources, if it has a
// UUID.
func identity(g *record.GPU) [4]string {
	if g.UUID != "" {
		return [4]string{g.UUID, g.MIG}
	}
	index := ""
	if g.GPU != nil {
		index = fmt.Sprint(*g.GPU)
	}
	return [4]string{"", g.MIG, g.Source + " " + g.Host, index}
}

// verdict is an error if no source ever answered.
func (t *tally) verdict(sources []scrape.Source) error {
	if t.scrapes == 0 {
		return errors.New("interrupted before a source was visited")
	}
	if t.failures < t.scrapes {
		return nil
	}
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return cli.Hint(fmt.Errorf("no source answered with a page of metrics: %s", strings.Join(names, ", ")),
		"is dcgm-exporter running? On a GPU node: docker run -d --gpus all --cap-add SYS_ADMIN -p 9400:9400 IMAGE; elsewhere name its URL: aiperf-scrape NODE:9400")
}

func (t *tally) end(run string, interrupted bool, err error) *record.End {
	e := &record.End{Run: run, Reason: record.Complete, Counts: map[string]int64{
		"scrapes": t.scrapes, "repeats": t.repeats, "failures": t.failures, "rejected": t.rejected,
		"readings": t.readings, "gpus": int64(len(t.gpus)),
	}}
	switch {
	case err != nil:
		e.Reason = record.Failed
	case interrupted:
		e.Reason = record.Interrupted
	}
	return e
}

// until gives a context that the end of --duration ends too.
func (o *options) until(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.duration == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(o.duration))
}
