package scrape

import (
	"context"
	"errors"
	"net/http"
	"time"

	"aiperf/pkg/record"
)

// slowest bounds the time between visits of a source that fails, unless the
// interval is longer.
const slowest = 10 * time.Second

// A loop visits one source.
type loop struct {
	*Config
	source  Source
	start   time.Time
	emit    func([]record.Record)
	web     visitor
	watch   watch
	refresh refresh

	ticks    int64 // that have passed
	skipped  int64 // because a visit took too long
	fails    int   // visits that failed, since one that didn't
	failing  time.Time
	answered bool // at least once
	known    map[gpuKey]presence
	told     map[string]bool
	batch    []record.Record // records of the visit under way
}

func newLoop(c *Config, s Source, client *http.Client, start time.Time) *loop {
	return &loop{
		Config: c, source: s, start: start,
		web:  visitor{client: client, url: s.url, timeout: c.Timeout, max: c.MaxPage},
		told: map[string]bool{},
	}
}

// run visits until stop is done, and then until the closing readings are
// complete. Visits end when work is done.
func (l *loop) run(stop, work context.Context) {
	for l.Count == 0 || l.ticks < int64(l.Count) {
		due := l.start.Add(time.Duration(l.ticks) * l.Interval)
		if !sleep(stop, time.Until(due)) {
			l.settle(work)
			break
		}
		l.call(work)
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
	ahead := int64((time.Since(l.start) + l.Interval - 1) / l.Interval)
	if ahead > next {
		if l.fails == 0 {
			l.skipped += ahead - next
		}
		next = ahead
	}
	l.ticks = next
}

// call visits once and emits the records of it.
func (l *loop) call(ctx context.Context) {
	l.batch = nil
	v := l.web.visit(ctx)
	took := v.done.Sub(v.begun).Seconds()
	s := &record.Scrape{Source: l.source.Name, Took: &took, Status: v.status}
	if v.status != 0 {
		s.Bytes = &v.size
	}
	l.batch = append(l.batch, s)
	if v.err == nil {
		v.err = l.take(v, s)
	}
	if v.err != nil {
		s.Error = v.err.Error()
		l.failed(v.err)
	}
	l.emit(l.batch)
}

// take makes records of a page.
func (l *loop) take(v visit, s *record.Scrape) error {
	found, err := l.watch.look(v.body)
	if err != nil {
		return rejection{err}
	}
	l.succeeded()
	gpus := 0
	if found == empty {
		// Not that the GPUs are gone: an exporter that reloads has no values for
		// some seconds.
		l.once(record.Info, NoData, "the page is empty; an exporter that starts or reloads has no values yet")
	} else {
		gpus = len(l.watch.page.GPUs)
		s.Rejected, s.Repeat = l.watch.page.Rejected, found == repeat
		l.refresh.add(v.first, found == news)
	}
	s.GPUs = &gpus
	if found == news {
		l.readings(v)
		l.remark()
	}
	return nil
}

// readings adds a record for each GPU of the page.
func (l *loop) readings(v visit) {
	half := v.first.Sub(v.sent) / 2
	taken, within := l.Clock.At(v.sent.Add(half)), half.Seconds()
	for _, g := range l.watch.page.GPUs {
		g.Source, g.Taken, g.Within = l.source.Name, taken, &within
		l.batch = append(l.batch, &g)
	}
}

// settle takes closing readings.
func (l *loop) settle(work context.Context) {
	if !l.answered || work.Err() != nil {
		return
	}
	l.watch.close()
	end := time.Now().Add(l.patience())
	step := min(l.Interval, max(l.Settle/10, 10*time.Millisecond))
	for {
		l.call(work)
		if l.watch.closed() || l.fails > 1 || time.Until(end) < step || !sleep(work, step) {
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

func (l *loop) failed(err error) {
	if errors.Is(err, errStopping) {
		return
	}
	l.refresh.interrupt()
	if l.fails++; l.fails == 1 {
		l.failing = time.Now()
		l.trouble(err)
	}
}

func (l *loop) succeeded() {
	if l.fails > 0 {
		l.recovered()
	}
	l.answered, l.fails = true, 0
}
