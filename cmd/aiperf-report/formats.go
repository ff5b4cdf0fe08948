package main

import (
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
)

// reports are the formats of a whole report.
var reports = map[string]func(io.Writer, *report.Report, render.Options) error{
	"table":                  render.Text,
	"markdown":               render.Markdown,
	"csv":                    plain(artifact.CSV),
	"json":                   plain(artifact.JSON),
	"html":                   plain(func(w io.Writer, r *report.Report) error { return page.HTML(w, page.Options{}, page.Run{Report: r}) }),
	"svg":                    plain(func(w io.Writer, r *report.Report) error { return charts["svg"](w, r, "") }),
	"png":                    plain(func(w io.Writer, r *report.Report) error { return charts["png"](w, r, "") }),
	"ndjson":                 plain(artifact.Lines),
	none:                     plain(func(io.Writer, *report.Report) error { return nil }),
	"prom":                   plain(artifact.Prometheus),
	"aiperf-timeslices-csv":  plain(artifact.TimeslicesCSV),
	"aiperf-timeslices-json": plain(artifact.TimeslicesJSON),
}

// charts are the formats of one chart, which --chart chooses.
var charts = map[string]func(w io.Writer, r *report.Report, kind string) error{"svg": chart.SVG, "png": chart.PNG}

func plain(f func(io.Writer, *report.Report) error) func(io.Writer, *report.Report, render.Options) error {
	return func(w io.Writer, r *report.Report, _ render.Options) error { return f(w, r) }
}

// streams are the formats that are written line by line as records come.
var streams = map[string]func(io.Writer, report.Options) func(record.Line) error{
	"aiperf-records": func(w io.Writer, o report.Options) func(record.Line) error {
		return (&artifact.RequestWriter{W: w, Options: o}).Add
	},
	"aiperf-gpu": func(w io.Writer, _ report.Options) func(record.Line) error {
		return (&artifact.TelemetryWriter{W: w}).Add
	},
}

// formats are the names of all.
func formats() string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(reports)), maps.Keys(streams))
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// sliced tells whether a format is one of time slices.
func sliced(format string) bool { return strings.HasPrefix(format, "aiperf-timeslices-") }

// forPeople tells whether a format shows notes itself.
func forPeople(format string) bool {
	return format == "table" || format == "markdown" || format == "html" || format == none
}

// comparing tells whether a format has the changes since a baseline.
func comparing(format string) bool {
	return forPeople(format) || format == "json" || format == "ndjson" || format == "prom"
}

// onTerminal tells whether the report goes to a terminal.
func (o *options) onTerminal(env *cli.Env) bool {
	_, ok := cli.Terminal(env.Stdout)
	return ok && (o.output == "" || o.output == "-")
}

// pictured tells whether a format draws what happened when.
func pictured(format string) bool { return format == "html" || charts[format] != nil }
