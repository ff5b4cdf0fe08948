package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"aiperf/pkg/artifact"
	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// mostWarnings bounds what is said of one file's bad lines; all are counted.
const mostWarnings = 10

// A sink is where lines go.
type sink struct {
	add  func(record.Line) error // the error is about the line
	skip func(error)             // a line that could not be read

	prompt bool // no line may wait for the next one
}

// read adds every file to b.
func read(env *cli.Env, b *report.Builder, names []string, quiet bool) error {
	return readAll(env, sink{add: b.Add, skip: b.Skip}, names, quiet)
}

// readAll gives every file's lines to the sink. A line that cannot be read is
// told and left out; a file that cannot be read does not keep the others from
// it.
func readAll(env *cli.Env, to sink, names []string, quiet bool) error {
	var errs []error
	for _, name := range names {
		if err := readFile(env, to, name, warner(env, quiet)); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// warner tells of the bad lines of one file.
func warner(env *cli.Env, quiet bool) func(error) {
	warned := 0
	return func(err error) {
		warned++
		switch {
		case quiet || warned > mostWarnings:
		case warned == mostWarnings:
			env.Warnf("%v; there may be more, which are counted only", err)
		default:
			env.Warnf("%v", err)
		}
	}
}

func readFile(env *cli.Env, to sink, name string, warn func(error)) error {
	f, err := env.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if name == "-" {
		name = "standard input"
	}
	lines := artifact.Records(f, name)
	if !to.prompt {
		lines = ahead(lines)
	}
	return readStream(lines, to, warn)
}

// readStream gives lines to the sink.
func readStream(lines iter.Seq2[record.Line, error], to sink, warn func(error)) error {
	for line, err := range lines {
		var bad *record.LineError
		switch {
		case errors.As(err, &bad):
			to.skip(err)
			warn(err)
		case err != nil:
			return err
		default:
			if err := to.add(line); errors.As(err, &bad) {
				warn(err)
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// nothing is the error of a report that has nothing in it. It tells why, as far
// as the stream does.
func nothing(r *report.Report, names []string) error {
	where := strings.Join(names, ", ")
	if where == "-" {
		where = "standard input"
	}
	err := fmt.Errorf("find nothing to report in %s: no profiling request and no GPU reading", where)
	for _, s := range r.Sources {
		if !s.Reachable && !s.Default {
			return cli.Hint(err, "the exporter %s could not be read: %s", s.URL, s.Error)
		}
	}
	for _, s := range r.Sources {
		if !s.Reachable {
			return cli.Hint(err, "no exporter could be read; %s: %s", s.URL, s.Error)
		}
	}
	switch c := r.Requests; {
	case c.InFlight > 0:
		return cli.Hint(err, "requests were begun (%d in flight at the end), but none of the profiling phase has finished: let aiperf-load run longer", c.InFlight)
	case c.Warmup > 0:
		return cli.Hint(err, "all requests (%d) belong to the warm-up, which does not count", c.Warmup)
	case len(r.Notes) > 0:
		return cli.Hint(err, "%s", r.Notes[0].Message)
	case len(r.Runs) > 0:
		return cli.Hint(err, "the stream of %s ended before there was anything in it: look at what that command said", r.Runs[0].Tool)
	}
	return cli.Hint(err, "give it the output of aiperf-load, aiperf-scrape or aiperf-merge, for example aiperf-load -o load.ndjson …; aiperf-report load.ndjson")
}
