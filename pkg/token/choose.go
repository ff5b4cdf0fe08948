package token

import (
	"fmt"
	"strings"
)

// minWords is how many words a vocabulary must have for random text: fewer would
// repeat themselves so much that a server's prefix cache could tell.
const minWords = 32

// A vocabulary is the words of which text is made: each of rest is one token
// behind a space, each of first (some of rest) is also one token at the start of a
// text.
type vocabulary struct {
	first, rest []string
	err         error // why there are none
}

// A localEncoder is an encoder that costs nothing to ask, and knows whether words
// behind one another are split as each by itself.
type localEncoder interface {
	encoder
	independent(words []string) bool
}

// chooseWords finds the words of the list that are one token each, whatever
// stands before and behind them.
func chooseWords(enc localEncoder) vocabulary {
	one := func(s string, want int) bool {
		n, err := enc.count(s)
		return err == nil && n == want
	}
	var v vocabulary
	total := 0
	for w := range strings.FieldsSeq(words) {
		total++
		// Some vocabularies put a space before a text, so a word behind a space
		// is tried behind another word, itself.
		if one(w, 1) && one(w+" "+w, 2) {
			v.rest = append(v.rest, w)
		}
	}
	v.first = v.rest
	switch {
	case len(v.rest) < minWords:
		v = vocabulary{err: fmt.Errorf("only %d of %d common English words are one token", len(v.rest), total)}
	case !enc.independent(v.rest) || !one(strings.Join(v.rest, " "), len(v.rest)):
		v = vocabulary{err: fmt.Errorf("its tokens reach across the space between two words")}
	}
	return v
}
