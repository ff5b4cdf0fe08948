package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isWord is \w of Unicode: letters, marks, decimal digits, connectors, joiners.
func isWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic,
		unicode.Join_Control, newerUpper, newerLower, newerOther, newerMark, newerNumber)
}

func isNumeric(r rune) bool { return unicode.In(r, unicode.N, newerNumber) }

// isPunctuation is ASCII's punctuation, some of which are symbols to Unicode, and
// Unicode's.
func isPunctuation(r rune) bool {
	return oldPunctuation(r) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}

// byteChars are the characters that stand for bytes in byte-level vocabularies:
// printable ones of Latin-1 for themselves, the others in order from U+0100 on.
var byteChars = func() (t [256]string) {
	next := rune(256)
	for b := range rune(256) {
		if '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xFF && b != 0xAD {
			t[b] = string(b)
			continue
		}
		t[b] = string(next)
		next++
	}
	return t
}()

// charBytes is byteChars the other way round.
var charBytes = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	for b, c := range byteChars {
		r, _ := utf8.DecodeRuneInString(c)
		m[r] = byte(b)
	}
	return m
}()

func toByteChars(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(byteChars[s[i]])
	}
	return b.String()
}

// fromByteChars is the bytes that s stands for, if all its characters do.
func fromByteChars(dst []byte, s string) ([]byte, bool) {
	for _, r := range s {
		b, ok := charBytes[r]
		if !ok {
			return dst, false
		}
		dst = append(dst, b)
	}
	return dst, true
}
