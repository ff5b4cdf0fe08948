package prompt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// words is a tokenizer whose tokens are words.
type words struct{}

func (words) Name() string                   { return "words" }
func (words) Count(text string) (int, error) { return len(strings.Fields(text)), nil }

func (words) Text(n int, rng *rand.Rand) (string, error) {
	b := make([]byte, 0, 4*n)
	for range n {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		w := rng.Uint64()
		b = append(b, 'a'+byte(w%26), 'a'+byte(w>>8%26), 'a'+byte(w>>16%26))
	}
	return string(b), nil
}

// broken is a tokenizer that cannot make text after a while, nor count.
type broken struct {
	words
	left int
}

var errBroken = errors.New("out of words")

func (b *broken) Text(n int, rng *rand.Rand) (string, error) {
	if b.left--; b.left < 0 {
		return "", errBroken
	}
	return b.words.Text(n, rng)
}

func (b *broken) Count(string) (int, error) { return 0, errBroken }

// uncounted is a tokenizer that must not be asked to count.
type uncounted struct {
	words
	t testing.TB
}

func (u uncounted) Count(string) (int, error) {
	u.t.Error("text was tokenized")
	return 0, nil
}

// take is the first n conversations, the errors of rows among them, and the
// error that ended the sequence, if one did.
func take(n int, src Source) (all []Conversation, bad []string, end error) {
	for c, err := range src {
		if _, ok := errors.AsType[*LineError](err); ok {
			bad = append(bad, err.Error())
			continue
		}
		if err != nil {
			return all, bad, err
		}
		if all = append(all, c); len(all) == n {
			break
		}
	}
	return all, bad, nil
}

// must is the first n conversations of a sequence without errors.
func must(t testing.TB, n int, src Source) []Conversation {
	t.Helper()
	all, bad, err := take(n, src)
	if err != nil || bad != nil || len(all) != n {
		t.Fatalf("%d conversations, bad rows %q, error %v; want %d and no errors", len(all), bad, err, n)
	}
	return all
}

// tokens is what a turn adds, counted.
func tokens(t Turn) (n int) {
	all := append([]string{t.Query}, t.Texts...)
	if t.Messages != nil {
		all = nil
	}
	for _, m := range t.Messages {
		all = append(all, m.Content)
	}
	for _, s := range all {
		n += len(strings.Fields(s))
	}
	return n
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", what, d)
	}
}

// shardsMakeWhole checks that n conversations are the same in one piece and in
// shards, of both kinds.
func shardsMakeWhole(t *testing.T, n int, source func(Part) Source) {
	t.Helper()
	want, _, err := take(n, source(Part{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range []func(i int) Source{
		func(i int) Source { return source(Part{i, 3}) },
		func(i int) Source { return Shard(source(Part{}), i, 3) },
	} {
		got := make([]Conversation, len(want))
		for i := range 3 {
			mine := (len(want) - i + 2) / 3
			part, _, err := take(mine, shard(i))
			if err != nil || len(part) != mine {
				t.Fatalf("shard %d of 3 has %d conversations, want %d (%v)", i, len(part), mine, err)
			}
			for _, c := range part {
				got[c.Index] = c
			}
		}
		diff(t, "union of shards", want, got)
	}
}

func TestPartsAreChecked(t *testing.T) {
	t.Parallel()
	for _, p := range []Part{{3, 3}, {-1, 2}, {0, -1}, {1, 0}} {
		if _, _, err := take(1, Synthetic{In: Lengths{Mean: 1}, Part: p}.Source(words{})); err == nil {
			t.Errorf("%v is taken for a part", p)
		}
	}
}

func TestLineErrorNamesThePlace(t *testing.T) {
	t.Parallel()
	inner := errors.New("is wrong")
	for want, e := range map[string]*LineError{
		"a.jsonl:3: is wrong":         {File: "a.jsonl", Line: 3, Err: inner},
		"a.json: element 2: is wrong": {File: "a.json", Element: 2, Err: inner},
		"dataset:1: is wrong":         {Line: 1, Err: inner},
	} {
		diff(t, "error", want, e.Error())
		if !errors.Is(fmt.Errorf("more: %w", e), inner) {
			t.Errorf("%v does not wrap its reason", e)
		}
	}
}
