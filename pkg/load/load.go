// Package load sends requests on schedule, bounds what is in flight and reports
// each request once.
package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// pending is how many records may wait for the consumer before requests wait
// for it too.
const pending = 1 << 14

// A FailedError says that the share of failed requests passed the limit.
type FailedError struct {
	Failed, Total int
	Limit         float64
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("%d of %d requests failed, more than the share of %g that is allowed", e.Failed, e.Total, e.Limit)
}

// Run carries out a plan and yields phase edges, begins, requests and notes as
// they happen; the yielded records are the caller's. When ctx is cancelled no
// more requests are sent, and those in flight are awaited. Leaving the loop
// breaks those off and waits for them. An error is the last thing yielded and
// means that the plan cannot be carried out, or is a [*FailedError].
func Run(ctx context.Context, p Plan) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		flight, abandon := context.WithCancelCause(context.WithoutCancel(ctx))
		defer abandon(nil)
		r := &run{Plan: p, stop: ctx, flight: flight, out: make(chan record.Record, pending)}
		var err error
		if r.clients, err = newClients(p); err != nil {
			yield(nil, err)
			return
		}
		defer r.close()
		r.uncounted = make(chan *exchange, pending)
		go r.phases()
		for rec := range r.out {
			if !yield(rec, nil) {
				abandon(errors.New("the run was broken off"))
				for range r.out {
				}
				return
			}
		}
		if r.err != nil {
			yield(nil, r.err)
		}
	}
}

type run struct {
	Plan
	clients []*client
	stop    context.Context // no more requests
	flight  context.Context // nor those in flight
	out     chan record.Record

	held      atomic.Int64   // bytes of unfinished events of all streams
	uncounted chan *exchange // answers whose tokens are still to be counted
	toCount   sync.WaitGroup // how many they are
	counting  sync.WaitGroup

	waited atomic.Int64 // nanoseconds that requests have waited for out
	counts mismatches
	failed sync.Once
	err    error // read when out is closed
}

func (r *run) close() {
	for _, c := range r.clients {
		c.close()
	}
}

// fail keeps the first error that ends the run.
func (r *run) fail(err error) { r.failed.Do(func() { r.err = err }) }

// emit hands a record on. It waits when the consumer is far behind, and says so.
func (r *run) emit(rec record.Record) {
	select {
	case r.out <- rec:
		return
	default:
	}
	began := time.Now()
	r.out <- rec
	r.waited.Add(int64(time.Since(began)))
}

func (r *run) tell(level, code, format string, a ...any) {
	r.emit(&record.Note{Run: r.Run, Level: level, Code: code, Message: fmt.Sprintf(format, a...)})
}

func (r *run) phases() {
	defer close(r.out)
	if r.Count != nil {
		r.counting.Go(r.count)
	}
	for _, ph := range r.Plan.Phases {
		s := newStage(r, ph)
		if !s.await(ph.StartAt) || r.err != nil {
			break
		}
		r.emit(&record.Phase{Run: r.Run, Phase: ph.Name, Event: "begin"})
		s.carryOut()
		r.toCount.Wait()
		r.emit(&record.Phase{Run: r.Run, Phase: ph.Name, Event: "end"})
	}
	close(r.uncounted)
	r.counting.Wait()
	r.counts.tell(r)
	if w := time.Duration(r.waited.Load()); w > 0 {
		r.emit(&record.Note{Run: r.Run, Level: record.Warning, Code: "output-wait", Seconds: new(w.Seconds()),
			Message: fmt.Sprintf("the reader of the records was so slow that requests waited %v for it", w.Round(time.Millisecond))})
	}
}

// A stage is a phase that is being carried out.
type stage struct {
	*run
	Phase
	issue  context.Context // what has been taken may be sent
	halt   context.CancelFunc
	open   context.Context // more may be taken
	enough context.CancelFunc
	flight context.Context // requests may be under way
	began  time.Time
	left   atomic.Int64 // requests that may still be sent
	unsent int          // that were due, and waited for room when the phase stopped
	sent   atomic.Int64
	bad    atomic.Int64
	over   atomic.Int64

	feed    chan prompt.Conversation
	dry     atomic.Bool // the conversations ended by themselves
	starved atomic.Bool // and one more was asked for
	slots   *limiter
	prefill *limiter
	follow  chan chan time.Time // later turns that ask for an arrival
	wg      sync.WaitGroup      // conversations under way
}

