package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/report"

	"github.com/spf13/pflag"
)

// options are the flags.
type options struct {
	format, output string
	width          int
	noGPU, quiet   bool
	trace          bool
	color          string
	live           live
	chart          string

	ttft, itl       string
	goodput         objectives
	percentiles, by string
	window          cli.Seconds
	memory          size
	verdicts
}

// A size is a flag of so many bytes.
type size int64

func (b *size) Set(s string) error {
	text := strings.ToLower(strings.TrimSpace(s))
	text = strings.TrimSuffix(strings.TrimSuffix(text, "b"), "i")
	shift := map[byte]int{'k': 10, 'm': 20, 'g': 30, 't': 40}
	n := 0
	if len(text) > 0 {
		n = shift[text[len(text)-1]]
	}
	if n > 0 {
		text = text[:len(text)-1]
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0) || x*float64(int64(1)<<n) > 1<<60 {
		return fmt.Errorf("%q is no size such as 512M or 4GiB", s)
	}
	*b = size(x * float64(int64(1)<<n))
	return nil
}

func (b *size) String() string { return fmt.Sprintf("%gGiB", float64(*b)/(1<<30)) }

func (b *size) Type() string { return "size" }

// objectives are a flag that is checked when it is set.
type objectives []report.Objective

func (o *objectives) Set(s string) (err error) {
	*o, err = report.ParseGoodput(s)
	return err
}

func (o *objectives) String() string {
	var words []string
	for _, x := range *o {
		words = append(words, x.String())
	}
	return strings.Join(words, " ")
}

func (o *objectives) Type() string { return "objectives" }

func (o *options) define(flags *pflag.FlagSet) {
	flags.StringVarP(&o.format, "format", "f", "table", "`form` of the output, as listed above")
	flags.StringVar(&o.chart, "chart", "", "what svg and png `show`: latency, ttft, throughput, concurrency or power (default latency, or power without requests)")
	flags.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output; .gz and .zst are compressed")
	flags.IntVar(&o.width, "width", 0, "`columns` that a table may take (default: the terminal's, else 140)")
	flags.StringVar(&o.color, "color", cli.ColorAuto, "`when` to colour a table: auto (on a terminal, unless NO_COLOR is set or TERM is dumb), always or never")
	flags.BoolVar(&o.noGPU, "no-gpu", false, "leave GPUs and their energy out of table and markdown")
	flags.BoolVar(&o.trace, "show-trace-timing", false, "show a table of what happened below requests (DNS, connecting, sending, …) in table and markdown; files always have it")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "tell errors only, no warnings and notes, on standard error")
	o.memory = 4 << 30
	flags.Var(&o.memory, "max-memory", "`size` that requests may take (512M, 4GiB), at some 150 bytes each; beyond it percentiles are those of a sketch, off by a share that a note tells")
	cli.Group(flags, "Output")
	flags.StringVar(&o.by, "by", "", "put requests or GPUs into groups that have the same `keys`: commas between them; see Groups and slices")
	flags.Var(&o.window, "window", "cut the time of the requests into slices of this `time` (10s, 1m or a number of seconds); also --slice-duration (default: none)")
	flags.StringVar(&o.percentiles, "percentiles", "", "`numbers` with commas between them, such as 50,90,99.9: the columns of tables, and beside AIPerf's in files")
	cli.Group(flags, "Parts")
	flags.Var(&o.goodput, "goodput", "`objectives` that a good request meets, in the units in which metrics are shown: \"request_latency:250 inter_token_latency:10\"")
	flags.StringVar(&o.ttft, "ttft", report.TTFTContent, "what the first token is: `content`, the first chunk with content, or any, the first byte of the answer")
	flags.StringVar(&o.itl, "itl", report.ITLToken, "what inter token latency is divided by: `token`s, or chunk for arrivals of content")
	cli.Group(flags, "Definitions")
	o.live.define(flags)
	o.verdicts.define(flags)
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "slice-duration" {
			name = "window"
		}
		return pflag.NormalizedName(name)
	})
}

// report is what the flags ask of a report. The error is a mistake in them.
func (o *options) report(flags *pflag.FlagSet) (r report.Options, err error) {
	r = report.Options{TTFT: o.ttft, ITL: o.itl, Window: float64(o.window) / 1e9, Goodput: o.goodput, MaxMemory: int64(o.memory)}
	if flags.Changed("window") && o.window < 1000 {
		return r, cli.Usagef("--window must be more than 0")
	}
	if o.ttft != report.TTFTContent && o.ttft != report.TTFTAny {
		return r, cli.Usagef("--ttft %q is neither content nor any", o.ttft)
	}
	if o.itl != report.ITLToken && o.itl != report.ITLChunk {
		return r, cli.Usagef("--itl %q is neither token nor chunk", o.itl)
	}
	if flags.Changed("by") {
		if r.By, err = report.ParseBy(o.by); err != nil {
			return r, cli.Usagef("--by: %w", err)
		}
	}
	if flags.Changed("percentiles") {
		if r.Percentiles, err = percentiles(o.percentiles); err != nil {
			return r, err
		}
	}
	return r, nil
}

// percentiles reads numbers between 0 and 100, in ascending order.
func percentiles(s string) ([]float64, error) {
	var list []float64
	for word := range strings.SplitSeq(s, ",") {
		p, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(word), "p"), 64)
		if err != nil || math.IsNaN(p) || p < 0 || p > 100 {
			return nil, cli.Usagef("--percentiles: %q is no number from 0 to 100", word)
		}
		if slices.Contains(list, p) {
			return nil, cli.Usagef("--percentiles: %q is there twice", word)
		}
		list = append(list, p)
	}
	const most = 20
	if len(list) > most {
		return nil, cli.Usagef("--percentiles: %d are more than %d", len(list), most)
	}
	slices.Sort(list)
	return list, nil
}
