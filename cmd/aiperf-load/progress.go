package main

import (
	"fmt"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/record"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// A bar shows on a terminal how far the run has come. Nil shows nothing.
type bar struct {
	w        progress.Writer
	trackers map[string]*progress.Tracker
	done     chan struct{}
}

func newProgress(env *cli.Env, o *options, plan load.Plan) *bar {
	width, ok := cli.Terminal(env.Stderr)
	if !ok || o.quiet || o.noProgress || o.verbose {
		return nil
	}
	w := progress.NewWriter()
	w.SetOutputWriter(env.Stderr)
	w.SetAutoStop(false)
	w.SetUpdateFrequency(200 * time.Millisecond)
	w.SetTrackerLength(max(5, min(40, width-74))) // what is left of the line, which must not wrap
	w.SetMessageLength(24)
	w.SetTrackerPosition(progress.PositionRight)
	w.Style().Visibility.ETA = true
	w.Style().Visibility.Speed = true
	w.Style().Visibility.Value = true
	w.Style().Options.TimeInProgressPrecision = time.Second
	w.Style().Options.SpeedSuffix = "/s"
	b := &bar{w: w, trackers: map[string]*progress.Tracker{}, done: make(chan struct{})}
	for _, ph := range plan.Phases {
		b.trackers[ph.Name] = &progress.Tracker{Message: ph.Name, Total: int64(total(ph, plan.Shard)), Units: progress.UnitsDefault, DeferStart: true}
	}
	go func() {
		defer close(b.done)
		w.Render()
	}()
	return b
}

func (b *bar) show(rec record.Record, t *tally) {
	if b == nil {
		return
	}
	switch r := rec.(type) {
	case *record.Phase:
		tracker := b.trackers[r.Phase]
		if r.Event == "begin" {
			tracker.Start()
			b.w.AppendTracker(tracker)
		} else if !tracker.IsDone() {
			tracker.MarkAsDone()
		}
	case *record.Request:
		tracker := b.trackers[r.Phase]
		if failed := t.sent - t.ok; failed > 0 && r.Phase == record.Profiling {
			tracker.UpdateMessage(fmt.Sprintf("%s, errors: %d", r.Phase, failed))
		}
		tracker.Increment(1)
	}
}

func (b *bar) stop() {
	if b == nil {
		return
	}
	b.w.Stop()
	<-b.done
}

// total is how many requests a phase has, as far as one can say.
func total(ph load.Phase, s load.Shard) int {
	n := ph.Requests
	if n == 0 {
		n = ph.Sessions
	}
	return s.Share(n)
}
