package promhist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// leastWindow is the smallest that is asked for: a scrape is seldom shorter.
const leastWindow = int64(1000)

// tries bounds how often a request is sent that fails for a reason that may
// pass.
const tries = 6

// longer is how many times as long as usual a window may become where there is
// nothing.
const longer = 12

// read goes through the time from window to window. One that is too much is
// halved; after some that are not it is doubled again.
func (r *reader) read(ctx context.Context, yield func(record.Record, error) bool) error {
	from, end := ceilMS(r.Since), floorMS(r.Until)+1
	most := r.Window.Milliseconds()
	size, calm := most, 0
	for from < end {
		to := min(from+size, end)
		w, err := r.window(ctx, from, to)
		if isTooMuch(err) && to-from > leastWindow {
			part := int64(2)
			if errors.Is(err, errSlow) {
				part = 8 // each attempt costs the whole timeout
			}
			size, calm = max((to-from)/part, leastWindow), 0
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s from %v to %v: %w", r.name, atMS(from), atMS(to-1), err)
		}
		if err := r.pages(w, yield); err != nil {
			return err
		}
		r.forget(to)
		from = to
		if calm++; w.samples == 0 {
			size = min(2*size, longer*most)
		} else if calm >= 4 || size > most {
			size, calm = min(2*size, most), 0
		}
	}
	return r.farewell(yield)
}

// remembered is how long a target may have no page, in milliseconds, before it is
// taken for a new one: pods come and go.
const remembered = 3_600_000

// forget drops what is known of targets and GPUs that are gone.
func (r *reader) forget(now int64) {
	for k, t := range r.targets {
		if now-t.at > remembered {
			delete(r.targets, k)
		}
	}
	for k, s := range r.replicas.gpus {
		if now-s.at > remembered {
			delete(r.replicas.gpus, k)
		}
	}
}

func ceilMS(t record.Time) int64  { return -floorMS(-t) }
func floorMS(t record.Time) int64 { return t.Time().UnixMilli() }

func atMS(ms int64) record.Time { return record.Time(ms * 1e6) }

// A window is what the server has of all series between two instants.
type window struct {
	targets map[targetKey]*held
	samples int
	seen    map[string]bool // series, if several selectors may match one
}

// held are the series of one target in a window.
type held struct {
	series    []series
	labels    map[string]string // of the target itself, nil if they are not known
	durations map[int64]float64 // seconds, of the scrape at a time
}

// window asks for everything in from ≤ time < to.
func (r *reader) window(ctx context.Context, from, to int64) (*window, error) {
	var w *window
	fill := func() error {
		w = &window{targets: map[targetKey]*held{}}
		if len(r.selectors) > 1 {
			w.seen = map[string]bool{}
		}
		for _, s := range r.selectors {
			warnings, err := r.raw(ctx, s, from, to, r.MaxSamples-w.samples, w.add)
			if err != nil {
				return err
			}
			r.warn(warnings)
		}
		return r.durations(ctx, w, from, to)
	}
	if err := r.again(ctx, to-from > leastWindow, fill); err != nil {
		return nil, err
	}
	return w, r.learn(ctx, w)
}

func (w *window) add(s series) error {
	if w.seen != nil {
		k := fmt.Sprint(s.labels) // maps are printed in the order of their keys
		if w.seen[k] {
			return nil
		}
		w.seen[k] = true
	}
	w.samples += len(s.points)
	k := keyOf(s.labels)
	h := w.targets[k]
	if h == nil {
		h = &held{durations: map[int64]float64{}}
		w.targets[k] = h
	}
	h.series = append(h.series, s)
	return nil
}

// durations asks how long the scrapes of the targets took.
func (r *reader) durations(ctx context.Context, w *window, from, to int64) error {
	const most = 200 // instances in a query
	for chunk := range w.instances(most) {
		take := func(s series) error {
			h := w.targets[keyOf(s.labels)]
			if h == nil {
				return nil
			}
			h.labels = s.labels
			for _, p := range s.points {
				h.durations[p.ms] = p.value
			}
			return nil
		}
		selector := "scrape_duration_seconds{instance=~" + strconv.Quote(strings.Join(chunk, "|")) + "}"
		if _, err := r.raw(ctx, selector, from, to, r.MaxSamples, take); err != nil {
			return err
		}
	}
	return nil
}

// mostHelps bounds the families whose HELP is asked for; no exporter has as many.
const mostHelps = 1000

// learn asks for the HELP of families that are new.
func (r *reader) learn(ctx context.Context, w *window) error {
	for _, h := range w.targets {
		for _, s := range h.series {
			name := s.labels["__name__"]
			if _, ok := r.helps[name]; ok || name == "" || r.noHelp || len(r.helps) == mostHelps {
				continue
			}
			var help string
			err := r.again(ctx, false, func() (err error) {
				help, err = r.help(ctx, name)
				return err
			})
			if ctx.Err() != nil {
				return err
			}
			if err != nil {
				// Not worth the readings: most fields have their unit by name.
				r.noHelp = true
				r.note(NoHelp, record.Info, NoHelp, "the server gives no metadata ("+err.Error()+"): a field whose unit its name leaves open keeps its own name and raw value")
			}
			r.helps[name] = help
		}
	}
	return nil
}

// again calls f until it succeeds, fails for good, or has been tried often
// enough. What a smaller window cures is not tried again if split is set.
func (r *reader) again(ctx context.Context, split bool, f func() error) error {
	pause := 250 * time.Millisecond
	for n := 1; ; n++ {
		err := f()
		if err == nil || n == tries || split && isTooMuch(err) || !mayPass(err) || ctx.Err() != nil {
			return err
		}
		wait := pause
		var s *ServerError
		if errors.As(err, &s) && s.After > 0 {
			wait = s.After
		}
		pause *= 2
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		}
	}
}

// isTooMuch tells whether err may be cured by asking for less at once.
func isTooMuch(err error) bool {
	var s *ServerError
	return errors.Is(err, errTooMuch) || errors.Is(err, errSlow) || errors.As(err, &s) && s.tooMuch()
}

// mayPass tells whether the same request may succeed later.
func mayPass(err error) bool {
	var s *ServerError
	if errors.As(err, &s) {
		return s.mayPass()
	}
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

func (r *reader) warn(words []string) {
	for _, w := range words {
		r.note(ServerWarning+w, record.Warning, ServerWarning, "the server says: "+excerptOf(w, 300))
	}
}
