package token

import (
	"errors"
	"unicode/utf8"
)

// bpe is byte-pair encoding: a piece starts as one symbol for each byte or
// character, and the pair of neighbours that comes first in the list of merges
// (the leftmost of equals) becomes one symbol until no pair is in the list.
type bpe struct {
	byteLevel    bool             // a piece's bytes are its symbols, else its characters
	byteID       [256]int32       // of byte-level symbols; -1: none
	char         map[string]int32 // of characters, with prefix and suffix
	whole        map[string]int32 // pieces that are a token whatever the merges say; nil: none
	merges       mergeTable
	fallback     *[256]int32 // tokens of the bytes of unknown characters; nil: none
	unk          int32       // the token for other unknown characters
	hasUnk       bool        // without it they vanish
	unkMissing   bool        // it has a name, but no token of that name exists
	fuseUnk      bool        // neighbours become one
	prefix       string      // of symbols that don't start a piece
	suffix       string      // of the symbol that ends a piece
	ambiguousIDs bool        // two tokens share an id, so the order of stale merges matters
}

var errUnkMissing = errors.New("a character is not in the vocabulary, nor is the unk_token")

// scratch is the memory of one piece's encoding, for reuse.
type scratch struct {
	ids   []int32
	merge []uint64 // value of the merge of ids[i] and ids[i+1]
	nodes []node
	queue mergeQueue
}

// append adds the tokens of piece to dst.
func (m *bpe) append(dst []int32, piece string, s *scratch) ([]int32, error) {
	if id, ok := m.whole[piece]; ok {
		return append(dst, id), nil
	}
	var err error
	if s.ids, err = m.symbols(s.ids[:0], piece); err != nil {
		return nil, err
	}
	// Note: a plain scan beats the heap up to about 50 symbols; it is quadratic.
	if len(s.ids) <= 48 && !m.ambiguousIDs {
		return m.mergeScan(dst, s), nil
	}
	return m.mergeHeap(dst, s), nil
}

// symbols are the tokens a piece starts as.
func (m *bpe) symbols(dst []int32, piece string) ([]int32, error) {
	if m.byteLevel && m.prefix == "" && m.suffix == "" && m.fallback == nil && !m.hasUnk {
		for i := range len(piece) {
			if id := m.byteID[piece[i]]; id >= 0 {
				dst = append(dst, id)
			}
		}
		return dst, nil
	}
	pending := false // an unk that the next may join
	for i := 0; i < len(piece); {
		size := 1
		text := ""
		if m.byteLevel {
			text = byteChars[piece[i]]
		} else {
			_, size = utf8.DecodeRuneInString(piece[i:])
			text = piece[i : i+size]
		}
		if m.prefix != "" && i > 0 {
			text = m.prefix + text
		}
		i += size
		if m.suffix != "" && i == len(piece) {
			text += m.suffix
		}
		if id, ok := m.char[text]; ok {
			if pending {
				dst, pending = append(dst, m.unk), false
			}
			dst = append(dst, id)
			continue
		}
		if bytes, ok := m.bytesOf(dst, text); ok {
			// The pending unk stays pending: that is how the reference does it.
			dst = bytes
			continue
		}
		if !m.hasUnk {
			continue
		}
		if m.unkMissing {
			return nil, errUnkMissing
		}
		if pending && !m.fuseUnk {
			dst = append(dst, m.unk)
		}
		pending = true
	}
	if pending {
		dst = append(dst, m.unk)
	}
	return dst, nil
}

// bytesOf adds the fallback tokens of text's bytes, if all of them exist.
func (m *bpe) bytesOf(dst []int32, text string) ([]int32, bool) {
	if m.fallback == nil {
		return dst, false
	}
	for i := range len(text) {
		if m.fallback[text[i]] < 0 {
			return dst, false
		}
	}
	for i := range len(text) {
		dst = append(dst, m.fallback[text[i]])
	}
	return dst, true
}

// mergeScan merges s.ids by looking for the best pair again and again.
func (m *bpe) mergeScan(dst []int32, s *scratch) []int32 {
	ids, merge := s.ids, s.merge[:0]
	for i := 1; i < len(ids); i++ {
		merge = append(merge, m.merges.get(ids[i-1], ids[i]))
	}
	s.merge = merge
	for {
		best, at := noMerge, 0
		for i, v := range merge {
			if v < best {
				best, at = v, i
			}
		}
		if best == noMerge {
			return append(dst, ids...)
		}
		ids[at] = int32(best)
		ids = append(ids[:at+1], ids[at+2:]...)
		merge = append(merge[:at], merge[at+1:]...)
		if at > 0 {
			merge[at-1] = m.merges.get(ids[at-1], ids[at])
		}
		if at < len(merge) {
			merge[at] = m.merges.get(ids[at], ids[at+1])
		}
	}
}

// A node is a symbol in a list from which merges take symbols out.
type node struct {
	id         int32
	prev, next int32 // -1: none
	gone       bool
}

// mergeHeap merges s.ids in n log n steps.
func (m *bpe) mergeHeap(dst []int32, s *scratch) []int32 {
	nodes, q := s.nodes[:0], s.queue[:0]
	for i, id := range s.ids {
		nodes = append(nodes, node{id: id, prev: int32(i) - 1, next: int32(i) + 1})
		if i > 0 {
			if v := m.merges.get(s.ids[i-1], id); v != noMerge {
				q.push(queued{v, int32(i - 1)})
			}
		}
	}
	if len(nodes) > 0 {
		nodes[len(nodes)-1].next = -1
	}
	for len(q) > 0 {
		top := q.pop()
		n := &nodes[top.pos]
		if n.gone || n.next < 0 {
			continue
		}
		right := &nodes[n.next]
		if v := m.merges.get(n.id, right.id); v == noMerge || int32(v) != int32(top.merge) {
			continue // one of the two has been merged with another
		}
		n.id, right.gone, n.next = int32(top.merge), true, right.next
		if n.next >= 0 {
			nodes[n.next].prev = top.pos
			if v := m.merges.get(n.id, nodes[n.next].id); v != noMerge {
				q.push(queued{v, top.pos})
			}
		}
		if n.prev >= 0 {
			if v := m.merges.get(nodes[n.prev].id, n.id); v != noMerge {
				q.push(queued{v, n.prev})
			}
		}
	}
	for _, n := range nodes {
		if !n.gone {
			dst = append(dst, n.id)
		}
	}
	s.nodes, s.queue = nodes, q
	return dst
}
