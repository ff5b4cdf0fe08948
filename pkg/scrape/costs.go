package scrape

import (
	"math"

	"aiperf/pkg/record"
)

// Costs sum up what visiting each source took, from the records of a run. The
// zero value is empty; a source takes some kilobytes, however long the run.
type Costs struct {
	of    map[string]*cost
	order []string
	late  spread // of all sources
}

type cost struct {
	record.SourceCost
	took, late spread
	refresh    refresh
	taken      record.Time
}

// Add takes a record; those that tell nothing of cost are passed over.
func (c *Costs) Add(rec record.Record) {
	switch r := rec.(type) {
	case *record.Scrape:
		c.source(r.Source).scrape(r)
		c.late.add(r.Late)
	case *record.GPU:
		c.source(r.Source).reading(r.Taken, r.Repeat)
	case *record.Server:
		c.source(r.Source).reading(r.Taken, r.Repeat)
	}
}

func (c *Costs) source(name string) *cost {
	s := c.of[name]
	if s == nil {
		if c.of == nil {
			c.of = map[string]*cost{}
		}
		s = &cost{SourceCost: record.SourceCost{Source: name}}
		c.of[name] = s
		c.order = append(c.order, name)
	}
	return s
}

func (s *cost) scrape(r *record.Scrape) {
	s.Requests++
	if r.Bytes != nil {
		s.Bytes += *r.Bytes
	}
	if r.Repeat {
		s.Repeats++
	}
	s.late.add(r.Late)
	if r.Error != "" {
		s.Failures++
		s.refresh.interrupt()
		return
	}
	if r.Took != nil {
		s.took.add(*r.Took)
	}
}

// reading takes the instant of a reading. Those of one page have the same.
func (s *cost) reading(taken record.Time, again bool) {
	if !again && taken != s.taken {
		s.taken = taken
		s.refresh.add(taken.Time(), true)
	}
}

// Sources gives what each source took, in the order of their first records.
func (c *Costs) Sources() []record.SourceCost {
	list := make([]record.SourceCost, 0, len(c.order))
	for _, name := range c.order {
		s := c.of[name]
		out := s.SourceCost
		out.TookMean, out.TookP99 = s.took.mean(), s.took.quantile(0.99)
		out.LateP99 = s.late.quantile(0.99)
		if m, ok := s.refresh.median(); ok {
			out.Refresh = new(m.Seconds())
		}
		list = append(list, out)
	}
	return list
}

// LateP99 is the 99th percentile, in seconds and to 5 %, of how late visits began;
// nil if there were none.
func (c *Costs) LateP99() *float64 { return c.late.quantile(0.99) }

// A spread is the distribution of durations in seconds, in classes of which each
// reaches 5 % further than the one before: what it gives back is at most 5 % too
// much.
type spread struct {
	classes []uint32 // of durations from least; the first is that of all below
	n       int64
	sum     float64
	max     float64
}

const (
	least  = 1e-5 // s
	growth = 1.05
)

// mostClasses reaches to three hours.
var mostClasses = class(3 * 3600)

func class(x float64) int {
	if !(x > least) {
		return 0
	}
	return 1 + int(math.Log(x/least)/math.Log(growth))
}

func (s *spread) add(x float64) {
	i := min(class(x), mostClasses)
	if i >= len(s.classes) {
		s.classes = append(s.classes, make([]uint32, i+1-len(s.classes))...)
	}
	if s.classes[i] < math.MaxUint32 {
		s.classes[i]++
	}
	s.n++
	s.sum += x
	s.max = max(s.max, x)
}

func (s *spread) mean() *float64 {
	if s.n == 0 {
		return nil
	}
	return new(round(s.sum / float64(s.n)))
}

// quantile is the upper end of the smallest class up to which the share q of all
// lies; nil if there are none.
func (s *spread) quantile(q float64) *float64 {
	if s.n == 0 {
		return nil
	}
	left := int64(math.Ceil(q * float64(s.n)))
	for i, count := range s.classes {
		if left -= int64(count); left > 0 {
			continue
		}
		return new(round(min(least*math.Pow(growth, float64(i)), s.max)))
	}
	return new(round(s.max))
}

// round leaves microseconds.
func round(seconds float64) float64 { return math.Round(seconds*1e6) / 1e6 }
