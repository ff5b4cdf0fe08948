package join

import (
	"bytes"
	"hash/maphash"
	"iter"

	"aiperf/pkg/record"
)

// Distinct leaves out the lines of a merged stream that came before, byte for
// byte and so at the same instant, as when a file is given twice, or a merged one
// and one of its parts. Of requests that differ only in what a join has added the
// first is kept. Lines of types that package record does not know all stay, for
// what they mean is not known. A Remark at the end says how many were left out.
//
// The lines of one instant are remembered, up to 16 MB of them.
func Distinct(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		d := moment{seed: maphash.MakeSeed()}
		again := 0
		for l, err := range in {
			if err == nil && known(l.Type) && d.again(l) {
				again++
				continue
			}
			if !yield(l, err) {
				return
			}
		}
		if again > 0 {
			yield(record.Line{}, remark(record.Info, Duplicates, "", "lines that had come before: %d; they are left out, for the inputs overlap", again))
		}
	}
}

func known(kind string) bool {
	switch kind {
	case record.TypeRun, record.TypePhase, record.TypeBegin, record.TypeRequest, record.TypeGPU,
		record.TypeScrape, record.TypeServer, record.TypeEnergy, record.TypeNote, record.TypeEnd:
		return true
	}
	return false
}

// A moment is the lines of one instant.
type moment struct {
	seed  maphash.Seed
	lines []record.Line
	next  []int // of the same hash, or -1
	first map[uint64]int
	bytes int
}

// few is up to how many lines are compared one by one.
const few = 8

// again tells whether the instant of l has the same line already, and remembers
// it otherwise.
func (d *moment) again(l record.Line) bool {
	if len(d.lines) == 0 || d.lines[0].Time != l.Time {
		d.begin()
	} else if d.has(l) {
		return true
	}
	if d.bytes > heldMost {
		return false
	}
	d.bytes += len(l.Raw) + perLine
	d.lines = append(d.lines, l)
	switch n := len(d.lines); {
	case n == few+1:
		d.next = d.next[:0]
		for i := range d.lines {
			d.index(i)
		}
	case n > few:
		d.index(n - 1)
	}
	return false
}

func (d *moment) begin() {
	switch {
	case len(d.lines) > 1024:
		d.lines, d.next, d.first = nil, nil, nil // emptying them costs what they once held
	case len(d.lines) > few:
		clear(d.first)
		clear(d.lines)
	}
	d.lines, d.bytes = d.lines[:0], 0
}

func (d *moment) has(l record.Line) bool {
	if len(d.lines) <= few {
		for i := range d.lines {
			if same(d.lines[i], l) {
				return true
			}
		}
		return false
	}
	i, ok := d.first[d.hash(l)]
	for ; ok && i >= 0; i = d.next[i] {
		if same(d.lines[i], l) {
			return true
		}
	}
	return false
}

func (d *moment) index(i int) {
	if d.first == nil {
		d.first = map[uint64]int{}
	}
	h := d.hash(d.lines[i])
	before, ok := d.first[h]
	if !ok {
		before = -1
	}
	d.next = append(d.next, before)
	d.first[h] = i
}

func (d *moment) hash(l record.Line) uint64 { return maphash.Bytes(d.seed, bare(l)) }

// same tells whether two lines of one instant say the same.
func same(a, b record.Line) bool {
	if bytes.Equal(a.Raw, b.Raw) {
		return true
	}
	return a.Type == record.TypeRequest && b.Type == a.Type && bytes.Equal(bare(a), bare(b))
}

// added are the keys that a join adds to requests.
var added = [...]string{"server", "gpu"}

// bare is a line without what a join adds to it.
func bare(l record.Line) []byte {
	if l.Type != record.TypeRequest {
		return l.Raw
	}
	raw := l.Raw
	for _, key := range added {
		if cut, err := record.Cut(raw, key); err == nil {
			raw = cut
		}
	}
	return raw
}
