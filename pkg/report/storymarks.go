package report

import (
	"cmp"
	"slices"

	"aiperf/pkg/record"
)

func sortedMarks(marks []Mark) []Mark {
	marks = slices.Clone(marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.At, b.At) })
	return marks
}

// phases are the phases that loads tell of. One name's spans, of the runs of
// several loads at once, are one.
type phases struct {
	index map[string]int
	spans []Span
}

const mostPhases = 100

func (p *phases) add(r *record.Phase) {
	i, ok := p.index[r.Phase]
	if !ok {
		if len(p.spans) == mostPhases {
			return
		}
		if p.index == nil {
			p.index = map[string]int{}
		}
		i = len(p.spans)
		p.index[r.Phase] = i
		p.spans = append(p.spans, Span{r.Time, r.Time, clip(r.Phase, mostText)})
	}
	s := &p.spans[i]
	s.From, s.To = min(s.From, r.Time), max(s.To, r.Time)
}

func (p *phases) list() []Span {
	spans := slices.Clone(p.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return spans
}
