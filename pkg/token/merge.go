package token

import "math/bits"

// noMerge is the value of a pair that does not merge.
const noMerge = ^uint64(0)

// A mergeTable is a hash table from a pair of tokens to its place in the list of
// merges (upper half) and the token that the pair becomes (lower half). It is
// filled once. Note: a Go map took twice the time to fill and to ask.
type mergeTable struct {
	slots []mergeSlot
	shift uint
}

type mergeSlot struct{ pair, merge uint64 }

// newMergeTable makes a table for n pairs.
func newMergeTable(n int) mergeTable {
	size := bits.Len(uint(n) + uint(n)/2 + 1) // at most two thirds full
	t := mergeTable{make([]mergeSlot, 1<<size), uint(64 - size)}
	for i := range t.slots {
		t.slots[i].merge = noMerge
	}
	return t
}

func pairOf(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

// slot is where pair is or belongs.
func (t *mergeTable) slot(pair uint64) *mergeSlot {
	// Fibonacci hashing, of the folded pair: its halves are small numbers.
	i := (pair ^ pair>>29) * 0x9E3779B97F4A7C15 >> t.shift
	for {
		s := &t.slots[i]
		if s.pair == pair || s.merge == noMerge {
			return s
		}
		if i++; i == uint64(len(t.slots)) {
			i = 0
		}
	}
}

// put sets the merge of a and b; a later one replaces an earlier one.
func (t *mergeTable) put(a, b int32, rank int, id int32) {
	pair := pairOf(a, b)
	*t.slot(pair) = mergeSlot{pair, uint64(rank)<<32 | uint64(uint32(id))}
}

// get is the merge of a and b, or noMerge.
func (t *mergeTable) get(a, b int32) uint64 { return t.slot(pairOf(a, b)).merge }

// queued is a merge that could be made at a position.
type queued struct {
	merge uint64
	pos   int32
}

func (a queued) less(b queued) bool {
	if a.merge>>32 != b.merge>>32 {
		return a.merge>>32 < b.merge>>32
	}
	return a.pos < b.pos
}

// A mergeQueue is a heap of merges, the first in the list on top and the leftmost
// of equals. Note: container/heap would allocate for each.
type mergeQueue []queued

func (q *mergeQueue) push(x queued) {
	h := append(*q, x)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !x.less(h[parent]) {
			break
		}
		h[i], i = h[parent], parent
	}
	h[i] = x
	*q = h
}

func (q *mergeQueue) pop() queued {
	h := *q
	top, x := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].less(h[child]) {
			child++
		}
		if !h[child].less(x) {
			break
		}
		h[i], i = h[child], child
	}
	if len(h) > 0 {
		h[i] = x
	}
	*q = h
	return top
}
