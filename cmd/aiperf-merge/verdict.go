package main

import (
	"fmt"
	"slices"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"
)

// A verdict is what the energy lines of the profiling phase say.
type verdict struct {
	totals  int
	invalid bool
	reasons []string            // in the order in which they came up
	gpus    map[string][]string // by reason: the GPUs it holds for
	hints   map[string]string   // by reason, of the first of these
}

func (v *verdict) look(l record.Line) {
	var e record.Energy
	if l.Decode(&e) != nil || e.Phase != record.Profiling {
		return
	}
	if e.Scope == record.ScopeTotal {
		v.totals++
		v.invalid = v.invalid || e.Verdict != record.Valid
	}
	for _, reason := range e.Reasons {
		if !slices.Contains(v.reasons, reason) {
			v.reasons = append(v.reasons, reason)
		}
		if e.Scope == record.ScopeTotal {
			continue
		}
		if v.gpus == nil {
			v.gpus, v.hints = map[string][]string{}, map[string]string{}
		}
		if v.hints[reason] == "" {
			v.hints[reason] = hint(reason, &e)
		}
		v.gpus[reason] = append(v.gpus[reason], name(&e))
	}
}

// verdict is an error unless there is an energy that can be trusted.
func (v *verdict) verdict() error {
	if v.totals == 0 {
		return cli.Hint(cli.Verdictf("--require-energy: there is no energy of a profiling phase"),
			"it takes the requests of a load, and GPU readings of the same time with power or energy")
	}
	if !v.invalid {
		return nil
	}
	var list, hints []string
	for _, reason := range v.reasons {
		if gpus := v.gpus[reason]; len(gpus) > 0 {
			hints = append(hints, reason+": "+v.hints[reason])
			reason += " (" + several(gpus) + ")"
		}
		list = append(list, reason)
	}
	return cli.Hint(cli.Verdictf("--require-energy: the energy is not to be trusted: %s", strings.Join(list, ", ")), "%s", strings.Join(hints, "; "))
}

// hint says what to do about a reason.
func hint(reason string, e *record.Energy) string {
	switch reason {
	case join.NoBracket:
		return fmt.Sprintf("the readings do not reach from %s to %s; start aiperf-scrape before the load and stop it afterwards", e.From, e.To)
	case join.Gap:
		return "readings stopped for longer than --max-gap; look for failed visits among the scrape lines, or raise it"
	case join.Reset:
		return "the energy counter went backwards; measure again"
	case join.GPULost:
		return "the GPU vanished from its exporter's pages, or had XID 79; measure again, or leave it out with --gpu"
	case join.MIG:
		return "the energy is that of the whole GPU, whose instances cannot be told apart; measure with MIG off"
	case join.Stale:
		if e.Refresh != nil {
			return fmt.Sprintf("the window of %.3g s must be ten times as long as the refresh of %.3g s; measure for longer, or shorten the intervals of aiperf-scrape and of the exporter", e.Took, *e.Refresh)
		}
	case join.NoSuccess:
		return "no request of the phase succeeded"
	case join.Skew:
		return "the instant of a reading beside an edge of the window is known to no better than --max-skew; see what held up the visit, or raise it"
	}
	return "the manual lists the reasons"
}

// name is how people call a GPU.
func name(e *record.Energy) string {
	if e.GPU == nil {
		return strings.TrimSpace(e.Host + " " + e.UUID)
	}
	return strings.TrimSpace(fmt.Sprintf("%s GPU %d", e.Host, *e.GPU))
}

// several names some and counts the others.
func several(names []string) string {
	const most = 4
	if len(names) > most {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most-1], ", "), len(names)-most+1)
	}
	return strings.Join(names, ", ")
}
