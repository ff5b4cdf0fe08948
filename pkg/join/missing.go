package join

import (
	"maps"
	"slices"
	"time"

	"aiperf/pkg/record"
)

// remark notes what is missing.
func (a *attribution) remark(found map[string]*record.Lag) {
	gpus, load := len(a.ledger.gpus), a.requests
	for _, s := range a.chooser.unmatched() {
		a.tell(record.Warning, "unmatched", "no GPU is chosen by %q", s)
	}
	switch {
	case gpus == 0 && load > 0 && len(a.sources) == 0 && len(a.opt.GPUs) == 0:
		a.tell(record.Info, "no-gpu", "no GPU readings: the streams are merged, and nothing is attributed")
	case gpus == 0 && load > 0 && len(a.chooser.rejected) > 0:
		a.tell(record.Warning, "no-gpu", "of the %d GPUs that were read none is chosen: nothing to attribute", len(a.chooser.rejected))
	case gpus == 0 && load > 0 && len(a.sources) > 0:
		a.tell(record.Warning, "no-gpu", "no GPU reading has power or energy: nothing to attribute; see whether the scrape lines tell of errors, and what the exporter tells of its GPUs")
	case gpus == 0 && load > 0:
		a.tell(record.Warning, "no-gpu", "no GPU readings: nothing to attribute; start aiperf-scrape before the load and merge both streams")
	case gpus > 0 && load == 0:
		a.tell(record.Info, "no-requests", "no requests: nothing to attribute GPU energy to")
	case gpus > 0 && a.ledger.phase(record.Profiling).window().count == 0:
		a.tell(record.Warning, "no-window", "no profiling request has finished: there is no window to give energy for")
	}
	if gpus == 0 || load == 0 {
		return
	}
	a.remarkOverlap()
	a.remarkLags(found)
	if a.late > 0 {
		a.tell(record.Warning, "late", "%d requests were written so long after they had started or ended that their energy is left out", a.late)
	}
	if a.endless > 0 {
		a.tell(record.Warning, "endless", "%d requests were in flight while more than %d MB of lines came, which are not held for longer: by the share of %s they are charged nothing", a.endless, a.opt.Held>>20, a.opt.Share)
	}
	if a.ledger.crowded {
		a.tell(record.Warning, "phases", "there are more than %d phases: energy is given for the first of them, and what requests of the others took counts as others", mostPhases)
	}
	if n := len(a.flying); n > 0 {
		a.tell(record.Info, "unfinished", "%d requests never ended; they count as in flight until the end of the stream; if their producer crashed, merge what came later apart from it", n)
	}
	if a.uncounted > 0 {
		a.tell(record.Warning, "no-tokens", "%d of %d requests have no token counts: by the share of tokens they are charged nothing while others produce some", a.uncounted, a.requests)
	}
}

// remarkOverlap tells of sources none of whose readings lie near the requests.
func (a *attribution) remarkOverlap() {
	used := map[string]bool{}
	for _, g := range a.ledger.gpus {
		used[g.active.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		s := a.sources[name].seen
		apart, how := s.from.Sub(a.seen.to), "begin %s after the last request ended"
		if s.to < a.seen.from {
			apart, how = a.seen.from.Sub(s.to), "end %s before the first request began"
		}
		if s.to >= a.seen.from && s.from <= a.seen.to {
			continue
		}
		a.tell(record.Warning, "no-overlap", "the readings of %s "+how+": they belong to another run, or a clock is wrong, which --offset sets right", name, duration(apart))
	}
}

// ownDelay is the lag, in seconds, that telemetry may have of itself, beside
// its refresh: power takes time to rise, and some boards average it.
const ownDelay = 0.1

// remarkLags tells of sources that run ahead of the load, or further behind than
// their refresh explains.
func (a *attribution) remarkLags(found map[string]*record.Lag) {
	told := map[string]bool{}
	for _, g := range a.ledger.gpus {
		name := g.active.name
		lag := found[name]
		refresh, ok := g.refresh.quantile(0.5)
		if lag == nil || !ok || told[name] || !lag.Clear {
			continue
		}
		told[name] = true
		switch x := lag.Seconds; {
		case x < -max(refresh, 0.05):
			a.tell(record.Warning, "lag", "the power of %s runs ahead of the load by %s (correlation %.2f): its clock is slow, or the load's is fast; --offset sets a clock right, --align takes the delay away", whose(g, name), duration(-x), lag.Correlation)
		case x > refresh+ownDelay:
			a.tell(record.Warning, "lag", "the power of %s follows the load by %s (correlation %.2f), which its refresh of %s does not explain: a clock is fast, or the board averages its power; --offset sets a clock right, --align takes the delay away", whose(g, name), duration(x), lag.Correlation, duration(refresh))
		}
	}
}

// whose names a source by the host of one of its GPUs too: many hosts have one
// that is called localhost.
func whose(g *gpu, source string) string {
	if g.latest.host == "" {
		return source
	}
	return g.latest.host + " (" + source + ")"
}

// duration is a time as people say it.
func duration(seconds float64) string {
	d := time.Duration(seconds * 1e9)
	switch {
	case d > time.Minute:
		d = d.Round(time.Second)
	case d > time.Second:
		d = d.Round(10 * time.Millisecond)
	default:
		d = d.Round(time.Millisecond)
	}
	return d.String()
}
