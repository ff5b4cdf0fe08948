package token

import (
	"fmt"

	"github.com/tiktoken-go/tokenizer"
)

// Builtin is the o200k_base vocabulary, which is part of the program. It knows no
// special tokens: their spelling is text.
func Builtin() (*Tokenizer, error) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return nil, fmt.Errorf("load the o200k_base vocabulary: %w", err)
	}
	enc := tiktoken{codec}
	return &Tokenizer{name: "o200k_base", encoder: enc, words: chooseWords(enc)}, nil
}

// tiktoken encodes with the library that has the vocabulary.
type tiktoken struct{ codec tokenizer.Codec }

func (t tiktoken) count(text string) (int, error) { return t.codec.Count(text) }

func (t tiktoken) encode(text string) ([]int, error) {
	ids, _, err := t.codec.Encode(text)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = int(id)
	}
	return out, nil
}

// independent: the split pattern ends a piece before each space that a letter
// follows, and no token reaches from one piece into the next.
func (t tiktoken) independent([]string) bool { return true }
