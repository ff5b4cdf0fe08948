package join

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"aiperf/pkg/record"
)

// A Window is the stretch of time from From up to, but without, To. What is
// zero is open.
type Window struct {
	From, To record.Time
	// Stop stops reading as soon as nothing that lies behind To can be needed any
	// more. It is for inputs that nobody is waiting to write.
	Stop bool
}

// Cut leaves out of a merged stream what lies outside a window, in one pass.
// Lines whose time is inside are kept, whatever they are, and of those outside
// what is needed to understand them:
//
//   - before From, the run lines of producers that had not ended, their phases
//     that had begun, and the begin lines of requests that were in flight;
//   - the latest reading of each GPU (source, uuid and mig) and inference server
//     at the start of the first of these requests, or else at From, and what
//     followed until From;
//   - behind To, the readings of each of them up to the first that was taken at
//     To or later, and the end lines of runs that were kept.
//
// So a request that was sent before From and ended inside is whole, with all its
// readings, but what it would be charged until From is too much: those that it
// shared with, and that ended before From, are gone. See Options.From. One that ends behind To is left
// out, but its begin line is kept, so that inside the window all are counted that
// were in flight.
//
// Of requests without begin lines it is not known in time that they were in
// flight at From: readings from before it are not kept for them.
//
// Lines outside that cannot be decoded are left out without a word. If a stream
// is not sorted, each line is judged by its own time. 16 MB of readings are held
// before From; if a request is in flight for longer, its first ones are gone. If
// no line is inside, a Remark tells which are nearest.
//
// Note: Cut works on the merged stream, for how far back readings are needed
// depends on requests that come from other inputs.
func Cut(in iter.Seq2[record.Line, error], w Window) iter.Seq2[record.Line, error] {
	if w.From == 0 {
		w.From = never
	}
	if w.To == 0 {
		w.To = ever
	}
	return func(yield func(record.Line, error) bool) {
		c := &cutter{Window: w, yield: yield, front: never, behind: never, runs: map[string]*openRun{}, readings: readings{slots: map[string]*slot{}, fast: map[string]*slot{}}}
		for l, err := range in {
			if err != nil {
				if !yield(record.Line{}, err) {
					return
				}
				continue
			}
			if !c.take(l) {
				return
			}
			if c.complete() {
				break
			}
		}
		if c.flush() {
			c.end()
		}
	}
}

// A cutter is the state of one Cut.
type cutter struct {
	Window
	yield    func(record.Line, error) bool
	seq      int
	runs     map[string]*openRun // begun and not ended
	aloft    aloft
	readings readings

	begun  bool // a line at From or later was seen
	inside int
	behind record.Time // of the first line at To or later; never if there was none
	front  record.Time // of the last one before From
}

// An openRun is a producer that has not ended.
type openRun struct {
	line   kept
	phases map[string]kept
}

// A kept is a line from before From that may be needed.
type kept struct {
	line record.Line
	seq  int
	at   record.Time // of a reading, when it was taken
}

// take is false when the consumer has left.
func (c *cutter) take(l record.Line) bool {
	c.seq++
	switch {
	case l.Time < c.From:
		c.front = l.Time
		return c.before(l)
	case !c.flush():
		return false
	case l.Time < c.To:
		c.inside++
		c.note(l)
		return c.yield(l, nil)
	}
	if c.behind == never {
		c.behind = l.Time
	}
	return !c.after(l) || c.yield(l, nil)
}

// before keeps what may be needed.
func (c *cutter) before(l record.Line) bool {
	if c.begun { // out of order
		late := l.Type == record.TypeRun || l.Type == record.TypeBegin
		return !late || c.yield(l, nil)
	}
	switch l.Type {
	case record.TypeRun:
		if m, ok := mentioned(l); ok {
			c.runs[m.run] = &openRun{line: c.keep(l)}
		}
	case record.TypePhase:
		c.phase(l)
	case record.TypeEnd:
		if m, ok := mentioned(l); ok {
			delete(c.runs, m.run)
			c.aloft.land(m.run)
		}
	case record.TypeBegin:
		if m, ok := mentioned(l); ok {
			c.aloft.add(m, c.keep(l))
		}
	case record.TypeRequest:
		if m, ok := mentioned(l); ok {
			c.aloft.take(m)
		}
	case record.TypeGPU, record.TypeServer:
		c.readings.keep(l, c.seq, minus(c.aloft.horizon(), slackOfBegins))
		for c.readings.bytes > heldMost && c.aloft.forget() {
			c.readings.prune(minus(c.aloft.horizon(), slackOfBegins))
		}
	}
	return true
}

// slackOfBegins is how much later than its start a request's begin line may be
// written, so that an earlier start may become known.
const slackOfBegins record.Time = 1e9

// keep copies a line, which would otherwise keep the block that it lies in.
func (c *cutter) keep(l record.Line) kept {
	l.Raw = slices.Clone(l.Raw)
	return kept{line: l, seq: c.seq}
}

func (c *cutter) phase(l record.Line) {
	m, ok := mentioned(l)
	if !ok {
		return
	}
	r := c.runs[m.run]
	switch {
	case r == nil:
	case m.event == "end":
		delete(r.phases, m.phase)
	default:
		if r.phases == nil {
			r.phases = map[string]kept{}
		}
		r.phases[m.phase] = c.keep(l)
	}
}

// flush yields what was kept, once.
func (c *cutter) flush() bool {
	if c.begun {
		return true
	}
	c.begun = true
	all := c.aloft.all()
	for _, r := range c.runs {
		all = append(all, r.line)
		for _, p := range r.phases {
			all = append(all, p)
		}
	}
	all = append(all, c.readings.flush(c.aloft.horizon())...)
	c.aloft = aloft{}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.seq, b.seq) })
	for _, k := range all {
		if !c.yield(k.line, nil) {
			return false
		}
	}
	return true
}

// note remembers what a line inside makes needed behind To.
func (c *cutter) note(l record.Line) {
	if c.To == ever {
		return
	}
	switch l.Type {
	case record.TypeRun, record.TypeEnd:
		m, ok := mentioned(l)
		if ok && l.Type == record.TypeEnd {
			delete(c.runs, m.run)
		} else if ok {
			c.runs[m.run] = &openRun{}
		}
	case record.TypeGPU, record.TypeServer:
		c.readings.need(l)
	}
}

// after tells whether a line behind To is needed.
func (c *cutter) after(l record.Line) bool {
	switch l.Type {
	case record.TypeGPU, record.TypeServer:
		return c.readings.bracket(l, c.To)
	case record.TypeEnd:
		m, ok := mentioned(l)
		if ok && c.runs[m.run] != nil {
			delete(c.runs, m.run)
			return true
		}
	}
	return false
}

// complete tells whether reading may stop.
func (c *cutter) complete() bool {
	return c.Stop && c.behind != never && len(c.runs) == 0 && c.readings.open == 0
}

// end tells if the window is empty, and what lies nearest.
func (c *cutter) end() {
	if c.inside > 0 {
		return
	}
	nearest := ""
	if c.front != never {
		nearest += fmt.Sprintf("; the last one before it is of %v", c.front)
	}
	if c.behind != never {
		nearest += fmt.Sprintf("; the first one behind it is of %v", c.behind)
	}
	c.yield(record.Line{}, remark(record.Warning, EmptyWindow, "", "no line is inside the window%s", nearest))
}
