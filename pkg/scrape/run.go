package scrape

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"path"
	"sync"
	"time"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"
)

// Defaults of [Config].
const (
	DefaultInterval       = 333 * time.Millisecond
	DefaultTimeout        = 5 * time.Second
	DefaultMaxPage        = 16 << 20
	DefaultMaxConcurrency = 256
	DefaultTargetsEvery   = 5 * time.Second
)

// A Config says what to visit, and how.
type Config struct {
	Sources  []Source
	Interval time.Duration // between visits of a source; 0: DefaultInterval
	Count    int           // ticks; 0: until the context is done
	Timeout  time.Duration // of one visit; 0: DefaultTimeout, or Interval if that is longer
	Settle   time.Duration // at most so long after the context is done
	MaxPage  int64         // bytes of a page, also when it is unpacked; 0: DefaultMaxPage
	// Spread is how far apart sources begin: each at an instant of its own, which
	// its name alone decides, within Spread times the number of sources, and
	// within Interval. 0: all at once.
	Spread         time.Duration
	MaxConcurrency int // visits under way at once; 0: DefaultMaxConcurrency

	// Targets, if it is not nil, gives sources that come and go, beside Sources.
	// It is called before the first visit, when an error is that of the run, and
	// then every TargetsEvery, when an error is told and the sources stay as they
	// were. changed is false if nothing is new.
	Targets      func() (list []Source, changed bool, err error)
	TargetsEvery time.Duration // 0: DefaultTargetsEvery

	KeepRepeats bool         // give readings that say what those before them said
	GPUOnly     bool         // take no page for that of an inference server
	Select      *dcgm.Select // which fields of GPUs are read; nil: all
	Match       []string     // globs of the names of series; none: by the kind of server

	// Clock makes Times of instants.
	Clock record.Clock
	// Header is sent to every source that is not optional.
	Header http.Header
	// Authorize gives the value of the header Authorization, for every visit
	// anew, to those sources that have no credentials in their URLs.
	Authorize func() (string, error)
	// TLS says whom to trust and what to show; nil: the system's roots.
	TLS *tls.Config
	// NoCompression asks no source to compress its pages. Sources on this machine
	// are never asked.
	NoCompression bool
	// Transport does the requests; nil: one of its own, with TLS and the proxies
	// that the environment names.
	Transport http.RoundTripper

	wall func() time.Time // the wall clock, for tests; nil: time.Now
}

// Run visits the sources until ctx is done or Count ticks have passed, and
// yields the records of each visit: a [record.Scrape], then a [record.GPU] for
// each GPU and instance of a page, or a [record.Server], unless it is a repeat.
// All of a page come together. A [record.Note] tells what is worth telling: a
// source that cannot be reached, once, and once that it is back; GPUs that are
// gone, or seen twice; an exporter that refreshes more seldom than it is asked; a
// step of the wall clock. Headers are left to the writer.
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
			t := newTransport(c.TLS)
			defer t.CloseIdleConnections()
			c.Transport = t
		}
		var targets []Source
		if c.Targets != nil {
			var err error
			if targets, _, err = c.Targets(); err != nil {
				yield(nil, err)
				return
			}
		}
		newRunner(&c).run(ctx, targets, yield)
	}
}

func (c *Config) complete() error {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&c.Interval, DefaultInterval)
	set(&c.Timeout, max(DefaultTimeout, c.Interval))
	set(&c.TargetsEvery, DefaultTargetsEvery)
	if c.MaxPage == 0 {
		c.MaxPage = DefaultMaxPage
	}
	if c.MaxConcurrency == 0 {
		c.MaxConcurrency = DefaultMaxConcurrency
	}
	if c.Clock == (record.Clock{}) {
		c.Clock = record.StartClock()
	}
	if c.wall == nil {
		c.wall = time.Now
	}
	for _, glob := range c.Match {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", glob, err)
		}
	}
	switch {
	case len(c.Sources) == 0 && c.Targets == nil:
		return errors.New("no source to visit")
	case c.Interval < 0 || c.Timeout < 0 || c.Settle < 0 || c.Count < 0 || c.MaxPage < 0 || c.MaxConcurrency < 0 || c.TargetsEvery < 0:
		return errors.New("a negative interval, timeout, settling time, count, page size or concurrency")
	}
	return nil
}

// leastGrace is how long a visit may still take that is under way when the
// settling time is over.
const leastGrace = time.Second

// A runner is a run under way.
type runner struct {
	*Config
	client *http.Client
	start  time.Time
	slots  chan struct{} // one for each visit that may be under way
	seen   sightings

	// Three ends: of the cadence, of visits, and of everything.
	stop, work, quit context.Context

	loops sync.WaitGroup
	out   chan []record.Record
}

func newRunner(c *Config) *runner {
	return &runner{
		Config: c, client: newClient(c.Transport), start: time.Now(),
		slots: make(chan struct{}, c.MaxConcurrency), out: make(chan []record.Record),
	}
}

func (r *runner) run(ctx context.Context, targets []Source, yield func(record.Record, error) bool) {
	quit, leave := context.WithCancel(context.WithoutCancel(ctx))
	work, abort := context.WithCancelCause(quit)
	defer abort(nil)
	stop, halt := context.WithCancel(ctx)
	defer halt()
	r.stop, r.work, r.quit = stop, work, quit

	var others sync.WaitGroup
	defer others.Wait()
	defer halt()
	defer leave() // first, so that whoever sees the halt knows that there is no settling
	flock := r.begin(targets)
	if r.Targets != nil {
		r.loops.Go(func() { flock.follow() })
	}
	others.Go(func() {
		defer close(r.out)
		r.loops.Wait()
	})
	others.Go(func() {
		select {
		case <-ctx.Done():
		case <-quit.Done():
			return
		}
		if sleep(quit, r.Settle+leastGrace) {
			abort(errStopping)
		}
	})
	steps := newSteps(r.wall)
	for batch := range r.out {
		if n := steps.check(); n != nil {
			batch = append(batch, n)
		}
		for _, rec := range batch {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// emit gives records to whoever ranges over the run.
func (r *runner) emit(batch []record.Record) {
	select {
	case r.out <- batch:
	case <-r.quit.Done():
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
