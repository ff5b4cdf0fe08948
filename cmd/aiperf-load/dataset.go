package main

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/prompt"
)

// openDataset opens the files of --input-file and tells whether the first row
// says when it is due. What it gives must be closed.
func (o *options) openDataset(tok prompt.Tokenizer, part prompt.Part) (d prompt.Dataset, timed bool, files io.Closer, err error) {
	i := &o.input
	d = prompt.Dataset{Type: prompt.Type(i.kind), Tokenizer: tok, Seed: i.seed, Sampling: i.sampling,
		BlockSize: i.blockSize, MaxTurns: i.maxTurns, Part: part, LeftOut: func() { i.leftOut.Add(1) }}
	var open closers
	for _, name := range i.file {
		names, err := filesOf(name)
		if err != nil {
			return d, false, open, cli.Usagef("--input-file: %w", err)
		}
		for _, name := range names {
			f, err := o.env.OpenAt(name)
			if err != nil {
				return d, false, open, cli.Usagef("--input-file: %w", err)
			}
			open = append(open, f)
			d.Files = append(d.Files, prompt.File{Name: name, Reader: f, At: f.At, Size: f.Size})
		}
	}
	timed, err = d.Detect()
	if o.server.endpointType == "raw" && i.kind == "" && d.Type != prompt.InputsJSON && d.Type != prompt.Mooncake {
		d.Type = prompt.RawPayload // a body may be like anything
		timed, err = d.Detect()
	}
	if err != nil {
		return d, false, open, cli.Hint(cli.Usagef("--input-file: %w", err), "--custom-dataset-type names the format")
	}
	if err := d.Check(); err != nil {
		return d, false, open, cli.Usagef("--input-file: %w", err)
	}
	return d, timed, open, nil
}

// filesOf are the files of an operand: a directory stands for those in it.
func filesOf(name string) ([]string, error) {
	s, err := os.Stat(name)
	if name == "-" || err != nil || !s.IsDir() {
		return []string{name}, nil // what is wrong with it is told when it is opened
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, filepath.Join(name, e.Name()))
		}
	}
	return names, nil
}

type closers []io.Closer

func (c closers) Close() error {
	var first error
	for _, f := range c {
		if err := f.Close(); first == nil {
			first = err
		}
	}
	return first
}

// rereadable tells whether a dataset can be read more than once.
func rereadable(d prompt.Dataset) bool {
	for _, f := range d.Files {
		if f.At == nil {
			return false
		}
	}
	return true
}

// schedule is what --fixed-schedule and its offsets say.
func (o *options) schedule() *prompt.Schedule {
	p := &o.pace
	ms := func(flag string, n int64) *time.Duration {
		if !o.set(flag) {
			return nil
		}
		return new(time.Duration(n) * time.Millisecond)
	}
	return &prompt.Schedule{
		Auto:  p.autoOffset,
		Start: ms("fixed-schedule-start-offset", p.startOffset), End: ms("fixed-schedule-end-offset", p.endOffset),
		Speedup: p.speedup,
	}
}
