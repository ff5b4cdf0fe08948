package token

import (
	"fmt"
	"strings"

	"github.com/dlclark/regexp2/v2"
)

// The patterns that common vocabularies have, and the scanners that do the same.
const (
	patternQwen   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	patternLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	patternGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	patternO200K  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

var scanners = map[string]scanner{
	patternQwen:   scanCL100K(1),
	patternLlama3: scanCL100K(3),
	patternGPT2:   scanGPT2,
	patternO200K:  scanO200K,
}

// compile reads a regular expression as a tokenizer.json has it.
func compile(expr string) (pattern, error) {
	if scan, ok := scanners[expr]; ok {
		return scan.pattern, nil
	}
	re, err := compileRegexp(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern %.200q: %w", expr, err)
	}
	return expression(re), nil
}

func compileRegexp(expr string) (*regexp2.Regexp, error) {
	net, err := translate(expr)
	if err != nil {
		return nil, err
	}
	return regexp2.Compile(net, regexp2.Multiline, regexp2.OptionMaxBacktrackingStackSize(matchStack))
}

const (
	maxPattern = 8 << 10 // bytes
	maxNesting = 32      // groups
	maxRepeat  = 1000
)

// A translator writes a pattern of Oniguruma's (Ruby) syntax, which Hugging Face
// files use, in .NET's, which regexp2 reads. What it does not know, or what the two
// may not see alike, is an error.
type translator struct {
	in      string
	pos     int
	out     strings.Builder
	anyCase bool
	depth   int
}

func translate(expr string) (string, error) {
	if len(expr) > maxPattern {
		return "", fmt.Errorf("longer than %d bytes", maxPattern)
	}
	t := &translator{in: expr}
	if err := t.alternatives(); err != nil {
		return "", err
	}
	if t.pos < len(t.in) {
		return "", t.unknown(1)
	}
	return t.out.String(), nil
}

// unknown is the error about the n bytes at the position.
func (t *translator) unknown(n int) error {
	return fmt.Errorf("%.20q at byte %d is not known", t.in[t.pos:min(t.pos+n, len(t.in))], t.pos)
}

func (t *translator) peek() byte {
	if t.pos < len(t.in) {
		return t.in[t.pos]
	}
	return 0
}

func (t *translator) accept(s string) bool {
	ok := strings.HasPrefix(t.in[t.pos:], s)
	if ok {
		t.pos += len(s)
	}
	return ok
}

// alternatives reads up to the end or a closing parenthesis.
func (t *translator) alternatives() error {
	for t.pos < len(t.in) && t.peek() != ')' {
		if t.accept("|") {
			t.out.WriteByte('|')
			continue
		}
		start := t.out.Len()
		repeatable, err := t.atom()
		if err != nil {
			return err
		}
		if err := t.repeats(start, repeatable); err != nil {
			return err
		}
	}
	return nil
}

// atom reads what one repetition would repeat.
func (t *translator) atom() (repeatable bool, err error) {
	switch c := t.peek(); c {
	case '(':
		return true, t.group()
	case '[':
		return true, t.set()
	case '\\':
		return t.escape()
	case '^', '$':
		t.pos++
		t.out.WriteByte(c)
		return false, nil
	case '.':
		t.pos++
		t.out.WriteByte(c)
		return true, nil
	case '*', '+', '?':
		return false, t.unknown(1)
	}
	for _, r := range t.in[t.pos:] {
		t.pos += len(string(r))
		return true, t.literal(r)
	}
	return false, nil
}

// literal writes a character, in both cases if case is ignored.
func (t *translator) literal(r rune) error {
	if !t.anyCase {
		t.out.WriteString(quote(r))
		return nil
	}
	cases, err := bothCases(r)
	if err != nil {
		return err
	}
	if len(cases) == 1 {
		t.out.WriteString(quote(r))
		return nil
	}
	t.out.WriteByte('[')
	t.out.WriteString(string(cases))
	t.out.WriteByte(']')
	return nil
}

// bothCases are the characters that equal r when case is ignored.
func bothCases(r rune) ([]rune, error) {
	switch {
	case r == 'f' || r == 'F':
		// ff, fi and fl are also ligatures, one character each, when case is ignored.
		return nil, fmt.Errorf("%q without regard to case is not known", r)
	case r == 's' || r == 'S':
		return []rune{'s', 'S', 'ſ'}, nil
	case r == 'k' || r == 'K':
		return []rune{'k', 'K', '\u212A'}, nil
	case 'a' <= r && r <= 'z':
		return []rune{r, r - 'a' + 'A'}, nil
	case 'A' <= r && r <= 'Z':
		return []rune{r, r - 'A' + 'a'}, nil
	case r < 0x80:
		return []rune{r}, nil
	}
	return nil, fmt.Errorf("%q without regard to case is not known", r)
}

// quote writes a character so that it stands for itself, in a set too.
func quote(r rune) string {
	switch {
	case r < ' ' || r == 0x7F:
		return fmt.Sprintf(`\x%02x`, r)
	case r == ' ' || r >= 0x80 || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '_':
		return string(r)
	}
	return `\` + string(r)
}

func (t *translator) group() error {
	if t.depth++; t.depth > maxNesting {
		return fmt.Errorf("groups nested more than %d deep", maxNesting)
	}
	open, was := "", t.anyCase
	switch {
	case t.accept("(?i:"):
		t.anyCase, open = true, "(?:"
	case t.accept("(?:"):
		open = "(?:"
	case t.accept("(?="), t.accept("(?!"), t.accept("(?>"):
		open = t.in[t.pos-3 : t.pos]
	case t.accept("(?<="), t.accept("(?<!"):
		open = t.in[t.pos-4 : t.pos]
	case strings.HasPrefix(t.in[t.pos:], "(?"):
		return t.unknown(4)
	default:
		t.pos++
		open = "(?:"
	}
	t.out.WriteString(open)
	if err := t.alternatives(); err != nil {
		return err
	}
	if !t.accept(")") {
		return fmt.Errorf("a ) is missing")
	}
	t.out.WriteByte(')')
	t.anyCase = was
	t.depth--
	return nil
}

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

// repeats reads the repetitions behind what was written from start on.
func (t *translator) repeats(start int, repeatable bool) error {
	for n := 0; ; n++ {
		from := t.pos
		simple := strings.IndexByte("*+?", t.peek()) >= 0 && t.pos < len(t.in)
		quantity := ""
		if simple {
			quantity = t.in[t.pos : t.pos+1]
			t.pos++
		} else if t.peek() == '{' {
			var err error
			if quantity, err = t.interval(); err != nil {
				return err
			}
		}
		if quantity == "" {
			return nil
		}
		if !repeatable || n == 4 {
			t.pos = from
			return t.unknown(1)
		}
		if n > 0 { // a repetition of a repetition
			t.wrap(start, "(?:")
		}
		t.out.WriteString(quantity)
		switch {
		case t.accept("?"):
			t.out.WriteByte('?')
			if !simple && !strings.Contains(quantity, ",") {
				return fmt.Errorf("%s? at byte %d is not known", quantity, from)
			}
		case simple && t.accept("+"): // possessive
			t.wrap(start, "(?>")
		}
	}
}

// wrap puts what was written from start on into a group.
func (t *translator) wrap(start int, open string) {
	all := t.out.String()
	t.out.Reset()
	t.out.WriteString(all[:start] + open + all[start:] + ")")
}

// interval reads {n}, {n,}, {,m} or {n,m}.
func (t *translator) interval() (string, error) {
	end := strings.IndexByte(t.in[t.pos:], '}')
	if end < 2 {
		return "", t.unknown(1)
	}
	text := t.in[t.pos+1 : t.pos+end]
	low, high, two := strings.Cut(text, ",")
	if low == "" && high == "" {
		return "", t.unknown(end + 1)
	}
	var bounds [2]int
	for i, s := range []string{low, high} {
		for _, d := range s {
			if d < '0' || d > '9' {
				return "", t.unknown(end + 1)
			}
			if bounds[i] = bounds[i]*10 + int(d-'0'); bounds[i] > maxRepeat {
				return "", fmt.Errorf("{%.20s}: more than %d repetitions", text, maxRepeat)
			}
		}
	}
	if high != "" && bounds[1] < bounds[0] {
		return "", t.unknown(end + 1)
	}
	t.pos += end + 1
	if !two {
		return fmt.Sprintf("{%d}", bounds[0]), nil
	}
	if high == "" {
		return fmt.Sprintf("{%d,}", bounds[0]), nil
	}
	return fmt.Sprintf("{%d,%d}", bounds[0], bounds[1]), nil
}
