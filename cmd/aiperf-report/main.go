package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"aiperf/pkg/artifact"
	"aiperf/pkg/chart"
	"aiperf/pkg/cli"
	"aiperf/pkg/page"
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
	format := flags.StringP("format", "f", "table", "`form` of the report: table, markdown, csv, json, html, svg")
	picture := flags.String("chart", "", "what svg shows: latency, ttft, throughput, concurrency or power (default latency, or power without requests)")
	output := flags.StringP("output", "o", "", "write to `FILE` instead of standard output; .gz and .zst are compressed")
	width := flags.Int("width", 0, "`columns` that a table may take (default: the terminal's, else 140)")
	noGPU := flags.Bool("no-gpu", false, "leave GPUs and their energy out of table and markdown")
	quiet := flags.BoolP("quiet", "q", false, "tell errors only, no warnings and notes, on standard error")
	if err := env.Parse(flags, doc); err != nil {
		return err
	}
	write, ok := formats[*format]
	switch {
	case !ok:
		return cli.Usagef("--format %q is not one of %s", *format, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	case *picture != "" && !slices.Contains(chart.Kinds, *picture):
		return cli.Usagef("--chart %q is not one of %s", *picture, strings.Join(chart.Kinds, ", "))
	case *picture != "" && *format != "svg":
		return cli.Usagef("--chart is for --format svg, and not for %s", *format)
	case flags.Changed("width") && *width < 40:
		return cli.Usagef("--width %d is less than the 40 columns that a table needs", *width)
	}
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"-"}
	}
	if n := len(names) - len(slices.Compact(slices.Sorted(slices.Values(names)))); n > 0 {
		return cli.Usagef("an operand is given twice, and its records would count twice: %s", strings.Join(names, " "))
	}
	out, err := env.Create(*output, names...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	defer cli.ReadOn()()

	var b report.Builder
	if *format == "html" || *format == "svg" {
		b.Tell()
	}
	unread := read(env, &b, names, *quiet)
	r := b.Report()
	if r.Empty() {
		return errors.Join(unread, nothing(r, names))
	}
	if (*format == "csv" || *format == "json" || *format == "svg") && !*quiet {
		for _, n := range r.Notes {
			tell(env, n)
		}
	}
	if *format == "svg" {
		return errors.Join(unread, chart.SVG(out, r, *picture))
	}
	return errors.Join(unread, write(out, r, render.Options{Width: columns(env, *output, *width), NoGPU: *noGPU}))
}

var formats = map[string]func(io.Writer, *report.Report, render.Options) error{
	"table":    render.Text,
	"markdown": render.Markdown,
	"csv":      func(w io.Writer, r *report.Report, _ render.Options) error { return artifact.CSV(w, r) },
	"json":     func(w io.Writer, r *report.Report, _ render.Options) error { return artifact.JSON(w, r) },
	"html": func(w io.Writer, r *report.Report, _ render.Options) error {
		return page.HTML(w, page.Options{}, page.Run{Report: r})
	},
	"svg": func(w io.Writer, r *report.Report, _ render.Options) error { return chart.SVG(w, r, "") },
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
