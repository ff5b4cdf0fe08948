package main

import (
	"slices"
	"strings"
	"time"

	"aiperf/pkg/chart"
	"aiperf/pkg/cli"
	"aiperf/pkg/report"

	"github.com/spf13/pflag"
)

// check refuses flags that make no sense together.
func (o *options) check(env *cli.Env, flags *pflag.FlagSet, asked report.Options, baseline []string) error {
	stream := streams[o.format]
	switch {
	case reports[o.format] == nil && stream == nil:
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
	return nil
}

// operands are the files, standard input if there is none.
func operands(flags *pflag.FlagSet, baseline []string) ([]string, error) {
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"-"}
	}
	if n := len(names) - len(slices.Compact(slices.Sorted(slices.Values(names)))); n > 0 {
		return nil, cli.Usagef("an operand is given twice, and its records would count twice: %s", strings.Join(names, " "))
	}
	switch {
	case slices.Contains(names, "-") && slices.Contains(baseline, "-"):
		return nil, cli.Usagef("standard input cannot be on both sides")
	case len(baseline) > len(slices.Compact(slices.Sorted(slices.Values(baseline)))):
		return nil, cli.Usagef("--baseline: a file is given twice, and would count as two runs: %s", strings.Join(baseline, " "))
	}
	return names, nil
}
