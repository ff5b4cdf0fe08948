package openai

import (
	"math/bits"
	"unicode/utf8"
)

// quote appends a JSON string. Like encoding/json it makes U+FFFD of each byte
// that is not UTF-8; it leaves <, > and & alone.
func quote(b []byte, s string) []byte {
	return append(escape(append(b, '"'), s), '"')
}

const hexDigits = "0123456789abcdef"

// escape appends s as it stands between the quotes of a JSON string.
func escape(b []byte, s string) []byte {
	from := 0
	for i := ascii(s); i < len(s); i += ascii(s[i:]) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(b, s[from:]...)
}

// ascii counts the bytes before the first that has to be escaped or is no
// ASCII, eight at a time, as ordinary does.
func ascii(s string) int {
	const each = 0x0101010101010101
	i := 0
	for ; i+8 <= len(s); i += 8 {
		e := s[i : i+8]
		x := uint64(e[0]) | uint64(e[1])<<8 | uint64(e[2])<<16 | uint64(e[3])<<24 | uint64(e[4])<<32 | uint64(e[5])<<40 | uint64(e[6])<<48 | uint64(e[7])<<56
		quote, slash := x^('"'*each), x^('\\'*each)
		hit := (x | (x - ' '*each) | (quote-each)&^quote | (slash-each)&^slash) & (0x80 * each)
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}
