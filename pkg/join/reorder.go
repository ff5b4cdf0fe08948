package join

import (
	"iter"
	"time"

	"aiperf/pkg/record"
)

const (
	// DefaultWindow is how far, in the time of the stream, a line may come too
	// late and still be put in order.
	DefaultWindow = 5 * time.Second
	// heldMost is how many bytes a Reorder holds.
	heldMost = 16 << 20
	// stepAfter is how many lines in a row must lie further back than the window
	// before that is taken for a step of the clock.
	stepAfter = 8
	// toldMost is how many steps of one input are told one by one.
	toldMost = 3
)

// A Holding says how far Reorder holds lines back, in the time of the stream.
type Holding struct {
	// Start holds from the first line on. With 0, which is for a live stream, a
	// line is passed on at once until the first one comes too late.
	Start time.Duration
	// Window holds from then on; 0 is [DefaultWindow]. It is never less than Start.
	Window time.Duration
	// Bytes bounds the memory; 0 is 16 MB.
	Bytes int
}

// Reorder puts the lines of one input into the order of their times where that
// is possible within the holding. Lines of equal time keep their order, and a
// stream that is sorted comes out as it is.
//
// A line that comes too late is passed on where it stands. The first one of an
// input gives a LineError that wraps [ErrUnsorted]; Remarks at the end of the
// input tell how many there were, and how many were put in order.
//
// If the time goes back by more than the window and stays there, the clock was
// set: the lines behind the step are put in order among themselves and passed
// on where they stand, and a Remark of the code [ClockStep] says where it is. So
// does a note of that code which a producer has written.
func Reorder(in iter.Seq2[record.Line, error], h Holding) iter.Seq2[record.Line, error] {
	if h.Window <= 0 {
		h.Window = DefaultWindow
	}
	if h.Bytes <= 0 {
		h.Bytes = heldMost
	}
	return func(yield func(record.Line, error) bool) {
		s := &sorter{yield: yield, most: h.Bytes, newest: never, last: never,
			window: record.Time(h.Start), full: record.Time(max(h.Window, h.Start))}
		for l, err := range in {
			if err != nil {
				if !yield(record.Line{}, err) {
					return
				}
				continue
			}
			if l.Type == record.TypeNote {
				if r := stepNoted(l); r != nil && !yield(record.Line{}, r) {
					return
				}
			}
			if !s.take(l) {
				return
			}
		}
		s.end()
	}
}

// A sorter is the state of one Reorder.
type sorter struct {
	yield  func(record.Line, error) bool
	window record.Time // that holds now
	full   record.Time // that holds once a line came too late
	most   int
	pen    pen
	file   string

	newest record.Time // that came in since the last step
	last   record.Time // that went out since then

	moved, late       int
	movedBy, latestBy lag
	told              bool
	back              []record.Line // the latest ones, if they lie further back than the window
	steps             int
}

// A lag is the longest way that a line lay behind another.
type lag struct {
	seconds  float64
	from, to record.Time
}

func (g *lag) see(from, to record.Time) {
	if s := float64(to)/1e9 - float64(from)/1e9; s > g.seconds {
		*g = lag{s, from, to}
	}
}

// take is false when the consumer has left.
func (s *sorter) take(l record.Line) bool {
	s.file = l.File
	if l.Time < minus(s.newest, s.full) {
		s.window = s.full
		s.back = append(s.back, l)
		return len(s.back) < stepAfter || s.step()
	}
	if len(s.back) > 0 && !s.stragglers() {
		return false
	}
	if s.window == 0 && l.Time >= s.last {
		s.newest, s.last = l.Time, l.Time
		return s.yield(l, nil)
	}
	return s.hold(l) && s.release(minus(s.newest, s.window))
}

// hold holds a line, or passes it on if it comes too late.
func (s *sorter) hold(l record.Line) bool {
	if l.Time < s.last {
		s.window = s.full
		return s.tellLate(l) && s.yield(l, nil)
	}
	if s.pen.push(&l) {
		s.moved++
		s.movedBy.see(l.Time, s.newest)
	}
	s.newest = max(s.newest, l.Time)
	return true
}

// release lets go what is no later than until, and what is too much.
func (s *sorter) release(until record.Time) bool {
	for !s.pen.empty() && (s.pen.oldest().Time <= until || s.pen.bytes() > s.most) {
		l := s.pen.pop()
		s.last = max(s.last, l.Time)
		if !s.yield(l, nil) {
			return false
		}
	}
	return true
}

// stragglers takes up a row of lines that lay far back: it was no step.
func (s *sorter) stragglers() bool {
	row := s.back
	s.back = nil
	for _, l := range row {
		if !s.hold(l) {
			return false
		}
	}
	return true
}

// step begins anew with a row of lines that lie behind a step of the clock.
func (s *sorter) step() bool {
	if !s.release(ever) {
		return false
	}
	if s.steps++; s.steps <= toldMost && !s.yield(record.Line{}, stepSeen(s.back[0], s.newest)) {
		return false
	}
	row := s.back
	s.back, s.newest, s.last = nil, never, never
	for _, l := range row {
		if !s.take(l) {
			return false
		}
	}
	return true
}

func (s *sorter) tellLate(l record.Line) bool {
	s.late++
	s.latestBy.see(l.Time, s.newest)
	if s.told {
		return true
	}
	s.told = true
	return s.yield(record.Line{}, l.Errorf("%w: time %v comes after %v; every line is kept, but what is computed from their order may be wrong",
		ErrUnsorted, l.Time, s.newest))
}

// end lets go what is left and sums up.
func (s *sorter) end() {
	for !s.pen.empty() || len(s.back) > 0 {
		switch n := len(s.back); {
		case !s.release(ever), n == 1 && !s.stragglers(), n > 1 && !s.step():
			return
		}
	}
	if s.moved > 0 && !s.yield(record.Line{}, remark(record.Info, Reordered, s.file,
		"%s: lines out of order: %d, by %s at most; they were put in order", s.file, s.moved, apart(s.movedBy.from, s.movedBy.to))) {
		return
	}
	if s.late > 1 && !s.yield(record.Line{}, remark(record.Warning, Unsorted, s.file,
		"%s: lines too late to be put in order: %d, by %s at most", s.file, s.late, apart(s.latestBy.from, s.latestBy.to))) {
		return
	}
	if s.steps > toldMost {
		s.yield(record.Line{}, remark(record.Warning, ClockStep, s.file, "%s: the time goes back %d times", s.file, s.steps))
	}
}
