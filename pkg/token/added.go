package token

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAdded bounds the length of an added token: looking for them takes a text's
// length times the longest.
const maxAdded = 1 << 10 // bytes

// An addedToken is looked for in the text before all else.
type addedToken struct {
	ID         int32
	Content    string
	SingleWord bool `json:"single_word"` // not within a word
	Lstrip     bool // it takes the white space before it,
	Rstrip     bool // and behind it
	Normalized bool // it is looked for behind the normalizer
	Special    bool // without meaning here: special or not, it is found
}

// An addedSet finds added tokens: of those at the leftmost place, the longest.
type addedSet struct {
	tokens []addedToken
	starts [256]bool
	edges  map[edge]int32 // a tree of bytes: node 0 is its root
	ends   []int32        // for each node, 1 + the token that ends there
}

type edge struct {
	node int32
	b    byte
}

// add adds a token that is found by its spelling, which is not empty.
func (a *addedSet) add(t addedToken, spelling string) error {
	if len(spelling) > maxAdded {
		return fmt.Errorf("added token %.20q…: %d bytes long, more than %d", spelling, len(spelling), maxAdded)
	}
	if a.edges == nil {
		a.edges, a.ends = map[edge]int32{}, []int32{0}
	}
	node := int32(0)
	for i := range len(spelling) {
		e := edge{node, spelling[i]}
		next, ok := a.edges[e]
		if !ok {
			next = int32(len(a.ends))
			a.edges[e] = next
			a.ends = append(a.ends, 0)
		}
		node = next
	}
	a.starts[spelling[0]] = true
	a.tokens = append(a.tokens, t)
	a.ends[node] = int32(len(a.tokens))
	return nil
}

// longest is the longest token at s[i:] and its end; nil if there is none.
func (a *addedSet) longest(s string, i int) (t *addedToken, end int) {
	node := int32(0)
	for j := i; j < len(s); j++ {
		next, ok := a.edges[edge{node, s[j]}]
		if !ok {
			break
		}
		if node = next; a.ends[node] > 0 {
			t, end = &a.tokens[a.ends[node]-1], j+1
		}
	}
	return t, end
}

// split calls text for the parts of p between tokens, which are not empty, and
// token for the tokens.
func (a *addedSet) split(p piece, text func(piece) error, token func(id int32)) error {
	s, done := p.text, 0
	for i := 0; len(a.tokens) > 0 && i < len(s); {
		if !a.starts[s[i]] {
			i++
			continue
		}
		t, end := a.longest(s, i)
		if t == nil {
			i++
			continue
		}
		start := i
		i = end
		if t.SingleWord && (wordBefore(s, start) || wordAt(s, end)) {
			continue
		}
		// What a token before has taken is neither taken nor looked at again.
		if t.Lstrip {
			start = done + len(strings.TrimRightFunc(s[done:max(start, done)], unicode.IsSpace))
		}
		if t.Rstrip {
			from := max(end, done)
			end = len(s) - len(strings.TrimLeftFunc(s[from:], unicode.IsSpace))
		}
		if done < start {
			if err := text(piece{s[done:start], p.first && done == 0}); err != nil {
				return err
			}
		}
		token(t.ID)
		done = end
	}
	if done < len(s) {
		return text(piece{s[done:], p.first && done == 0})
	}
	return nil
}

func wordBefore(s string, i int) bool {
	r, size := utf8.DecodeLastRuneInString(s[:i])
	return size > 0 && isWord(r)
}

func wordAt(s string, i int) bool {
	r, size := utf8.DecodeRuneInString(s[i:])
	return size > 0 && isWord(r)
}
