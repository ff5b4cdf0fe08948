package main

import (
	"errors"
	"io"
	"iter"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"
)

// A talk is what goes to standard error while lines go by.
type talk struct {
	env     *cli.Env
	quiet   bool
	runs    record.Runs
	skipped int
	energy  verdict
	broken  error // the first error that was not about a line
}

// watch passes lines on and remembers which producers have ended.
func (t *talk) watch(lines iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		for l, err := range lines {
			if err == nil {
				if err := t.runs.Add(l); err != nil {
					t.warnf("%v", err)
				}
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// write writes the lines and tells the errors among them. When the output
// fails it stops the inputs, whose readers may be waiting for a slow producer.
func (t *talk) write(w io.Writer, lines iter.Seq2[record.Line, error], stop func()) error {
	var buf []byte
	for l, err := range lines {
		if err != nil {
			t.hear(err)
			continue
		}
		if l.Type == record.TypeEnergy {
			t.energy.look(l)
		}
		buf = append(append(buf[:0], l.Raw...), '\n')
		if _, err := w.Write(buf); err != nil {
			stop()
			return err
		}
	}
	return nil
}

// hear tells an error of an input and remembers whether it was fatal.
func (t *talk) hear(err error) {
	var bad *record.LineError
	var remark *join.Remark
	switch {
	case errors.As(err, &remark):
		t.note(remark.Note)
	case errors.Is(err, join.ErrUnsorted):
		t.warnf("%v", err)
	case errors.As(err, &bad):
		t.skipped++
		t.warnf("%v", err)
	case t.broken == nil:
		t.broken = err
	default:
		t.warnf("%v", err)
	}
}

func (t *talk) note(n record.Note) {
	switch {
	case t.quiet:
	case n.Level == record.Warning:
		t.env.Warnf("%s", n.Message)
	default:
		t.env.Infof("%s", n.Message)
	}
}

func (t *talk) warnf(format string, args ...any) {
	if !t.quiet {
		t.env.Warnf(format, args...)
	}
}

// close sums up, with what else is to be warned of.
func (t *talk) close(warnings []string) {
	for _, w := range warnings {
		t.warnf("%s", w)
	}
	if t.skipped > 0 {
		t.warnf("%d lines could not be used as records", t.skipped)
	}
	for _, r := range t.runs.Partial() {
		t.warnf("%s: the stream of %s is partial: run %s has no end line", r.File, r.Tool, r.Run)
	}
}