func newStage(r *run, ph Phase) *stage {
	s := &stage{run: r, Phase: ph, flight: r.flight}
	s.feed = make(chan prompt.Conversation, ahead)
	s.issue, s.halt = context.WithCancel(r.stop)
	s.open, s.enough = context.WithCancel(s.issue)
	s.left.Store(int64(r.Shard.Share(ph.Requests)))
	switch {
	case ph.Requests == 0:
		s.left.Store(1 << 62)
	case s.left.Load() == 0: // there are more shards than requests
		s.enough()
	}
	return s
}

// await waits for the instant at which the phase is to begin.
func (s *stage) await(t time.Time) bool {
	return pause(s.issue, time.Until(t)) && s.run.flight.Err() == nil
}

// errGrace is the cause of breaking off what is not over in time.
var errGrace = errors.New("the benchmark's duration and its grace period were over")

// carryOut sends the requests of the phase and waits for them.
func (s *stage) carryOut() {
	defer s.halt()
	flight, breakOff := context.WithCancelCause(s.run.flight)
	defer breakOff(nil)
	s.flight = flight
	s.began = time.Now()
	if s.Duration > 0 {
		end := time.AfterFunc(s.Duration, s.halt)
		defer end.Stop()
		if s.Grace >= 0 {
			late := time.AfterFunc(s.Duration+s.Grace, func() { breakOff(errGrace) })
			defer late.Stop()
		}
	}
	var helpers sync.WaitGroup
	s.slots = newLimiter(s.open, &helpers, s.Shard.Share(s.Concurrency), s.ConcurrencyRamp)
	s.prefill = newLimiter(s.issue, &helpers, s.Shard.Share(s.Prefill), s.PrefillRamp)
	s.follow = make(chan chan time.Time)
	helpers.Go(s.fill)
	switch {
	case s.Users > 0:
		s.users()
	case s.Scheduled:
		s.scheduled()
	case s.Arrivals != nil:
		s.paced()
	default:
		s.closed()
	}
	s.wg.Wait()
	if s.unsent > 0 {
		s.tell(record.Warning, "unsent", "%d requests were due before the %s phase stopped and still waited for room: they were never sent, and are in no figure",
			s.unsent, s.Name)
	}
	s.judge(s.bad.Load(), s.over.Load(), fewest) // there may have been fewer than are under way at most
	s.halt()
	helpers.Wait()
	if s.starved.Load() && s.Requests > 0 && s.left.Load() > 0 && s.stop.Err() == nil {
		s.fail(fmt.Errorf("the prompts ended after %d of the %d requests of the %s phase", s.sent.Load(), s.Shard.Share(s.Requests), s.Name))
	}
}

// take takes one of the requests that may still be sent.
func (s *stage) take() bool {
	if s.open.Err() != nil || s.flight.Err() != nil {
		return false
	}
	left := s.left.Add(-1)
	if left <= 0 { // at once: the next conversation may never come
		s.enough()
	}
	if left < 0 {
		s.left.Add(1)
		return false
	}
	s.sent.Add(1)
	return true
}

// finished hands on the record of a request that is over, counts it, and ends
// the run if too many failed.
func (s *stage) finished(x *exchange) {
	rec := x.rec
	if s.Count != nil && x.countable() {
		s.toCount.Add(1)
		s.uncounted <- x
	} else {
		s.emit(rec)
	}
	total := s.over.Add(1)
	bad := s.bad.Load()
	if rec.Error != nil && rec.Error.Class != record.ClassCancelled {
		bad = s.bad.Add(1)
	}
	s.judge(bad, total, max(s.Concurrency, fewest))
}

// fewest is how many requests have a share of which can be spoken.
const fewest = 10

// judge ends the run if, of at least so many requests, too many have failed.
func (s *stage) judge(bad, total int64, least int) {
	if s.FailedLimit != nil && total >= int64(least) && float64(bad) > *s.FailedLimit*float64(total) {
		s.fail(&FailedError{int(bad), int(total), *s.FailedLimit})
		s.halt()
	}
}
