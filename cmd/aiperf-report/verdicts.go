package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/expr"
	"aiperf/pkg/page"
	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/spf13/pflag"
)

// verdicts are the flags that say which records count, and what is judged.
type verdicts struct {
	where, slo, baseline, failIf []string

	limits []report.FailIf
	shown  []float64 // percentiles that were asked for as such
}

func (v *verdicts) define(flags *pflag.FlagSet) {
	flags.StringArrayVar(&v.where, "where", nil, "count requests or GPU readings only that meet this `condition`, such as \"took > 2s\"; given twice, both; see Filters")
	cli.Group(flags, "Parts")
	flags.StringArrayVar(&v.slo, "slo", nil, "an `objective` such as \"ttft.p99 < 200ms\"; exits 3 if one is missed; see Objectives")
	flags.StringArrayVar(&v.baseline, "baseline", nil, "compare with these `FILE`s (commas between them, - is standard input), each a run; see Comparison")
	flags.StringArrayVar(&v.failIf, "fail-if", nil, "a `limit` to a change since the baseline, such as \"ttft.p50 +5%\"; exits 3 if it is exceeded, or if that cannot be told")
	cli.Group(flags, "Verdicts")
}

// parse reads the expressions into o and gives the names of the baseline's files.
func (v *verdicts) parse(o *report.Options) (baseline []string, err error) {
	for _, s := range v.where {
		c, err := report.ParseCondition(s)
		if err != nil {
			return nil, mistake("--where", err)
		}
		o.Where = append(o.Where, c)
	}
	v.shown = o.Percentiles
	var more []float64
	for _, s := range v.slo {
		x, err := report.ParseSLO(s)
		if err != nil {
			return nil, mistake("--slo", err)
		}
		o.SLOs = append(o.SLOs, x)
		more = append(more, x.Percentiles()...)
	}
	for _, s := range v.failIf {
		x, err := report.ParseFailIf(s)
		if err != nil {
			return nil, mistake("--fail-if", err)
		}
		v.limits = append(v.limits, x)
		more = append(more, x.Percentiles()...)
	}
	for _, p := range more {
		if !slices.Contains(o.Percentiles, p) {
			o.Percentiles = append(slices.Clip(o.Percentiles), p)
		}
	}
	slices.Sort(o.Percentiles)
	for _, list := range v.baseline {
		for name := range strings.SplitSeq(list, ",") {
			if name == "" {
				return nil, cli.Usagef("--baseline %q: a file has no name", list)
			}
			baseline = append(baseline, name)
		}
	}
	if len(v.failIf) > 0 && len(baseline) == 0 {
		return nil, cli.Hint(cli.Usagef("--fail-if is about a change, and there is no baseline"), "add --baseline OLD, or use --slo for a bound")
	}
	return baseline, nil
}

// mistake is an error in an expression, with a caret below the place.
func mistake(flag string, err error) error {
	var e *expr.Error
	if !errors.As(err, &e) {
		return cli.Usagef("%s: %w", flag, err)
	}
	return cli.Usagef("%s: %w\n  %s", flag, err, strings.ReplaceAll(e.Caret(), "\n", "\n  "))
}

// A pooled side has all its files in one Builder too, for a report on them.
type pooled struct {
	report.Side
	all *report.Builder
}

// readSide reads files, each a run, into Builders of their own and into one for
// all.
func readSide(env *cli.Env, names []string, o report.Options, pictured, quiet bool) (*pooled, error) {
	p := &pooled{all: &report.Builder{Options: o}}
	if pictured {
		p.all.Tell()
	}
	var errs []error
	for _, name := range names {
		one := p.all
		to := sink{add: one.Add, skip: one.Skip}
		if len(names) > 1 {
			one = &report.Builder{Options: o}
			one.Options.By, one.Options.Window = nil, 0
			to = sink{
				add:  func(l record.Line) error { _ = p.all.Add(l); return one.Add(l) },
				skip: func(err error) { one.Skip(err); p.all.Skip(err) },
			}
		}
		if err := readAll(env, to, []string{name}, quiet); err != nil {
			errs = append(errs, err)
		}
		p.Names, p.Runs = append(p.Names, name), append(p.Runs, one)
	}
	return p, errors.Join(errs...)
}

// report is that on all files of the side.
func (p *pooled) report() *report.Report {
	if len(p.Runs) == 1 {
		return p.Reports()[0]
	}
	return p.all.Report()
}

