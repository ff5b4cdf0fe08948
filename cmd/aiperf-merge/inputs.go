package main

import (
	"io"
	"iter"
	"os"
	"time"

	"aiperf/pkg/artifact"
	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"
)

// inputs are the operands, opened.
type inputs struct {
	names   []string
	files   []io.Closer
	streams []iter.Seq2[record.Line, error]
	plain   bool // all are files, which nobody is writing through a pipe
}

// open opens all inputs, so that a name that is wrong is told before anything
// is read. What it gives must be closed, after an error too.
func (o *options) open() (*inputs, error) {
	in := &inputs{names: o.flags.Args(), plain: true}
	if len(in.names) == 0 {
		in.names = []string{"-"}
	}
	if err := o.clocks.match(in.names); err != nil {
		return in, err
	}
	stdin := false
	for _, name := range in.names {
		if name == "-" {
			if stdin {
				return in, cli.Usagef(`"-" is given twice, but standard input can be read only once`)
			}
			stdin = true
		}
		f, err := o.env.Open(name)
		if err != nil {
			return in, err
		}
		in.files = append(in.files, f)
		plain := regular(o.env, name)
		in.plain = in.plain && plain
		in.streams = append(in.streams, o.prepare(f, name, plain))
	}
	return in, nil
}

// operands is how many inputs there are.
func (o *options) operands() int { return max(1, o.flags.NArg()) }

func (in *inputs) close() {
	for _, f := range in.files {
		f.Close()
	}
}

// prepare reads one input, moves its clock and puts it in order.
func (o *options) prepare(r io.Reader, name string, plain bool) iter.Seq2[record.Line, error] {
	shown := name
	if name == "-" {
		shown = "standard input"
	}
	lines := artifact.Records(r, shown)
	var spread time.Duration
	if by, ok := o.clocks.files[name]; ok {
		lines = join.ShiftAll(lines, by)
	} else if o.clocks.hosts != nil {
		lines = o.clocks.hosts.Shift(lines)
		spread = o.clocks.hosts.Spread()
	}
	h := join.Holding{Start: spread, Window: join.DefaultWindow + spread, Bytes: min(16<<20, max(1<<20, 128<<20/o.operands()))}
	if plain {
		h.Start = h.Window // nobody is waiting for its lines
	}
	return join.Reorder(lines, h)
}

// merge brings the inputs together and leaves out what is not asked for.
func (o *options) merge(in *inputs, watch func(iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	lines := join.Merge(in.streams...)
	if o.set("from") || o.set("to") {
		w := o.window.Window
		w.Stop = in.plain
		lines = join.Cut(lines, w)
	}
	if !o.plain {
		lines = join.Distinct(lines)
	}
	return watch(lines)
}

// regular tells whether an operand is a file, rather than a pipe or a terminal.
// What is not there counts as one, so that it is opened and that is told.
func regular(env *cli.Env, name string) bool {
	if name != "-" {
		s, err := os.Stat(name)
		return err != nil || s.Mode().IsRegular()
	}
	f, ok := env.Stdin.(*os.File)
	if !ok {
		return false
	}
	s, err := f.Stat()
	return err == nil && s.Mode().IsRegular()
}
