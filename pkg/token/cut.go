package token

import (
	"strings"
	"unicode/utf8"
)

const spaceMark = "▁" // U+2581, which stands for a space in some vocabularies

// cutter makes a step that cuts a piece where its tokens must end, before a space
// mark, so that words are encoded, and remembered, one by one; the tokens stay the
// same. A vocabulary without a pre-tokenizer would otherwise encode a whole text in
// one piece. It is nil if the model doesn't allow it.
func (m *bpe) cutter(vocab map[string]int32) step {
	_, ok := vocab[spaceMark]
	if !ok || m.byteLevel || m.whole != nil || m.prefix != "" || m.suffix != "" {
		return nil
	}
	// A merge across the mark would make a token with the mark behind the
	// character before it.
	crossed := map[rune]bool{}
	for token := range vocab {
		for i := 1; i < len(token); i++ {
			if strings.HasPrefix(token[i:], spaceMark) {
				r, _ := utf8.DecodeLastRuneInString(token[:i])
				crossed[r] = true
			}
		}
	}
	ends := func(before string) bool {
		r, size := utf8.DecodeLastRuneInString(before)
		// A character that is not in the vocabulary becomes tokens that are
		// spelled otherwise.
		_, known := m.char[before[len(before)-size:]]
		return known && !crossed[r] && r != '▁'
	}
	return func(in piece, out []piece) ([]piece, error) {
		start := 0
		for i := 1; ; {
			n := strings.Index(in.text[i:], spaceMark)
			if n < 0 {
				break
			}
			if i += n; ends(in.text[start:i]) {
				out = append(out, piece{in.text[start:i], in.first && start == 0})
				start = i
			}
			i += len(spaceMark)
		}
		return append(out, piece{in.text[start:], in.first && start == 0}), nil
	}
}
