package scrape

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"sync"
	"time"

	"aiperf/pkg/record"
)

// Defaults of [Config].
const (
	DefaultInterval = 333 * time.Millisecond
	DefaultTimeout  = 5 * time.Second
	DefaultMaxPage  = 64 << 20
)

// A Config says what to visit, and how.
type Config struct {
	Sources  []Source
	Interval time.Duration // between visits of a source; 0: DefaultInterval
	Count    int           // ticks; 0: until the context is done
	Timeout  time.Duration // of one visit; 0: DefaultTimeout, or Interval if that is longer
	Settle   time.Duration // at most so long after the context is done
	MaxPage  int64         // bytes; 0: DefaultMaxPage

	// Clock makes Times of instants.
	Clock record.Clock
	// Transport does the requests; nil: one of its own, with the proxies that
	// the environment names.
	Transport http.RoundTripper
}

// Run visits the sources until ctx is done or Count ticks have passed, and
// yields the records of each visit: a [record.Scrape], then a [record.GPU] for
// each GPU and instance of a page that is not a repeat. All of a page come
// together. A [record.Note] tells what is worth telling: a source that cannot
// be reached, once, and once that it is back; GPUs that are gone; an exporter
// that refreshes more seldom than it is asked. Headers are left to the writer.
//
// When ctx is done Run takes closing readings: it goes on visiting each source
// that answers, until every GPU has shown a new value or Settle has passed, so
// that what happened before can be bracketed by readings. Leaving the range
// loop ends everything at once. Failures to visit are records, not errors.
func Run(ctx context.Context, c Config) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if err := c.complete(); err != nil {
			yield(nil, err)
			return
		}
		if c.Transport == nil {
			t := newTransport(len(c.Sources))
			defer t.CloseIdleConnections()
			c.Transport = t
		}
		c.run(ctx, yield)
	}
}

func (c *Config) complete() error {
	if c.Interval == 0 {
		c.Interval = DefaultInterval
	}
	if c.Timeout == 0 {
		c.Timeout = max(DefaultTimeout, c.Interval)
	}
	if c.MaxPage == 0 {
		c.MaxPage = DefaultMaxPage
	}
	if c.Clock == (record.Clock{}) {
		c.Clock = record.StartClock()
	}
	switch {
	case len(c.Sources) == 0:
		return errors.New("no source to visit")
	case c.Interval < 0 || c.Timeout < 0 || c.Settle < 0 || c.Count < 0 || c.MaxPage < 0:
		return errors.New("a negative interval, timeout, settling time, count or page size")
	}
	return nil
}

// leastGrace is how long a visit may still take that is under way when the
// settling time is over.
const leastGrace = time.Second

func (c *Config) run(ctx context.Context, yield func(record.Record, error) bool) {
	// Three ends: of the cadence, of visits, and of everything.
	quit, leave := context.WithCancel(context.WithoutCancel(ctx))
	work, abort := context.WithCancelCause(quit)
	defer abort(nil)
	stop, halt := context.WithCancel(ctx)
	defer halt()

	var loops, others sync.WaitGroup
	defer others.Wait()
	defer halt()
	defer leave() // first, so that whoever sees the halt knows that there is no settling
	out := make(chan []record.Record)
	client := newClient(c.Transport)
	start := time.Now()
	for _, source := range c.Sources {
		l := newLoop(c, source, client, start)
		l.emit = func(batch []record.Record) {
			select {
			case out <- batch:
			case <-quit.Done():
			}
		}
		loops.Go(func() { l.run(stop, work) })
	}
	others.Go(func() {
		defer close(out)
		loops.Wait()
	})
	others.Go(func() {
		select {
		case <-ctx.Done():
		case <-quit.Done():
			return
		}
		if sleep(quit, c.Settle+leastGrace) {
			abort(errStopping)
		}
	})
	for batch := range out {
		for _, rec := range batch {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// sleep is false if ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
