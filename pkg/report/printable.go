package report

import (
	"strings"
	"unicode"
)

// printable is text that servers and exporters wrote, made fit for a terminal and for
// one line: control characters, which could move the cursor or set colours, are
// shown by their pictures, what ends a line or turns the direction of writing is
// a space.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Bidi_Control, r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case r < 0x20:
			return '␀' + r
		case unicode.IsControl(r):
			return '␡'
		}
		return r
	}, s)
}
