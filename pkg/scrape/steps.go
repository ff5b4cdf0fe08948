package scrape

import (
	"fmt"
	"time"

	"aiperf/pkg/record"
)

// steps notices when the wall clock is set. Records count monotonic time from the
// start of the run, and keep their order; but after a step they are no more
// those of the wall clock, nor those of other machines.
type steps struct {
	wall  func() time.Time
	start time.Time
	apart time.Duration // wall clock minus monotonic clock
	last  time.Time
}

// leastStep is what time daemons set a clock by at once, rather than little by
// little.
const leastStep = 128 * time.Millisecond

func newSteps(wall func() time.Time) *steps {
	now := time.Now()
	return &steps{wall: wall, start: now, apart: wall().Round(0).Sub(now.Round(0)), last: now}
}

// check compares the clocks, ten times a second at most. It gives a note if they
// have come apart since it last did.
func (s *steps) check() *record.Note {
	now := time.Now()
	if now.Sub(s.last) < 100*time.Millisecond {
		return nil
	}
	s.last = now
	// Round takes the monotonic reading off.
	apart := s.wall().Round(0).Sub(s.start.Round(0)) - now.Sub(s.start)
	step := apart - s.apart
	if step.Abs() < leastStep {
		// A clock that is slewed goes wrong by less than a millisecond a second.
		s.apart += max(-time.Millisecond, min(time.Millisecond, step))
		return nil
	}
	s.apart = apart
	seconds := step.Seconds()
	return &record.Note{Level: record.Warning, Code: ClockStep, Seconds: &seconds,
		Message: fmt.Sprintf("the wall clock was set by %+.3f s, or this machine slept; the instants of this run still count from its start and are now off by %+.3f s; a new run follows the clock", seconds, -apart.Seconds())}
}
