package scrape

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// Codes of notes.
const (
	Unreachable = "unreachable" // nobody answers
	BadAnswer   = "bad-answer"  // somebody does, but with no page of metrics
	Recovered   = "recovered"
	NoGPU       = "no-gpu"   // the page has samples, and none of a GPU
	NoData      = "no-data"  // the page is empty
	Rejected    = "rejected" // lines that make no sense
	GPULost     = "gpu-lost"
	GPUBack     = "gpu-back"
	SlowRefresh = "slow-refresh" // the exporter refreshes more seldom than it is asked
	Unsettled   = "unsettled"    // it showed no new value after the stop
	Overrun     = "overrun"      // visits took longer than the interval
	Duplicate   = "duplicate"    // GPUs that another source shows too
	ClockStep   = "clock-step"   // the wall clock was set
	Targets     = "targets"      // sources have come or gone
	BadTargets  = "bad-targets"  // the list of sources makes no sense
	IsServer    = "server"       // a source turns out to be an inference server
	Moved       = "moved"        // its page is not where it was looked for
	NoMetrics   = "no-metrics"   // it has none, and is left alone
	NoSeries    = "no-series"    // none of its series is asked for
)

func (l *loop) note(level, code, format string, a ...any) {
	l.batch = append(l.batch, &record.Note{Level: level, Code: code, Message: fmt.Sprintf(format, a...), Source: l.source.Name})
}

// once is note, but only the first time for this code.
func (l *loop) once(level, code, format string, a ...any) {
	if !l.told[code] {
		l.told[code] = true
		l.note(level, code, format, a...)
	}
}

// level is that of bad news about the source itself.
func (l *loop) level() string {
	if l.source.Optional && !l.answered {
		return record.Info
	}
	return record.Warning
}

func (l *loop) trouble(err error) {
	code := Unreachable
	if errors.As(err, new(rejection)) {
		code = BadAnswer
	}
	l.note(l.level(), code, "%v; trying again from time to time", err)
}

func (l *loop) recovered() {
	if !l.answered {
		l.note(record.Info, Recovered, "answers now, after %s", seconds(time.Since(l.failing)))
		return
	}
	l.note(record.Info, Recovered, "answers again, after %s without a page", seconds(time.Since(l.failing)))
}

// remark tells what is odd about a new page.
func (l *loop) remark() {
	p := &l.watch.page
	if len(p.GPUs) == 0 && len(l.known) == 0 {
		l.once(l.level(), NoGPU, "the page has %d values, and none of a GPU", p.Samples)
	}
	l.rejected(p.Rejected, p.Reason)
	l.census()
	l.slow(3)
}

// remarkSeries tells what is odd about an inference server's page.
func (l *loop) remarkSeries() {
	p := &l.board.page
	if len(p.series) == 0 {
		l.once(l.level(), NoSeries, "the page has %d values, and none of those that are asked for; --match says which", p.samples)
	}
	l.rejected(p.rejected, p.reason)
}

func (l *loop) rejected(n int, reason error) {
	if n > 0 {
		l.once(record.Warning, Rejected, "lines that make no sense are left out (%d of this page): %v", n, reason)
	}
}

// census tells of GPUs that are gone from the page, or back, or of another source
// too.
func (l *loop) census() {
	if l.known == nil {
		l.known = map[gpuKey]presence{}
	}
	twice := map[string]int{}
	for i := range l.watch.page.GPUs {
		g := l.watch.page.GPUs[i]
		k := keyOf(&g)
		p, ok := l.known[k]
		if !ok {
			p.what = describe(&g)
			g.Source = l.source.Name
			if other := l.seen.claim(&g); other != "" {
				twice[other]++
			}
		}
		if p.lost {
			l.about(record.Info, GPUBack, k, p.what+" is on the page again")
		}
		p.lost, p.page = false, l.refresh.new
		l.known[k] = p
	}
	for _, other := range slices.Sorted(maps.Keys(twice)) {
		l.note(record.Info, Duplicate, "%d of its GPUs are those of %s too; each counts once", twice[other], other)
	}
	l.missing()
}

// missing tells of GPUs that were on the page before.
func (l *loop) missing() {
	var gone []gpuKey
	for k, p := range l.known {
		if p.page != l.refresh.new && !p.lost {
			p.lost = true
			l.known[k] = p
			gone = append(gone, k)
		}
	}
	slices.SortFunc(gone, func(a, b gpuKey) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.uuid, b.uuid), strings.Compare(a.mig, b.mig), a.index-b.index)
	})
	for _, k := range gone {
		l.about(record.Warning, GPULost, k, l.known[k].what+" is gone from the page")
	}
}

// describe names a GPU for people.
func describe(g *record.GPU) string {
	name := "GPU"
	if g.GPU != nil {
		name = fmt.Sprintf("GPU %d", *g.GPU)
	}
	if g.MIG != "" {
		name += " instance " + g.MIG
	}
	if g.Host != "" {
		name += " of " + g.Host
	}
	return name
}

// about is a note on one GPU.
func (l *loop) about(level, code string, k gpuKey, message string) {
	l.note(level, code, "%s", message)
	l.batch[len(l.batch)-1].(*record.Note).UUID = k.uuid
}

// cure is for exporters that are slower than they are asked.
const cure = "dcgm-exporter's -c, or DCGM_EXPORTER_INTERVAL, sets its interval in milliseconds"

// slow tells, as soon as it has been seen often enough, that an exporter
// refreshes more seldom than it is asked.
func (l *loop) slow(often int) {
	m, ok := l.refresh.median()
	if !ok || l.board != nil || len(l.refresh.gaps) < often || m < l.Interval*3/2 {
		return
	}
	l.once(record.Info, SlowRefresh, "new values come every %s, though asked for every %s; %s; --interval %s would lose none",
		seconds(m), seconds(l.Interval), cure, m.Round(time.Millisecond))
}

func (l *loop) unsettled() {
	l.batch = nil
	every := "it never showed a new one"
	if m, ok := l.refresh.median(); ok {
		every = fmt.Sprintf("it shows one every %s", seconds(m))
	}
	l.note(record.Warning, Unsettled, "not every GPU has shown a new value since the stop, for which %s were waited (%s); a longer --settle waits for it", seconds(l.patience()), every)
	l.emit(l.batch)
}

// farewell tells at the end what was observed.
func (l *loop) farewell() {
	l.batch = nil
	l.slow(1)
	if l.answered && l.refresh.new == 1 && l.refresh.visits > 3 && len(l.watch.page.GPUs) > 0 {
		l.once(record.Info, SlowRefresh, "the same values in all of %d visits, one every %s; %s",
			l.refresh.visits, seconds(l.Interval), cure)
	}
	if l.skipped > 0 {
		l.note(record.Warning, Overrun, "%d of %d ticks were skipped: visits took longer than %s, or this machine was late", l.skipped, l.ticks, seconds(l.Interval))
	}
	if len(l.batch) > 0 {
		l.emit(l.batch)
	}
}

// seconds writes a duration with three digits.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%.*f s", max(0, 2-int(math.Floor(math.Log10(max(d.Seconds(), 1e-3))))), d.Seconds())
}
