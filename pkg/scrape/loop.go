package scrape

import (
	"context"
	"errors"
	"maps"
	"time"

	"aiperf/pkg/record"
)

// slowest bounds the time between visits of a source that fails, unless the
// interval is longer.
const slowest = 10 * time.Second

// A loop visits one source.
type loop struct {
	*runner
	source  Source
	first   time.Time // when tick 0 is due
	web     visitor
	watch   watch
	board   *board // of an inference server; nil for an exporter
	refresh refresh

	ticks    int64 // that have passed
	skipped  int64 // because a visit took too long
	fails    int   // visits that failed, since one that didn't
	failing  time.Time
	answered bool // at least once
	probed   bool // where else an inference server may have its page
	left     bool // alone, for it has no page
	known    map[gpuKey]presence
	told     map[string]bool
	batch    []record.Record // records of the visit under way
}

func newLoop(r *runner, s Source, first time.Time) *loop {
	l := &loop{
		runner: r, source: s, first: first,
		web:   visitor{Config: r.Config, client: r.client, url: s.url, private: !s.Optional},
		watch: watch{parse: newParser(r.Select)},
		told:  map[string]bool{},
	}
	if s.Server {
		l.board = newBoard(r.Match)
	}
	return l
}

// join makes a source that comes later take the next tick of the grid.
func (l *loop) join() {
	if late := time.Since(l.first); late > 0 {
		l.ticks = int64((late + l.Interval - 1) / l.Interval)
	}
}

// run visits until stop is done, and then until the closing readings are
// complete. Visits end when work is done.
func (l *loop) run(stop context.Context) {
	for !l.left && (l.Count == 0 || l.ticks < int64(l.Count)) {
		due := l.first.Add(time.Duration(l.ticks) * l.Interval)
		if !sleep(stop, time.Until(due)) {
			if context.Cause(stop) != errRemoved {
				l.settle()
			}
			break
		}
		l.call(due)
		l.advance()
	}
	l.farewell()
}

// advance moves to the next tick that lies ahead. A source that fails is left
// alone for twice as many ticks each time, so that it stays on the same grid.
func (l *loop) advance() {
	next := l.ticks + 1
	if l.fails > 0 {
		most := max(1, int64(slowest/l.Interval))
		next = l.ticks + min(most, 1<<min(l.fails-1, 30))
	}
	// The first tick that is not past.
	ahead := int64((time.Since(l.first) + l.Interval - 1) / l.Interval)
	if ahead > next {
		if l.fails == 0 {
			l.skipped += ahead - next
		}
		next = ahead
	}
	l.ticks = next
}

// call visits once and emits the records of it. due is zero if no instant was
// set for it.
func (l *loop) call(due time.Time) {
	select {
	case l.slots <- struct{}{}:
	case <-l.work.Done():
		return
	}
	l.batch = nil
	v := l.web.visit(l.work)
	l.report(&v, due)
	v.release()
	<-l.slots
	l.emit(l.batch)
}

// report makes the records of a visit.
func (l *loop) report(v *visit, due time.Time) {
	took := v.done.Sub(v.begun).Seconds()
	s := &record.Scrape{Source: l.source.Name, Took: &took, Status: v.status}
	if !due.IsZero() {
		s.Late = max(0, v.begun.Sub(due).Seconds())
	}
	if v.status != 0 {
		s.Bytes = &v.wire
	}
	if v.plain > 0 {
		s.Plain = &v.plain
	}
	l.batch = append(l.batch, s)
	if v.err == nil {
		v.err = l.take(v, s)
	}
	if v.err != nil {
		s.Error = v.err.Error()
		l.failed(v)
	}
}

// take makes records of a page.
func (l *loop) take(v *visit, s *record.Scrape) error {
	if l.board != nil {
		return l.takeSeries(v, s)
	}
	found, err := l.watch.look(v.body)
	if err != nil {
		return rejection{err}
	}
	if l.isServer(found) {
		if e := detect(v.body); e != nil {
			l.note(record.Info, IsServer, "this is an inference server (%s): its series become server records", e.name)
			l.board, l.watch = newBoard(l.Match), watch{}
			return l.takeSeries(v, s)
		}
	}
	l.succeeded()
	gpus := 0
	if found == empty {
		l.empty()
	} else {
		gpus = len(l.watch.page.GPUs)
		s.Rejected, s.Repeat = l.watch.page.Rejected, found == repeat
		l.refresh.add(v.first, found == news)
	}
	s.GPUs = &gpus
	if found == news || found == repeat && l.KeepRepeats {
		l.readings(v, found == repeat)
	}
	if found == news {
		l.remark()
	}
	return nil
}

