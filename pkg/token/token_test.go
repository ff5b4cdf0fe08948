package token

import (
	"math/rand/v2"
	"testing"
)

func builtin(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func count(t testing.TB, tok *Tokenizer, text string) int {
	t.Helper()
	n, err := tok.Count(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func makeText(t testing.TB, tok *Tokenizer, n int, rng *rand.Rand) string {
	t.Helper()
	text, err := tok.Text(n, rng)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCount(t *testing.T) {
	t.Parallel()
	tok := builtin(t)
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"hello", 1},
		{"hello world", 2},
		{"The quick brown fox jumps over the lazy dog.", 10},
	} {
		if got, err := tok.Count(c.text); err != nil || got != c.want {
			t.Errorf("Count(%q) = %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func TestTextHasExactlyNTokens(t *testing.T) {
	t.Parallel()
	tok := builtin(t)
	if len(tok.words.rest) < 500 {
		t.Fatalf("only %d words are one token each", len(tok.words.rest))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 10, 550, 5000} {
		for range 5 {
			if got := count(t, tok, makeText(t, tok, n, rng)); got != n {
				t.Errorf("Text(%d) has %d tokens", n, got)
			}
		}
	}
}

func TestTextDependsOnTheSeedAlone(t *testing.T) {
	t.Parallel()
	tok := builtin(t)
	text := func(seed uint64) string { return makeText(t, tok, 20, rand.New(rand.NewPCG(seed, 0))) }
	if first, again := text(1), text(1); first != again {
		t.Error("the same seed gave two texts")
	}
	if text(1) == text(2) {
		t.Error("two seeds gave the same text")
	}
}
