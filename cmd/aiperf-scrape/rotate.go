package main

import (
	"context"
	"fmt"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"

	"github.com/spf13/pflag"
)

// fileFlags say where records go.
type fileFlags struct {
	output   string
	rotate   cli.Rotate
	maxFiles int
}

func (o *fileFlags) register(f *pflag.FlagSet) {
	f.StringVarP(&o.output, "output", "o", "", "write to `file` instead of standard output; .gz and .zst compress")
	f.Var(&o.rotate, "rotate", "begin a new file at every full multiple of a time (1h, 1d), at a size (100MB) or at whichever comes first (1h,100MB); --output then has strftime's %Y %m %d %H %M %S %j %s, in UTC")
	f.IntVar(&o.maxFiles, "max-files", 0, "with --rotate, remove the oldest finished files above this number; 0: none")
}

// An output writes records and counts them.
type output struct {
	*cli.Records
	*tally          // of the present file
	run      string // that its notes are of
	answered bool   // some source, in some file
	err      error  // that the run ends with
	stopped  context.Context
}

// open opens the output and writes the first record. Records are stamped by now.
func (o *options) open(start *record.Run, interrupted context.Context, now func() record.Time) (*output, error) {
	w := &output{tally: newTally(), run: start.Run, stopped: interrupted}
	files := cli.Files{Name: o.output, Rotate: o.rotate, Max: o.maxFiles, Now: now, Run: start, End: w.last}
	if !o.quiet {
		files.Tell = func(n *record.Note) { tell(o.env, n) }
	}
	var err error
	w.Records, err = o.env.Records(files)
	return w, err
}

// Write stamps a record, writes it and counts it.
func (w *output) Write(rec record.Record) error {
	switch r := rec.(type) {
	case *record.Note:
		r.Run = w.run
	case *record.Scrape:
		w.answered = w.answered || r.Error == ""
	}
	if err := w.Records.Write(rec); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	w.add(rec)
	return nil
}

// last is the end of a file; the counts are the file's own.
func (w *output) last(last bool) *record.End {
	if last {
		return w.end("", w.stopped.Err() != nil, w.err)
	}
	e := w.end("", false, nil)
	w.tally = newTally()
	return e
}

// finish ends the stream of a run that ends with err.
func (w *output) finish(err error) error {
	w.err = err
	if cerr := w.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write records: %w", cerr)
	}
	return err
}
