package join

import (
	"iter"

	"aiperf/pkg/record"
)

// Ahead takes out of lines what [Attribute] wants of them. Merge reads each input
// in a goroutine of its own, so that this part of the work is done there.
func Ahead(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		var slab []aheadMention
		for l, err := range in {
			if err == nil {
				switch l.Type {
				case record.TypeBegin, record.TypeRequest:
					if len(slab) == 0 {
						slab = make([]aheadMention, 64) // one allocation for many lines
					}
					m := &slab[0]
					slab = slab[1:]
					m.mention, m.err = mentionOf(l)
					l.Ahead = m
				case record.TypeGPU:
					r := new(aheadReading)
					r.reading, r.err = readGPU(l)
					l.Ahead = r
				}
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

type aheadMention struct {
	mention mention
	err     error
}

type aheadReading struct {
	reading *reading
	err     error
}

// mentionIn is mentionOf, unless that was done ahead.
func mentionIn(l record.Line) (mention, error) {
	if m, ok := l.Ahead.(*aheadMention); ok {
		return m.mention, m.err
	}
	return mentionOf(l)
}

func readingIn(l record.Line) (*reading, error) {
	if r, ok := l.Ahead.(*aheadReading); ok {
		return r.reading, r.err
	}
	return readGPU(l)
}
