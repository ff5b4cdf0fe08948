package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestWordsAreOneToken(t *testing.T) {
	t.Parallel()
	merges := learn(strings.Fields(words))
	rank := map[[2]string]int{}
	for i, m := range merges {
		left, right, _ := strings.Cut(m, " ")
		rank[[2]string{left, right}] = i
	}
	for word := range strings.FieldsSeq(words) {
		for _, text := range []string{word, blank + word} {
			if parts := merge(text, rank); len(parts) != 1 {
				t.Errorf("%q is %q, want one token", text, parts)
			}
		}
	}
}

func TestVocabularyHasNoTokenTwice(t *testing.T) {
	t.Parallel()
	tokens, kinds := vocabulary(learn(strings.Fields(words)))
	if len(tokens) != len(kinds) {
		t.Errorf("%d tokens have %d kinds", len(tokens), len(kinds))
	}
	seen := map[string]int{}
	for i, token := range tokens {
		if before, ok := seen[token]; ok {
			t.Errorf("tokens %d and %d are both %q", before, i, token)
		}
		seen[token] = i
	}
}

func TestTheSameSeedGivesTheSameFile(t *testing.T) {
	t.Parallel()
	one, two, other := tiny(1).bytes(), tiny(1).bytes(), tiny(2).bytes()
	if !bytes.Equal(one, two) {
		t.Error("two files of one seed differ")
	}
	if bytes.Equal(one, other) {
		t.Error("files of two seeds are the same")
	}
	if !bytes.HasPrefix(one, []byte("GGUF\x03\x00\x00\x00")) || len(one)%alignment != 0 {
		t.Errorf("the file begins with %q and has %d bytes", one[:8], len(one))
	}
}
