// Package token counts the tokens of a text and makes text of a given number of
// tokens, with a vocabulary that is built in, with one read from a Hugging Face
// tokenizer.json, or by asking a server.
package token

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Tokenizer splits text into the tokens of one vocabulary. The special tokens
// that a model's template puts around a text are not counted; those written in
// the text are. It may be used by several goroutines.
//
// Bytes of a text that are not UTF-8 count as U+FFFD, which is what JSON makes of
// them on the way to a server.
type Tokenizer struct {
	name    string
	encoder encoder
	words   vocabulary
}

// An encoder knows how one vocabulary splits valid UTF-8.
type encoder interface {
	count(text string) (int, error)
	encode(text string) ([]int, error)
}

// Name is the vocabulary's name.
func (t *Tokenizer) Name() string { return t.name }

// Count is the number of tokens of text. It can fail for a tokenizer that asks a
// server, and for a text or a vocabulary made to cost too much time or memory.
func (t *Tokenizer) Count(text string) (int, error) {
	n, err := t.encoder.count(validUTF8(text))
	if err != nil {
		return 0, fmt.Errorf("count tokens with %s: %w", t.name, err)
	}
	return n, nil
}

// Encode is the tokens of text. It fails when Count does.
func (t *Tokenizer) Encode(text string) ([]int, error) {
	ids, err := t.encoder.encode(validUTF8(text))
	if err != nil {
		return nil, fmt.Errorf("encode with %s: %w", t.name, err)
	}
	return ids, nil
}

// Text makes English words that are exactly n tokens. The words depend on rng
// alone. Texts joined by a single space have as many tokens as they have apart.
// It fails if the vocabulary has too few words that are one token each.
func (t *Tokenizer) Text(n int, rng *rand.Rand) (string, error) {
	if n <= 0 {
		return "", nil
	}
	if err := t.words.err; err != nil {
		return "", fmt.Errorf("make text with %s: %w", t.name, err)
	}
	var b strings.Builder
	b.Grow(8 * n)
	b.WriteString(t.words.first[rng.IntN(len(t.words.first))])
	for range n - 1 {
		b.WriteByte(' ')
		b.WriteString(t.words.rest[rng.IntN(len(t.words.rest))])
	}
	return b.String(), nil
}

// validUTF8 puts U+FFFD in the place of each byte that is not UTF-8.
func validUTF8(s string) string {
	for _, r := range s {
		if r == '\uFFFD' {
			return string([]rune(s))
		}
	}
	return s
}
