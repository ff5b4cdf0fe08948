package scrape

import (
	"slices"
	"time"
)

// A refresh observes how often a source shows something new.
type refresh struct {
	last   time.Time       // of the newest page
	gaps   []time.Duration // between new pages, the latest few
	next   int
	visits int // since the first page
	new    int
}

// keep bounds what is remembered: the median follows an exporter that changes.
const keep = 65

// add takes a visit that gave a page.
func (r *refresh) add(t time.Time, isNew bool) {
	r.visits++
	if !isNew {
		return
	}
	r.new++
	if !r.last.IsZero() {
		if gap := t.Sub(r.last); len(r.gaps) < keep {
			r.gaps = append(r.gaps, gap)
		} else {
			r.gaps[r.next%keep] = gap
			r.next++
		}
	}
	r.last = t
}

// interrupt says that pages were missed: the next gap means nothing.
func (r *refresh) interrupt() { r.last = time.Time{} }

// median is the median time between new pages, to the length of the visiting
// interval; false if there were fewer than two.
func (r *refresh) median() (time.Duration, bool) {
	if len(r.gaps) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(r.gaps))
	return sorted[len(sorted)/2], true
}
