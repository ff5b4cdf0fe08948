package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// likeness is how far apart mean lengths of prompts or answers may be, as a share,
// before both sides count as having done other work.
const likeness = 0.02

// differences tells what else is not the same on both sides, and what the runs'
// own reports warn of.
func differences(old, new *Side) []Note {
	var n remarks
	for i, r := range new.reports {
		if j := slices.IndexFunc(old.reports, r.repeats); j >= 0 {
			n.warn("same-run", "old, %s and new, %s hold the same run", old.Names[j], new.Names[i])
		}
	}
	for _, x := range []struct {
		what, code string
		of         func(*Report) []string
	}{
		{"models", "different-models", func(r *Report) []string { return r.Models }},
		{"versions of aiperf-load", "different-versions", func(r *Report) []string { return loads(r, func(x Run) string { return x.Version }) }},
	} {
		if a, b := old.all(x.of), new.all(x.of); a != b && a != "" && b != "" {
			n.warn(x.code, "the %s differ: old %s, new %s", x.what, a, b)
		}
	}
	n.settings(old, new)
	for _, x := range []struct{ tag, what string }{{"input_sequence_length", "prompts"}, {"output_sequence_length", "answers"}} {
		name := Name{Tag: x.tag, Stat: "avg"}
		a, b := mean(old.numbers(name)), mean(new.numbers(name))
		if a > 0 && b > 0 && math.Abs(b/a-1) > likeness {
			n.warn("different-"+x.what, "the %s differ in length: old %.4g tokens, new %.4g on average", x.what, a, b)
		}
	}
	gpus := func(r *Report) (list []string) {
		for _, g := range r.GPUs {
			list = append(list, g.Model)
		}
		return list
	}
	if a, b := old.all(gpus), new.all(gpus); a != b && a != "" && b != "" {
		n.info("different-gpus", "the GPUs differ: old %s, new %s", a, b)
	}
	if len(old.Runs) >= stat.LeastRuns && len(new.Runs) >= stat.LeastRuns {
		n.info("over-runs", "intervals are those of means over runs, %d old and %d new, and cover what differs from run to run", len(old.Runs), len(new.Runs))
	} else {
		n.info("over-requests", "intervals are over requests; what differs from one run to the next is not covered: give %d runs or more on each side", stat.LeastRuns)
	}
	n.passed("old", old)
	n.passed("new", new)
	slices.SortStableFunc(n, func(a, b Note) int { return strings.Compare(b.Level, a.Level) })
	return n
}

// loads are what the loads of a report say of themselves.
func loads(r *Report, of func(Run) string) (list []string) {
	for _, x := range r.Runs {
		if x.Tool == "aiperf-load" {
			list = append(list, of(x))
		}
	}
	return list
}

// all are the different texts of a side, in order.
func (s *Side) all(of func(*Report) []string) string {
	set := map[string]bool{}
	for _, r := range s.reports {
		for _, x := range of(r) {
			if x != "" {
				set[x] = true
			}
		}
	}
	return list(set)
}

// The settings of a load that may differ and leave the work the same, and those
// that say what the work is.
var (
	harmless = []string{"output", "random-seed", "quiet", "no-progress", "model", "config", "api-key", "header", "start-at", "run"}
	work     = []string{"endpoint-type", "streaming", "concurrency", "request-rate", "isl", "osl", "synthetic-input-tokens-mean", "output-tokens-mean",
		"input-file", "custom-dataset-type", "user-centric-rate", "num-sessions", "conversation-turn-mean", "prefill-concurrency"}
)

// settings tells of flags of the loads that differ.
func (n *remarks) settings(old, new *Side) {
	keys := map[string]bool{}
	value := func(key string) func(*Report) []string {
		return func(r *Report) []string {
			return loads(r, func(x Run) string {
				switch v := x.Config[key].(type) {
				case nil:
					return ""
				case []any:
					return strings.Trim(fmt.Sprint(v), "[]")
				default:
					return fmt.Sprint(v)
				}
			})
		}
	}
	known := [2]bool{}
	for i, s := range []*Side{old, new} {
		for _, r := range s.reports {
			for _, x := range r.Runs {
				for key := range x.Config {
					if x.Tool == "aiperf-load" {
						keys[key], known[i] = true, true
					}
				}
			}
		}
	}
	if !known[0] || !known[1] {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		a, b := old.all(value(key)), new.all(value(key))
		if a == b || slices.Contains(harmless, key) {
			continue
		}
		level := record.Info
		if slices.Contains(work, key) {
			level = record.Warning
		}
		*n = append(*n, Note{level, "different-" + key, printable(fmt.Sprintf("--%s differs: old %s, new %s", key, unset(a), unset(b)))})
	}
}

func unset(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

// passed passes on the warnings of the runs.
func (n *remarks) passed(side string, s *Side) {
	for i, r := range s.reports {
		for _, x := range r.Notes {
			if x.Level == record.Warning {
				n.warn(x.Code, "%s, %s: %s", side, s.Names[i], x.Message)
			}
		}
	}
}

// repeats tells whether two reports are on the same run: to the nanosecond from
// and to the same instants, with as many requests.
func (r *Report) repeats(x *Report) bool {
	return r.Requests.OK > 0 && r.Requests == x.Requests && r.Window != nil && x.Window != nil && *r.Window == *x.Window
}

// Repeated names two runs of the side that are the same one, which would make
// what differs from run to run look smaller than it is.
func (s *Side) Repeated() (first, second string, found bool) {
	for i, r := range s.Reports() {
		if j := slices.IndexFunc(s.reports[:i], r.repeats); j >= 0 {
			return s.Names[j], s.Names[i], true
		}
	}
	return "", "", false
}
