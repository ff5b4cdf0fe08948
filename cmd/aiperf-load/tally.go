package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/record"
)

// A tally counts finished requests of the profiling phase.
type tally struct {
	sent, ok, warmups int64
	classes           map[string]int64
	reasons           map[string]int64 // messages of failed requests
	waited            time.Duration    // of requests for the reader of the records
	starved           bool             // of descriptors or ports
	warnings          []string         // of notes, few by nature
	badRow            string           // of a dataset, the first that was told
	health            *record.Health
}

func newTally() *tally {
	return &tally{classes: map[string]int64{}, reasons: map[string]int64{}}
}

// mostReasons bounds how many messages are told apart.
const mostReasons = 1000

func (t *tally) add(rec record.Record) {
	r, ok := rec.(*record.Request)
	switch {
	case !ok:
		if n, ok := rec.(*record.Note); ok {
			t.note(n)
		}
		return
	case r.Phase != record.Profiling:
		t.warmups++
	case r.Error == nil:
		t.sent++
		t.ok++
	default:
		t.sent++
		t.classes[r.Error.Class]++
		if _, known := t.reasons[r.Error.Message]; known || len(t.reasons) < mostReasons {
			t.reasons[r.Error.Message]++
		}
	}
	if r.Error != nil && r.Error.Class == record.ClassConnect &&
		(strings.Contains(r.Error.Message, "too many open files") || strings.Contains(r.Error.Message, "cannot assign requested address")) {
		t.starved = true
	}
}

func (t *tally) note(n *record.Note) {
	switch {
	case n.Code == "output-wait" && n.Seconds != nil:
		t.waited += time.Duration(*n.Seconds * 1e9)
	case n.Code == "bad-row" && t.badRow == "":
		t.badRow = n.Message
	}
	if n.Level == record.Warning {
		t.warnings = append(t.warnings, n.Message)
	}
}

// verdict is an error if nothing succeeded, or if the client had to be healthy
// and was not.
func (t *tally) verdict(o *options) error {
	if t.ok == 0 && t.sent > 0 {
		worst, n := t.worst()
		return fmt.Errorf("not one of %d requests succeeded; most often (%d): %s", t.sent, n, worst)
	}
	switch {
	case t.sent == 0 && o.shard.shard != "": // a shard may have nothing to do
	case t.sent == 0 && t.badRow != "":
		return fmt.Errorf("no request was sent: %s", t.badRow)
	case t.sent == 0:
		return errors.New("no request was sent")
	}
	if failed := t.sent - t.ok; failed > 0 && !o.quiet {
		worst, n := t.worst()
		o.env.Warnf("%d of %d requests failed; most often (%d): %s", failed, t.sent, n, worst)
	}
	if t.health.Verdict == record.Healthy {
		return nil
	}
	text := healthNote("", t.health).Message
	switch {
	case o.requireHealthy:
		return cli.Verdictf("%s", text)
	case !o.quiet:
		o.env.Warnf("%s", text)
	}
	return nil
}

// worst is the most frequent reason of a failure.
func (t *tally) worst() (string, int64) {
	worst := slices.MaxFunc(slices.Sorted(maps.Keys(t.reasons)), func(a, b string) int {
		return int(t.reasons[a] - t.reasons[b])
	})
	return worst, t.reasons[worst]
}

func (t *tally) end(run string, interrupted bool, err error) *record.End {
	e := &record.End{Run: run, Reason: record.Complete, Health: t.health, Counts: map[string]int64{
		"requests": t.sent, "succeeded": t.ok, "failed": t.sent - t.ok, "warmup": t.warmups,
	}}
	for class, n := range t.classes {
		e.Counts["failed_"+class] = n
	}
	var tooMany *load.FailedError
	switch {
	case interrupted && t.sent == 0:
		e.Reason = record.Interrupted // whatever it was doing
	case err != nil && (!cli.IsVerdict(err) || errors.As(err, &tooMany)):
		e.Reason = record.Failed
	case interrupted:
		e.Reason = record.Interrupted
	}
	return e
}
