package join

import (
	"cmp"
	"errors"
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

// LacksBegins reads until the first request record, over at most some thousands
// of lines, and tells whether that has no begin record before it.
func LacksBegins(lines iter.Seq2[record.Line, error]) bool {
	begun := map[uint64]bool{}
	left := 10_000
	for l, err := range lines {
		if left--; left < 0 {
			return false
		}
		if err != nil || l.Type != record.TypeBegin && l.Type != record.TypeRequest {
			continue
		}
		m, err := mentionOf(l)
		switch key := flightKey(m.run, m.id); {
		case err != nil:
		case l.Type == record.TypeRequest:
			return !begun[key]
		default:
			begun[key] = true
		}
	}
	return false
}

// FindLags reads a merged stream for the delays by which the sources of GPU
// readings follow the load; a source whose delay cannot be told is absent. The
// error is the first that is not about a line.
func FindLags(lines iter.Seq2[record.Line, error], opt Options) (map[string]*record.Lag, error) {
	opt.Note = nil
	if err := opt.fill(); err != nil {
		return nil, err
	}
	a := newAttribution(opt)
	for l, err := range lines {
		var bad *record.LineError
		var note *Remark
		if err != nil && !errors.As(err, &bad) && !errors.As(err, &note) {
			return nil, err
		}
		if err == nil && a.take(l) == nil {
			a.advance()
			a.release(func(record.Line, error) bool { return true })
		}
	}
	a.drain()
	return a.lags.results(opt.Lag), nil
}
