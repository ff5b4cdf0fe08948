// Package load sends requests on schedule, bounds what is in flight and reports
// each request once.
package load

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"sync"

	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// A Phase is one stretch of a run. The next one begins when all its requests
// are over.
type Phase struct {
	Name        string // [record.Warmup] or [record.Profiling]
	Requests    int    // how many are sent
	Concurrency int    // how many are in flight at most; each is sent as soon as there is room
}

// A Plan is a whole run.
type Plan struct {
	Run     string // its id, for records and request headers
	Clock   record.Clock
	Target  Target
	Phases  []Phase
	Prompts iter.Seq[prompt.Prompt] // each phase begins at its beginning
}

// pending is how many records may wait for the consumer before requests wait
// for it too.
const pending = 1 << 16

// Run carries out a plan and yields phase edges, begins and requests as they
// happen; the yielded records are the caller's. When ctx is cancelled no more
// requests are sent, and those in flight are awaited. Leaving the loop breaks
// those off and waits for them. An error is the last thing yielded and means
// that the plan cannot be carried out.
func Run(ctx context.Context, p Plan) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		most := 0
		for _, ph := range p.Phases {
			most = max(most, min(ph.Concurrency, ph.Requests))
		}
		c, err := newClient(p.Target, p.Clock, most)
		if err != nil {
			yield(nil, err)
			return
		}
		defer c.close()
		flight, abandon := context.WithCancel(context.WithoutCancel(ctx))
		defer abandon()
		r := &run{Plan: p, client: c, stop: ctx, flight: flight, out: make(chan record.Record, pending)}
		go r.phases()
		for rec := range r.out {
			if !yield(rec, nil) {
				r.leave(abandon)
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
	*client
	stop   context.Context // no more requests
	flight context.Context // nor those in flight
	out    chan record.Record
	next   int   // number of the next request
	err    error // read when out is closed
}

// leave breaks everything off and waits for it.
func (r *run) leave(abandon func()) {
	abandon()
	for range r.out {
	}
}

func (r *run) phases() {
	defer close(r.out)
	for _, ph := range r.Plan.Phases {
		if r.stop.Err() != nil || r.flight.Err() != nil || r.err != nil {
			return
		}
		r.out <- &record.Phase{Run: r.Run, Phase: ph.Name, Event: "begin"}
		r.phase(ph)
		r.out <- &record.Phase{Run: r.Run, Phase: ph.Name, Event: "end"}
	}
}

// phase sends the requests of one phase and waits for them.
func (r *run) phase(ph Phase) {
	var wg sync.WaitGroup
	defer wg.Wait()
	jobs := make(chan job) // not buffered: one job is made ahead of the workers
	defer close(jobs)
	for range min(ph.Concurrency, ph.Requests) {
		wg.Go(func() {
			for j := range jobs {
				r.send(j)
			}
		})
	}
	sent := 0
	for q := range r.Prompts {
		body, err := r.Endpoint.Body(q, r.Options)
		if err != nil {
			r.err = fmt.Errorf("make the request for conversation %s: %w", q.Conversation, err)
			return
		}
		j := job{id: strconv.Itoa(r.next), phase: ph.Name, prompt: q, body: body}
		select {
		case jobs <- j:
			sent++
			r.next++
		case <-r.stop.Done():
			return
		case <-r.flight.Done():
			return
		}
		if sent == ph.Requests || r.stop.Err() != nil { // a select with two open ways takes any
			return
		}
	}
	r.err = fmt.Errorf("the prompts ended after %d of the %d requests of the %s phase", sent, ph.Requests, ph.Name)
}

func (r *run) send(j job) {
	r.out <- r.do(r.flight, r.Run, j, func(start record.Time) {
		r.out <- &record.Begin{Run: r.Run, ID: j.id, Phase: j.phase, Start: start}
	})
}
