package scrape

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// errRemoved is why the visits of a source end that is on the list no more.
var errRemoved = errors.New("removed")

// A flock are the sources of a run, which come and go.
type flock struct {
	*runner
	fixed map[string]bool // those that stay
	live  map[string]bird // the others
	told  string          // the error that was told last
}

type bird struct {
	source Source
	end    context.CancelCauseFunc
}

// begin begins to visit the sources that stay, and the first of the others.
func (r *runner) begin(targets []Source) *flock {
	f := &flock{runner: r, fixed: map[string]bool{}, live: map[string]bird{}}
	all := len(r.Sources) + len(targets)
	for _, s := range unique(slices.Clone(r.Sources)) {
		f.fixed[s.Name] = true
		r.visit(r.stop, r.loop(s, all))
	}
	for _, s := range unique(slices.Clone(targets)) {
		f.add(s, r.loop(s, all))
	}
	return f
}

// loop makes the loop of one source of so many.
func (r *runner) loop(s Source, all int) *loop {
	return newLoop(r, s, r.start.Add(r.offset(s.Name, all)))
}

// visit begins to visit a source.
func (r *runner) visit(stop context.Context, l *loop) { r.loops.Go(func() { l.run(stop) }) }

// offset is when a source's ticks are, beside those of the run.
func (r *runner) offset(name string, all int) time.Duration {
	width := r.Interval
	if r.Spread <= r.Interval/time.Duration(max(all, 1)) {
		width = r.Spread * time.Duration(all)
	}
	if width <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	// The upper bits of the product of a fraction and the width. FNV's own upper
	// bits hardly depend on the last bytes, in which names differ.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return time.Duration(float64(x>>11) / (1 << 53) * float64(width))
}

// add begins to visit a source of the list, unless it is one that stays.
func (f *flock) add(s Source, l *loop) {
	if f.fixed[s.Name] {
		return
	}
	stop, end := context.WithCancelCause(f.stop)
	f.live[s.Name] = bird{s, end}
	f.visit(stop, l)
}

func (f *flock) remove(name string) {
	f.live[name].end(errRemoved)
	delete(f.live, name)
	f.seen.forget(name)
}

// follow follows the list until the run stops.
func (f *flock) follow() {
	for {
		wait := f.TargetsEvery
		if f.Count > 0 {
			end := f.start.Add(time.Duration(f.Count-1) * f.Interval)
			if wait = min(wait, time.Until(end)); wait <= 0 {
				return
			}
		}
		if !sleep(f.stop, wait) {
			return
		}
		list, changed, err := f.Targets()
		switch {
		case err != nil:
			f.complain(err)
		case changed:
			f.told = ""
			f.change(list)
		default:
			f.told = ""
		}
	}
}

// complain tells an error once.
func (f *flock) complain(err error) {
	if err.Error() == f.told {
		return
	}
	f.told = err.Error()
	f.emit([]record.Record{&record.Note{Level: record.Warning, Code: BadTargets,
		Message: fmt.Sprintf("%v; the %d sources of before stay", err, len(f.live))}})
}

// change makes the sources those of the list.
func (f *flock) change(list []Source) {
	want := make(map[string]Source, len(list))
	for _, s := range list {
		if !f.fixed[s.Name] {
			want[s.Name] = s
		}
	}
	var gone, come []string
	for _, name := range slices.Sorted(maps.Keys(f.live)) {
		if s, ok := want[name]; !ok || !s.same(f.live[name].source) {
			f.remove(name)
			gone = append(gone, name)
		}
	}
	for _, s := range list {
		if _, ok := f.live[s.Name]; ok || f.fixed[s.Name] {
			continue
		}
		l := f.loop(s, len(f.fixed)+len(want))
		l.join()
		f.add(s, l)
		come = append(come, s.Name)
	}
	if len(gone)+len(come) > 0 {
		f.emit([]record.Record{&record.Note{Level: record.Info, Code: Targets,
			Message: fmt.Sprintf("the list of sources has changed: %s, %s", some("added", come), some("removed", gone))}})
	}
}

// some names a few.
func some(what string, names []string) string {
	const few = 3
	shown := strings.Join(names[:min(few, len(names))], ", ")
	switch {
	case len(names) == 0:
		return "none " + what
	case len(names) > few:
		return fmt.Sprintf("%d %s (%s, …)", len(names), what, shown)
	}
	return fmt.Sprintf("%d %s (%s)", len(names), what, shown)
}
