package prompt

import (
	"errors"
	"fmt"
	"time"
)

// A Schedule sends the conversations of a trace when their first turns are due.
type Schedule struct {
	Auto       bool           // the first timestamp kept becomes 0
	Start, End *time.Duration // of the trace; conversations outside are left out; both inclusive. Start, unless Auto, becomes 0
	Speedup    float64        // 2 makes the trace run twice as fast: it divides Due, not Delay; 0 is 1
}

func (s *Schedule) check() error {
	switch {
	case s.Auto && s.Start != nil:
		return errors.New("a schedule's automatic offset and its start offset exclude each other")
	case s.Start != nil && s.End != nil && *s.End < *s.Start:
		return fmt.Errorf("a schedule from %v to %v", *s.Start, *s.End)
	case !(s.Speedup >= 0 && s.Speedup <= 1e9):
		return fmt.Errorf("a schedule's speed-up of %v: want more than 0", s.Speedup)
	}
	return nil
}

func (s *Schedule) has(due time.Duration) bool {
	return (s.Start == nil || due >= *s.Start) && (s.End == nil || due <= *s.End)
}

var errUntimed = errors.New(`has no "timestamp", which a schedule needs`)

// A timeline moves the entries of a schedule to where they belong, in the order
// of their first turns. Without a schedule it leaves them alone.
type timeline struct {
	*Schedule
	strict bool // what is out of order is an error, since it cannot be sorted
	began  bool
	zero   time.Duration
	last   time.Duration // first turn of the entry before
}

// fit tells whether to keep e.
func (t *timeline) fit(e *entry) (bool, error) {
	if t.Schedule == nil {
		return true, nil
	}
	due := e.turns[0].Due
	if due == nil {
		return false, errUntimed
	}
	if !t.has(*due) {
		return false, nil
	}
	if t.strict && t.began && *due < t.last {
		return false, fatal{fmt.Errorf("line %d: its timestamp %v is before %v of the one above: sort the input by timestamp, or give a file, which can be read in order",
			e.at.no+1, *due, t.last)}
	}
	if !t.began && t.Auto {
		t.zero = *due
	} else if !t.began && t.Start != nil {
		t.zero = *t.Start
	}
	t.began, t.last = true, *due
	for i := range e.turns {
		if p := e.turns[i].Due; p != nil {
			at := max(0, *p-t.zero)
			if t.Speedup != 0 {
				at = time.Duration(min(float64(at)/t.Speedup, float64(1<<62)))
			}
			e.turns[i].Due = &at
		}
	}
	return true, nil
}
