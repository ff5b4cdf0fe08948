// Package token counts the tokens of a text and makes text of a given number of
// tokens.
package token

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/tiktoken-go/tokenizer"
)

// A Tokenizer splits text into the tokens of one vocabulary, without special
// tokens. It may be used by several goroutines.
type Tokenizer struct {
	name  string
	codec tokenizer.Codec
	words []string // of words: those that are one token, bare or behind a space
}

// Builtin is the o200k_base vocabulary, which is part of the program.
func Builtin() (*Tokenizer, error) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return nil, fmt.Errorf("load the o200k_base vocabulary: %w", err)
	}
	t := &Tokenizer{name: "o200k_base", codec: codec}
	for w := range strings.FieldsSeq(words) {
		if t.Count(w) == 1 && t.Count(" "+w) == 1 {
			t.words = append(t.words, w)
		}
	}
	return t, nil
}

// Name is the vocabulary's name.
func (t *Tokenizer) Name() string { return t.name }

// Count is the number of tokens of s.
func (t *Tokenizer) Count(s string) int {
	n, err := t.codec.Count(s)
	if err != nil {
		// The codec fails only if its own split pattern does not compile.
		panic(fmt.Sprintf("count tokens: %v", err))
	}
	return n
}

// Text makes English words that are exactly n tokens. The words depend on rng
// alone.
func (t *Tokenizer) Text(n int, rng *rand.Rand) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.words[rng.IntN(len(t.words))])
	}
	return b.String()
}
