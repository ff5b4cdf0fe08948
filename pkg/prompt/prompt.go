// Package prompt says what to ask: a sequence of conversations, each of one or
// more turns with their messages and the length of answer to ask for. They are
// made up ([Synthetic]) or come from a file ([Dataset]).
//
// A sequence is a pure function of its description: the same seed and the same
// file give the same conversations, on any machine and in any number of shards.
package prompt

import (
	"fmt"
	"iter"
	"math/rand/v2"
)

// A Source yields conversations, whose Index is 0, 1, 2, …. Beside a nil error
// is a conversation, beside an error none. A [*LineError] tells of one bad row,
// which takes no index; the sequence goes on behind it. Any other error is the
// last thing yielded.
//
// A Source may be ranged over again and then yields the same, unless it reads a
// stream that cannot be read twice. What it yields may share memory with what
// it yields later, so it must not be changed.
type Source = iter.Seq2[Conversation, error]

// A Tokenizer counts tokens and makes text of a given number of tokens.
type Tokenizer interface {
	Name() string
	Count(text string) (int, error)
	// Text is exactly n tokens and depends on n and rng alone. The tokens of
	// texts that are joined by one space add up.
	Text(n int, rng *rand.Rand) (string, error)
}

// A LineError is a row of a dataset that cannot be used.
type LineError struct {
	File    string // as the caller named it; may be empty
	Line    int    // from 1; 0 in a file that is one JSON array
	Element int    // of the array, from 1; 0 in a file of lines
	Err     error
}

func (e *LineError) Error() string {
	name := e.File
	if name == "" {
		name = "dataset"
	}
	if e.Element > 0 {
		return fmt.Sprintf("%s: element %d: %v", name, e.Element, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", name, e.Line, e.Err)
}

func (e *LineError) Unwrap() error { return e.Err }

// Shard keeps the conversations whose Index % n is i, and every error. They
// keep their Index. It has the whole sequence made, and throws away the rest;
// the Part of a [Synthetic] or a [Dataset] does not make the rest at all.
func Shard(src Source, i, n int) Source {
	return func(yield func(Conversation, error) bool) {
		for c, err := range src {
			if err == nil && n > 1 && c.Index%n != i {
				continue
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// A Part is one of several shards of a sequence. The zero Part is all of it.
type Part struct{ I, N int }

func (p Part) has(index int) bool { return p.N <= 1 || index%p.N == p.I }

func (p Part) check() error {
	if p.N < 0 || p.I < 0 || p.I >= max(p.N, 1) {
		return fmt.Errorf("part %d of %d: the parts of n are 0 to n-1", p.I, p.N)
	}
	return nil
}

// What random numbers are for: numbers for one thing do not depend on how many
// were drawn for another.
const (
	forConversation = iota + 1
	forPrefix
	forSystem
	forMarker
	forBlock
	forRow
	forSample
	forShuffle
	forModel
)

// numbers are the random numbers of the i-th thing of a kind.
func numbers(seed int64, kind, i uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(uint64(seed)+kind*0x9e3779b97f4a7c15), mix(i)))
}

// mix is the output function of SplitMix64 (Steele, Lea, Flood 2014): a
// permutation in which each bit of x moves half of the others.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
