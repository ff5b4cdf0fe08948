package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"
)

// survey reads the inputs before they are merged, where something must be known
// that only their ends tell: the starts of requests without begin lines, and the
// delays that --align takes away. Pipes cannot be read twice.
func (o *options) survey(talk *talk) (opt join.Options, err error) {
	opt = o.energy.Options
	opt.Note, opt.From = talk.note, o.window.From
	if o.plain {
		return opt, nil
	}
	again := o.rereadable()
	if o.energy.align && !again {
		return opt, cli.Usagef("--align reads its inputs twice, which a pipe does not allow: name files, or give the delay as --offset")
	}
	if again && o.lacksBegins() {
		err := o.pass(func(lines iter.Seq2[record.Line, error]) error {
			opt.Begins = join.FindBegins(lines)
			return nil
		})
		if err != nil {
			return opt, err
		}
	}
	if o.energy.align {
		return opt, o.pass(func(lines iter.Seq2[record.Line, error]) error { return align(lines, &opt, talk) })
	}
	return opt, nil
}

// align finds the delays, and tells them.
func align(lines iter.Seq2[record.Line, error], opt *join.Options, talk *talk) error {
	found, err := join.FindLags(lines, *opt)
	if err != nil {
		return err
	}
	opt.Lag = map[string]float64{}
	for _, source := range slices.Sorted(maps.Keys(found)) {
		lag := found[source]
		if !lag.Clear {
			delete(found, source)
			continue
		}
		opt.Lag[source] = lag.Seconds
		how, ms := "follows the load by %.0f ms (correlation %.2f), which is taken off", lag.Seconds*1e3
		if ms < 0 {
			how, ms = "runs ahead of the load by %.0f ms (correlation %.2f), which is added to", -ms
		}
		talk.note(record.Note{Level: record.Info, Code: "align", Message: fmt.Sprintf("%s "+how+" its readings' instants", source, ms, lag.Correlation)})
	}
	if len(found) == 0 {
		talk.note(record.Note{Level: record.Warning, Code: "align", Message: "--align changes nothing: the power does not follow the load clearly enough to tell by how much; a load that comes and goes by chance tells more, and --offset takes what is known"})
	}
	return nil
}

// rereadable tells whether all operands are files.
func (o *options) rereadable() bool {
	for _, name := range o.flags.Args() {
		if name == "-" || !regular(o.env, name) {
			return false
		}
	}
	return o.flags.NArg() > 0
}

// lacksBegins tells whether some input has a request without a begin line; an
// input that cannot be read is left to be told of later.
func (o *options) lacksBegins() bool {
	for _, name := range o.flags.Args() {
		f, err := o.env.Open(name)
		if err != nil {
			return false
		}
		lacks := join.LacksBegins(o.prepare(f, name, true))
		f.Close()
		if lacks {
			return true
		}
	}
	return false
}

// pass reads the merged inputs once, for themselves.
func (o *options) pass(use func(iter.Seq2[record.Line, error]) error) error {
	in, err := o.open()
	defer in.close()
	if err != nil {
		return err
	}
	return use(o.merge(in, func(lines iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] { return lines }))
}
