package join

import (
	"cmp"
	"iter"
	"slices"

	"aiperf/pkg/record"
)

// Begins are the starts of requests without begin records, by time. A pass over
// a stream finds them (see [FindBegins]), 40 bytes a request, so that another
// pass need not hold the stream in memory.
type Begins []begin

type begin struct {
	start    record.Time
	key, run uint64
	phase    string
}

// FindBegins reads a merged stream for the requests that have no begin record
// before them. Lines that cannot be decoded are left to [Attribute] to tell.
func FindBegins(lines iter.Seq2[record.Line, error]) Begins {
	var found Begins
	begun := map[uint64]int{}
	for l, err := range lines {
		if err != nil || l.Type != record.TypeBegin && l.Type != record.TypeRequest {
			continue
		}
		m, err := mentionOf(l)
		if err != nil {
			continue
		}
		key := flightKey(m.run, m.id)
		switch {
		case l.Type == record.TypeBegin:
			begun[key]++
		case begun[key] > 1:
			begun[key]--
		case begun[key] == 1:
			delete(begun, key)
		default:
			found = append(found, begin{m.start, key, hash(m.run), named(m.phase)})
		}
	}
	slices.SortStableFunc(found, func(a, b begin) int { return cmp.Compare(a.start, b.start) })
	return found
}

// beginUntil begins the requests without begin records that start until t.
func (a *attribution) beginUntil(t record.Time) {
	for a.begun < len(a.opt.Begins) && a.opt.Begins[a.begun].start <= t {
		b := a.opt.Begins[a.begun]
		a.begun++
		a.depart(&flight{key: b.key, run: b.run, start: b.start, phase: b.phase})
	}
}
