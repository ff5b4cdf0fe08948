package token

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// set reads a set in brackets. Sets within sets, intersections (&&) and POSIX
// classes are not known.
func (t *translator) set() error {
	t.pos++
	t.out.WriteByte('[')
	if t.accept("^") {
		t.out.WriteByte('^')
	}
	for empty := true; ; empty = false {
		switch {
		case t.pos >= len(t.in):
			return fmt.Errorf("a ] is missing")
		case t.peek() == '[' || strings.HasPrefix(t.in[t.pos:], "&&"):
			return t.unknown(2)
		case t.peek() == ']' && empty:
			return t.unknown(1)
		case t.accept("]"):
			t.out.WriteByte(']')
			return nil
		}
		if err := t.member(); err != nil {
			return err
		}
	}
}

// member reads a class, a character, or a range of characters of a set.
func (t *translator) member() error {
	class, low, err := t.setChar()
	if err != nil {
		return err
	}
	if class != "" {
		if t.peek() == '-' && !strings.HasPrefix(t.in[t.pos:], "-]") {
			return t.unknown(2)
		}
		t.out.WriteString(inSet(class))
		return nil
	}
	high := low
	if t.peek() == '-' && !strings.HasPrefix(t.in[t.pos:], "-]") {
		if low == '-' {
			return t.unknown(2)
		}
		t.pos++
		if class, high, err = t.setChar(); err != nil {
			return err
		}
		if class != "" || high < low {
			return fmt.Errorf("the range that begins with %q is not known", low)
		}
	}
	if t.anyCase {
		return t.memberCases(low, high)
	}
	t.out.WriteString(quote(low))
	if high > low {
		t.out.WriteString("-" + quote(high))
	}
	return nil
}

// memberCases writes a range in both cases.
func (t *translator) memberCases(low, high rune) error {
	if high >= utf8.RuneSelf {
		return fmt.Errorf("%q without regard to case is not known", high)
	}
	for r := low; r <= high; r++ {
		cases := []rune{'f', 'F'} // a set has no ligatures
		if r != 'f' && r != 'F' {
			var err error
			if cases, err = bothCases(r); err != nil {
				return err
			}
		}
		for _, c := range cases {
			t.out.WriteString(quote(c))
		}
	}
	return nil
}

// setChar reads a class or one character of a set.
func (t *translator) setChar() (class string, r rune, err error) {
	if t.peek() == '\\' {
		if t.pos+1 < len(t.in) && t.in[t.pos+1] == 'w' {
			t.pos += 2
			return wordSet, 0, nil
		}
		return t.escaped()
	}
	if t.pos >= len(t.in) || t.peek() == '[' {
		return "", 0, t.unknown(1)
	}
	r, size := utf8.DecodeRuneInString(t.in[t.pos:])
	t.pos += size
	return "", r, nil
}
