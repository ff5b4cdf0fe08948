package token

import "strings"

// wordSet is Oniguruma's \w without its brackets: letters, marks, decimal digits,
// connectors, and some numbers and letters in circles and squares.
var wordSet = "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}²³¹¼-¾\u24B6-\u24E9\U0001F130-\U0001F149\U0001F150-\U0001F169\U0001F170-\U0001F189" +
	newerSet("L") + newerSet("M") + newerSet("Nd")

// categories are the Unicode properties that both know by these names.
const categories = " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp " +
	"Han Hiragana Katakana Hangul Latin Cyrillic Greek Arabic Hebrew Thai Devanagari "

// escape reads a backslash and what it makes special, outside of a set.
func (t *translator) escape() (repeatable bool, err error) {
	if t.pos+1 < len(t.in) {
		switch c := t.in[t.pos+1]; c {
		case 'A', 'z':
			t.pos += 2
			t.out.WriteString(`\` + string(c))
			return false, nil
		case 'w', 'W':
			t.pos += 2
			t.out.WriteString(map[byte]string{'w': "[", 'W': "[^"}[c] + wordSet + "]")
			return true, nil
		}
	}
	class, r, err := t.escaped()
	if err != nil {
		return false, err
	}
	switch {
	case class == "":
		return true, t.literal(r)
	case class[1] == 'P' || class[1] == 'D':
		class = "[^" + inSet(strings.ToLower(class[:2])+class[2:]) + "]"
	case class[1] == 'p' || class[1] == 'd':
		class = "[" + inSet(class) + "]"
	}
	t.out.WriteString(class)
	return true, nil
}

// inSet is a class as part of a set: \p and \d with the characters that are too new
// for Go. (\P and \D in a set can't go without them.)
func inSet(class string) string {
	switch {
	case strings.HasPrefix(class, `\p{`):
		return class + newerSet(class[3:len(class)-1])
	case class == `\d`:
		return class + newerSet("Nd")
	}
	return class
}

// escaped reads an escape that a set may have too: a class, or one character.
func (t *translator) escaped() (class string, r rune, err error) {
	if t.pos+1 >= len(t.in) {
		return "", 0, t.unknown(1)
	}
	c := t.in[t.pos+1]
	switch {
	case strings.IndexByte("sSdD", c) >= 0:
		t.pos += 2
		return `\` + string(c), 0, nil
	case c == 'p' || c == 'P':
		end := strings.IndexByte(t.in[t.pos:], '}')
		if end < 4 || t.in[t.pos+2] != '{' || !strings.Contains(categories, " "+t.in[t.pos+3:t.pos+end]+" ") {
			return "", 0, t.unknown(max(end+1, 3))
		}
		class = t.in[t.pos : t.pos+end+1]
		t.pos += end + 1
		return class, 0, nil
	case strings.IndexByte("rntfv", c) >= 0:
		t.pos += 2
		return "", map[byte]rune{'r': '\r', 'n': '\n', 't': '\t', 'f': '\f', 'v': '\v'}[c], nil
	case c == 'x' || c == 'u':
		return t.hex()
	case c >= 0x80 || c < ' ' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z':
		return "", 0, t.unknown(2)
	}
	t.pos += 2
	return "", rune(c), nil
}

// hex reads \xHH of ASCII, \uHHHH or \x{H…}.
func (t *translator) hex() (class string, r rune, err error) {
	rest := t.in[t.pos+2:]
	digits, n := "", 0
	switch {
	case strings.HasPrefix(rest, "{") && strings.IndexByte(rest, '}') > 0:
		n = strings.IndexByte(rest, '}') + 1
		digits = rest[1 : n-1]
	case t.in[t.pos+1] == 'x' && len(rest) >= 2:
		digits, n = rest[:2], 2
	case t.in[t.pos+1] == 'u' && len(rest) >= 4:
		digits, n = rest[:4], 4
	}
	for _, d := range digits {
		v := strings.IndexRune("0123456789abcdef", d|0x20)
		if v < 0 || r > 0xFFFF || d < '0' {
			return "", 0, t.unknown(2 + n)
		}
		r = r<<4 | rune(v)
	}
	bad := digits == "" || r > 0x10FFFF || 0xD800 <= r && r < 0xE000
	if bad || n == 2 && r >= 0x80 || t.in[t.pos+1] == 'u' && rest[0] == '{' {
		return "", 0, t.unknown(2 + n)
	}
	t.pos += 2 + n
	return "", r, nil
}
