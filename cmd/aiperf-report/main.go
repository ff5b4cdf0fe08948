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
	"time"

	"aiperf/pkg/chart"
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
	switch {
	case write == nil && stream == nil:
		return cli.Usagef("--format %q is not one of %s", o.format, formats())
	case o.chart != "" && !slices.Contains(chart.Kinds, o.chart):
		return cli.Usagef("--chart %q is not one of %s", o.chart, strings.Join(chart.Kinds, ", "))
	case o.chart != "" && charts[o.format] == nil:
		return cli.Usagef("--chart is for --format svg and png, and not for %s", o.format)
	case o.format == "png" && o.onTerminal(env):
		return cli.Hint(cli.Usagef("--format png is no text, and standard output is a terminal"), "name a file by -o chart.png")
	case sliced(o.format) && asked.Window == 0:
		return cli.Hint(cli.Usagef("--format %s needs to know how long a slice is", o.format), "add --window 10s")
	case o.live.on() && stream != nil:
		return cli.Usagef("--every and --follow are for reports, and not for --format %s", o.format)
	case o.live.on() && len(baseline) > 0:
		return cli.Usagef("--every and --follow are for one side, and not for --baseline")
	case o.format == none && o.live.every == 0:
		return cli.Hint(cli.Usagef("--format none shows nothing"), "add --every 2s")
	case flags.Changed("every") && o.live.every < cli.Seconds(10*time.Millisecond):
		return cli.Usagef("--every %s is too often", o.live.every.String())
	case o.color != cli.ColorAuto && o.color != cli.ColorAlways && o.color != cli.ColorNever:
		return cli.Usagef("--color %q is not auto, always or never", o.color)
	case stream != nil && len(o.slo)+len(baseline) > 0:
		return cli.Usagef("--slo and --baseline are for reports, and not for --format %s", o.format)
	case flags.Changed("width") && o.width < 40:
		return cli.Usagef("--width %d is less than the 40 columns that a table needs", o.width)
	}
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"-"}
	}
	if n := len(names) - len(slices.Compact(slices.Sorted(slices.Values(names)))); n > 0 {
		return cli.Usagef("an operand is given twice, and its records would count twice: %s", strings.Join(names, " "))
	}
	switch {
	case slices.Contains(names, "-") && slices.Contains(baseline, "-"):
		return cli.Usagef("standard input cannot be on both sides")
	case len(baseline) > len(slices.Compact(slices.Sorted(slices.Values(baseline)))):
		return cli.Usagef("--baseline: a file is given twice, and would count as two runs: %s", strings.Join(baseline, " "))
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
		return o.show(env, out, write, r, nil)
	}
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
	if r.Empty() {
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
	err = errors.Join(err, w.w.Flush())
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
