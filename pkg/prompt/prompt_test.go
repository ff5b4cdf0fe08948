package prompt

import (
	"iter"
	"math"
	"testing"

	"aiperf/pkg/token"

	"github.com/google/go-cmp/cmp"
)

func take(n int, seq iter.Seq[Prompt]) []Prompt {
	var all []Prompt
	for p := range seq {
		all = append(all, p)
		if len(all) == n {
			break
		}
	}
	return all
}

func tokenizer(t *testing.T) *token.Tokenizer {
	t.Helper()
	tok, err := token.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestSynthetic(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	s := Synthetic{Distinct: 3, In: Lengths{Mean: 40}, Out: &Lengths{Mean: 7}, Seed: 5}
	got := take(7, s.Prompts(tok))
	for i, p := range got {
		if n := tok.Count(p.Messages[0].Content); n != 40 || p.In != 40 || *p.Out != 7 {
			t.Errorf("prompt %d has %d tokens, In %d, Out %d; want 40, 40, 7", i, n, p.In, *p.Out)
		}
		if diff := cmp.Diff(got[i%3], p); diff != "" {
			t.Errorf("prompt %d is not the same as prompt %d:\n%s", i, i%3, diff)
		}
	}
	if got[0].Messages[0].Content == got[1].Messages[0].Content {
		t.Error("two prompts are the same")
	}
	more := s
	more.Distinct = 100
	if diff := cmp.Diff(got[:3], take(3, more.Prompts(tok))); diff != "" {
		t.Errorf("the first prompts depend on how many there are:\n%s", diff)
	}
	other := s
	other.Seed = 6
	if cmp.Equal(got[0], take(1, other.Prompts(tok))[0]) {
		t.Error("another seed gives the same prompt")
	}
}

func TestSyntheticLengthsAreNormal(t *testing.T) {
	t.Parallel()
	const n = 4000
	s := Synthetic{Distinct: n, In: Lengths{50, 10}}
	var sum, squares float64
	for _, p := range take(n, s.Prompts(tokenizer(t))) {
		sum += float64(p.In)
		squares += float64(p.In * p.In)
		if p.Out != nil {
			t.Fatal("an answer's length is asked for")
		}
	}
	mean := sum / n
	if sd := math.Sqrt(squares/n - mean*mean); math.Abs(mean-50) > 0.6 || math.Abs(sd-10) > 0.5 {
		t.Errorf("mean %.2f, standard deviation %.2f; want 50 ± 0.6 and 10 ± 0.5", mean, sd)
	}
	for _, p := range take(100, Synthetic{Distinct: 100, In: Lengths{1, 30}}.Prompts(tokenizer(t))) {
		if p.In < 1 {
			t.Errorf("a prompt of %d tokens", p.In)
		}
	}
}
