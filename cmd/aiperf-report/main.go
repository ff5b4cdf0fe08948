package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/render"
	"aiperf/pkg/report"

	"github.com/spf13/pflag"
)

//go:embed doc.go
var doc string

func main() { cli.Main("aiperf-report", run) }

func run(_ context.Context, env *cli.Env) (err error) {
	flags := pflag.NewFlagSet(env.Name, pflag.ContinueOnError)
	flags.SortFlags = false
	var o options
	o.define(flags)
	if err := env.Parse(flags, doc); err != nil {
		return err
	}
	asked, err := o.report(flags)
	if err != nil {
		return err
	}
	baseline, err := o.parse(&asked)
	if err != nil {
		return err
	}
	write, stream := reports[o.format], streams[o.format]
	if err := o.check(env, flags, asked, baseline); err != nil {
		return err
	}
	names, err := operands(flags, baseline)
	if err != nil {
		return err
	}
	out, err := env.Create(o.output, slices.Concat(names, baseline)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if !o.live.follow {
		defer cli.ReadOn()()
	}

	if stream != nil {
		return convert(env, out, stream, asked, names, &o)
	}
	if len(baseline) > 0 {
		r, old, err := compare(env, baseline, names, asked, &o)
		if err != nil {
			return err
		}
		if o.format == "html" {
			return judge(env, r, nil, comparisonPage(out, r, old))
		}
		if !comparing(o.format) && !o.quiet {
			env.Warnf("%s has no place for a comparison: this is the report on the new files", o.format)
		}
		return o.show(env, out, write, r, nil)
	}
	return o.single(env, out, write, asked, names)
}

// single makes the report on one side.
func (o *options) single(env *cli.Env, out io.Writer, write func(io.Writer, *report.Report, render.Options) error, asked report.Options, names []string) error {
	b := report.Builder{Options: asked}
	if pictured(o.format) {
		b.Tell()
	}
	var unread error
	if o.live.on() {
		unread = o.watch(env, &b, names)
	} else {
		unread = read(env, &b, names, o.quiet)
	}
	if o.format == none && len(o.slo) == 0 {
		return unread
	}
	r := b.Report()
	switch {
	case r.Empty() && unread != nil && len(names) == 1:
		return unread
	case r.Empty():
		return errors.Join(unread, nothing(r, names))
	}
	return o.show(env, out, write, r, unread)
}

// show writes a report, and gives the error that the verdicts on it are.
func (o *options) show(env *cli.Env, out io.Writer, write func(io.Writer, *report.Report, render.Options) error, r *report.Report, unread error) error {
	if !forPeople(o.format) && !o.quiet {
		notes := r.Notes
		if r.Comparison != nil {
			notes = r.Comparison.Notes
		}
		for _, n := range notes {
			tell(env, n)
		}
	}
	if draw := charts[o.format]; draw != nil {
		return judge(env, r, unread, draw(out, r, o.chart))
	}
	show := render.Options{Width: columns(env, o.output, o.width), NoGPU: o.noGPU, Trace: o.trace, Percentiles: o.shown,
		Color: (o.output == "" || o.output == "-" || o.color == cli.ColorAlways) && env.Color(o.color, env.Stdout)}
	return judge(env, r, unread, write(out, r, show))
}

// convert writes records in another form, line by line. That there is none is an
// error.
func convert(env *cli.Env, out io.Writer, stream func(io.Writer, report.Options) func(record.Line) error, asked report.Options, names []string, o *options) error {
	w := &counter{w: bufio.NewWriterSize(out, 64<<10)}
	filter := report.Filter{Conditions: asked.Where}
	convert := stream(w, asked)
	add := func(l record.Line) error {
		if !filter.Keep(l) {
			return nil
		}
		return convert(l)
	}
	err := readAll(env, sink{add: add, skip: func(error) {}}, names, o.quiet)
	for _, n := range filter.Notes() {
		if !o.quiet {
			tell(env, n)
		}
	}
	if unwritten := w.w.Flush(); !errors.Is(err, unwritten) {
		err = errors.Join(err, unwritten)
	}
	if err == nil && w.n == 0 {
		what := map[string]string{"aiperf-records": "request", "aiperf-gpu": "GPU reading"}[o.format]
		return cli.Hint(fmt.Errorf("find nothing to write as %s in %s: no %s", o.format, strings.Join(names, ", "), what),
			"give it the output of aiperf-load, aiperf-scrape or aiperf-merge")
	}
	return err
}

// A counter counts writes.
type counter struct {
	w *bufio.Writer
	n int
}

func (c *counter) Write(b []byte) (int, error) {
	c.n++
	return c.w.Write(b)
}

// columns is the width of tables: as told, or the terminal's; 0 if neither.
func columns(env *cli.Env, output string, told int) int {
	if told > 0 {
		return told
	}
	if output != "" && output != "-" {
		return 0
	}
	w, _ := cli.Terminal(env.Stdout)
	return w
}

func tell(env *cli.Env, n report.Note) {
	if n.Level == record.Warning {
		env.Warnf("%s", n.Message)
		return
	}
	env.Infof("note: %s", n.Message)
}
