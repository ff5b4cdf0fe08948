package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"
)

// A tally counts what was written.
type tally struct {
	began                                                  time.Time
	scrapes, repeats, failures, rejected, readings, series int64
	servers                                                int64
	gpus                                                   map[[4]string]bool
	costs                                                  scrape.Costs
}

func newTally() *tally { return &tally{began: time.Now(), gpus: map[[4]string]bool{}} }

func (t *tally) add(rec record.Record) {
	t.costs.Add(rec)
	switch r := rec.(type) {
	case *record.Scrape:
		t.scrapes++
		t.rejected += int64(r.Rejected)
		if r.Repeat {
			t.repeats++
		}
		if r.Error != "" {
			t.failures++
		}
	case *record.GPU:
		t.readings++
		t.gpus[identity(r)] = true
	case *record.Server:
		t.servers++
		t.series += int64(len(r.Series))
	}
}

// identity is the same for a GPU that is seen through two sources, if it has a
// UUID.
func identity(g *record.GPU) [4]string {
	if g.UUID != "" {
		return [4]string{g.UUID, g.MIG}
	}
	index := ""
	if g.GPU != nil {
		index = fmt.Sprint(*g.GPU)
	}
	return [4]string{"", g.MIG, g.Source + " " + g.Host, index}
}

// verdict is an error if no source ever answered.
func (t *tally) verdict() error {
	if t.failures < t.scrapes {
		return nil
	}
	const few = 10
	var names []string
	for _, s := range t.costs.Sources() {
		names = append(names, s.Source)
	}
	if n := len(names); n > few {
		names = append(names[:few], fmt.Sprintf("and %d more", n-few))
	}
	if len(names) == 0 {
		return errors.New("interrupted before a source was visited")
	}
	return cli.Hint(fmt.Errorf("no source answered with a page of metrics: %s", strings.Join(slices.Sorted(slices.Values(names)), ", ")),
		"is dcgm-exporter running? On a GPU node: docker run -d --gpus all --cap-add SYS_ADMIN -p 9400:9400 IMAGE; elsewhere name its URL: aiperf-scrape NODE:9400")
}

func (t *tally) end(run string, interrupted bool, err error) *record.End {
	e := &record.End{Run: run, Reason: record.Complete, Counts: map[string]int64{
		"scrapes": t.scrapes, "repeats": t.repeats, "failures": t.failures, "rejected": t.rejected,
		"readings": t.readings, "gpus": int64(len(t.gpus)),
	}, Sources: t.costs.Sources(), Process: process(t.began)}
	if e.Process != nil {
		e.Process.LateP99 = t.costs.LateP99()
	}
	if t.servers > 0 {
		e.Counts["servers"], e.Counts["series"] = t.servers, t.series
	}
	switch {
	case interrupted && t.scrapes == 0:
		e.Reason = record.Interrupted // before anything could fail
	case err != nil && !cli.IsVerdict(err):
		e.Reason = record.Failed
	case interrupted:
		e.Reason = record.Interrupted
	}
	return e
}