// compare is the report on the new runs, with what changed since the baseline, and
// that on the baseline. A run without requests cannot be compared, and one that
// could not be read is none.
func compare(env *cli.Env, baseline, names []string, asked report.Options, o *options) (r, old *report.Report, err error) {
	before, err := readSide(env, baseline, asked, pictured(o.format), o.quiet)
	if err != nil {
		return nil, nil, err
	}
	after, err := readSide(env, names, asked, pictured(o.format), o.quiet)
	if err != nil {
		return nil, nil, err
	}
	for i, side := range []*pooled{before, after} {
		if a, b, found := side.Repeated(); found {
			return nil, nil, fmt.Errorf("compare runs: %s and %s hold the same run, which would count as two", a, b)
		}
		for j, b := range side.Reports() {
			if c := b.Requests; c.OK+c.Failed == 0 {
				what := [2]string{"the baseline", "the run"}[i]
				return nil, nil, cli.Hint(fmt.Errorf("compare runs: %s %s has no profiling request", what, side.Names[j]), "give the output of aiperf-load or aiperf-merge on both sides")
			}
		}
	}
	r = after.report()
	r.Comparison = report.Compare(&before.Side, &after.Side, o.shown, o.limits)
	return r, before.report(), nil
}

// comparisonPage is the page of a run and its baseline.
func comparisonPage(w io.Writer, r, old *report.Report) error {
	var opt page.Options
	for _, x := range r.Comparison.Changes {
		verdict := x.Verdict
		if x.TooLittle == "" && x.Differs() && !x.Sure {
			verdict += "?"
		}
		header := x.Header
		if x.Name.Stat != "" {
			header += " " + x.Name.Stat
		}
		opt.Changes = append(opt.Changes, page.Change{Tag: x.Name.Tag, Stat: x.Name.Stat, Header: header, Change: x.Relative, Low: x.RelativeIn.Low, High: x.RelativeIn.High, Verdict: verdict})
	}
	shown := *r
	for _, l := range r.Comparison.Limits {
		n := report.Note{Level: record.Info, Code: "limit", Message: "--fail-if " + l.Text + ": kept"}
		if l.Failed {
			n.Level, n.Message = record.Warning, "--fail-if "+failure(l)
		}
		shown.Notes = append(slices.Clip(shown.Notes), n)
	}
	for _, n := range r.Comparison.Notes {
		if !strings.HasPrefix(n.Message, "new, ") { // which the report itself says
			shown.Notes = append(slices.Clip(shown.Notes), n)
		}
	}
	return page.HTML(w, opt, page.Run{Name: "new", Report: &shown}, page.Run{Name: "baseline", Report: old})
}

// judge gives the exit status of a report that was written. If inputs were not
// read there is no verdict.
func judge(env *cli.Env, r *report.Report, unread, unwritten error) error {
	bad := refused(r)
	if err := errors.Join(unread, unwritten); err != nil {
		if bad != nil {
			env.Warnf("%v", bad)
		}
		return err
	}
	return bad
}

// refused is the error that says which verdicts are negative; nil if none is.
func refused(r *report.Report) error {
	var list []string
	for _, v := range r.Missed() {
		switch {
		case v.Why != "":
			list = append(list, v.Why)
		case v.Op == "":
			list = append(list, v.Name+" does not hold")
		default:
			list = append(list, v.Name+" is "+value(v)+", not "+v.Op+" "+v.Bound)
		}
	}
	if r.Comparison != nil {
		for _, l := range r.Comparison.Failing() {
			list = append(list, failure(l))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return cli.Verdictf("%s", strings.Join(list, "; "))
}

// value is that of a verdict.
func value(v report.Verdict) string {
	s := v.Text
	if s == "" {
		s = shown(v.Value, v.Unit)
	}
	if v.GPU != "" {
		s += " (" + v.GPU + ")"
	}
	return s
}

// shown is a number in a unit for people, with digits enough to tell it from a
// bound.
func shown(x float64, u report.Unit) string {
	return strings.TrimSpace(strconv.FormatFloat(x*u.Factor, 'g', 6, 64) + " " + u.Shown)
}

func failure(l report.Limit) string {
	if l.Why != "" {
		return l.Text + ": " + l.Why
	}
	u := l.Change.Name.Unit
	return fmt.Sprintf("%s is exceeded: old %s, new %s", l.Text, shown(l.Change.Old, u), shown(l.Change.New, u))
}