// isServer tells whether a page may be that of an inference server, though it was
// not named as one.
func (l *loop) isServer(found finding) bool {
	return found == news && !l.GPUOnly && len(l.watch.page.GPUs) == 0 && len(l.known) == 0
}

// empty is not that the GPUs are gone: an exporter that reloads has no values for
// some seconds.
func (l *loop) empty() {
	l.once(record.Info, NoData, "the page is empty; an exporter that starts or reloads has no values yet")
}

// taken is the best estimate of when the source answered.
func (l *loop) taken(v *visit) (at record.Time, within *float64) {
	half := v.first.Sub(v.sent) / 2
	w := half.Seconds()
	return l.Clock.At(v.sent.Add(half)), &w
}

// readings adds a record for each GPU of the page.
func (l *loop) readings(v *visit, again bool) {
	taken, within := l.taken(v)
	for _, g := range l.watch.page.GPUs {
		g.Source, g.Taken, g.Within, g.Repeat = l.source.Name, taken, within, again
		g.Labels = merge(g.Labels, l.source.Labels)
		l.batch = append(l.batch, &g)
	}
}

// merge adds to the labels of a page those of its source, which do not replace
// any.
func merge(page, source map[string]string) map[string]string {
	if len(source) == 0 {
		return page
	}
	all := maps.Clone(source)
	maps.Copy(all, page)
	return all
}

// takeSeries makes a record of an inference server's page.
func (l *loop) takeSeries(v *visit, s *record.Scrape) error {
	found, err := l.board.look(v.body)
	if err != nil {
		return rejection{err}
	}
	l.succeeded()
	page := &l.board.page
	n := len(page.series)
	s.Series, s.Rejected, s.Repeat = &n, page.rejected, found == repeat
	if found == empty {
		l.empty()
		return nil
	}
	l.refresh.add(v.first, found == news)
	if found == news || l.KeepRepeats {
		r := &record.Server{Source: l.source.Name, Labels: l.source.Labels, Repeat: found == repeat, Series: page.series}
		if l.board.engine != nil {
			r.Server = l.board.engine.name
		}
		r.Taken, r.Within = l.taken(v)
		if n > 0 {
			l.batch = append(l.batch, r)
		}
	}
	l.remarkSeries()
	return nil
}

// settle takes closing readings, unless the source has only failed until now.
// One that was not visited yet may have been asked for by a job of a moment.
func (l *loop) settle() {
	if !l.answered && l.fails > 0 || l.work.Err() != nil {
		return
	}
	l.watch.close()
	end := time.Now().Add(l.patience())
	step := min(l.Interval, max(l.Settle/10, 10*time.Millisecond))
	for {
		l.call(time.Time{})
		if l.watch.closed() || l.fails > 1 || time.Until(end) < step || !sleep(l.work, step) {
			break
		}
	}
	if !l.watch.closed() && l.fails == 0 && l.Settle > 0 {
		l.unsettled()
	}
}

// patience is how long to wait for a new value: some refreshes, if it is known
// how long they are.
func (l *loop) patience() time.Duration {
	if m, ok := l.refresh.median(); ok {
		return min(l.Settle, max(4*m, leastGrace))
	}
	return l.Settle
}

func (l *loop) failed(v *visit) {
	if errors.Is(v.err, errStopping) {
		return
	}
	if l.elsewhere(v) {
		return
	}
	l.refresh.interrupt()
	if l.fails++; l.fails == 1 {
		l.failing = time.Now()
		l.trouble(v.err)
	}
}

func (l *loop) succeeded() {
	if l.fails > 0 {
		l.recovered()
	}
	l.answered, l.fails = true, 0
}
