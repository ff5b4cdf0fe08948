package token

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

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
	if !utf8.ValidString(expr) {
		return "", fmt.Errorf("not UTF-8")
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
	r, size := utf8.DecodeRuneInString(t.in[t.pos:])
	t.pos += size
	return true, t.literal(r)
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
	if len(cases) == 3 && r|0x20 == 's' && strings.IndexByte("sStT", t.peek()) >= 0 && t.pos < len(t.in) {
		// ss is also ß, and st a ligature, one character each.
		return fmt.Errorf("%q and %q without regard to case are not known", r, t.peek())
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
