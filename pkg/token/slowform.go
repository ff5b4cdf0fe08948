package token

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// slowForm is s in the normal form f, whatever the length of its runs of marks:
// decomposed, put in canonical order and, for NFC and NFKC, composed (Unicode
// Standard Annex 15).
func slowForm(f norm.Form, s string) string {
	decompose := norm.NFD
	if f == norm.NFKC || f == norm.NFKD {
		decompose = norm.NFKD
	}
	var out []rune
	for _, r := range s {
		out = append(out, []rune(decompose.String(string(r)))...)
	}
	order(out)
	if f == norm.NFC || f == norm.NFKC {
		out = compose(out)
	}
	return string(out)
}

// ccc is the canonical combining class.
func ccc(r rune) uint8 {
	if r < utf8.RuneSelf {
		return 0
	}
	return norm.NFD.PropertiesString(string(r)).CCC()
}

// order sorts each run of marks by class.
func order(rs []rune) {
	for i := 0; i < len(rs); {
		end := i
		for end < len(rs) && ccc(rs[end]) != 0 {
			end++
		}
		slices.SortStableFunc(rs[i:end], func(a, b rune) int { return int(ccc(a)) - int(ccc(b)) })
		i = end + 1
	}
}

// compose joins characters with the starter before them, in place, where no mark
// of the same or a higher class stands between.
func compose(rs []rune) []rune {
	out := rs[:0]
	starter, last := -1, uint8(0) // of out; class of what is behind the starter
	for _, r := range rs {
		class := ccc(r)
		if starter >= 0 && (len(out)-1 == starter || last != 0 && last < class) {
			if c, ok := pair(out[starter], r); ok {
				out[starter] = c
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		last = class
		out = append(out, r)
	}
	return out
}

// pair is the one character that a and b compose to, if there is one.
func pair(a, b rune) (rune, bool) {
	var sb strings.Builder
	sb.WriteRune(a)
	sb.WriteRune(b)
	c := norm.NFC.String(sb.String())
	r, size := utf8.DecodeRuneInString(c)
	return r, size == len(c)
}
