package openai

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// A scanner walks over one JSON text without allocating. It is as strict as
// encoding/json about what is JSON; once it has met something that it cannot
// take, bad is set and everything it gives is meaningless.
type scanner struct {
	b   []byte
	i   int
	bad bool
}

// maxDepth bounds the recursion of skip.
const maxDepth = 100

// peek gives the next byte that is no white space, and 0 at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	return s.space()
}

func (s *scanner) space() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) fail() { s.bad, s.i = true, len(s.b) }

// open steps into an object or array and tells whether it has anything in it.
func (s *scanner) open(left, right byte) bool {
	if !s.take(left) {
		s.fail()
		return false
	}
	return !s.take(right)
}

// more steps over the comma after an element, or the closing bracket.
func (s *scanner) more(right byte) bool {
	switch s.peek() {
	case ',':
		s.i++
		return true
	case right:
		s.i++
		return false
	}
	s.fail()
	return false
}

// key reads an object's next key and its colon. Keys with escapes are refused.
func (s *scanner) key() []byte {
	k, plain := s.text()
	if !plain || !s.take(':') {
		s.fail()
	}
	return k
}

// other steps over the value of a key that is not looked at. A key that
// encoding/json, which looks at no case, might take for one that is known is
// refused.
func (s *scanner) other(key []byte) {
	for _, c := range key {
		// Capitals, and no ASCII: ſ and K (the unit) fold to s and k.
		if c-'A' < 26 || c >= 0x80 {
			if known(key) {
				s.fail()
			}
			break
		}
	}
	s.skip(0)
}

// text reads a string and gives what is between its quotes, as it stands there;
// plain tells that no escape is in it.
func (s *scanner) text() (raw []byte, plain bool) {
	if !s.take('"') {
		s.fail()
		return nil, false
	}
	return s.within()
}

// within is text behind the opening quote.
func (s *scanner) within() (raw []byte, plain bool) {
	from := s.i
	s.i += ordinary(s.b[from:])
	if s.i < len(s.b) && s.b[s.i] == '"' {
		s.i++
		return s.b[from : s.i-1], true
	}
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1], false
		case c == '\\':
			s.escape()
		default: // a control character
			s.fail()
			return nil, false
		}
		s.i += ordinary(s.b[s.i:])
	}
	s.fail()
	return nil, false
}

// ordinary counts the bytes before the first quote, backslash or control
// character, eight at a time: for a byte x, (x - n) &^ x has its top bit set if
// x < n, and x ^ c is less than 1 if x is c. A borrow may set that bit for a
// byte behind the first one, never before it.
func ordinary(b []byte) int {
	const each = 0x0101010101010101
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^('"'*each), x^('\\'*each)
		hit := ((x-' '*each)&^x | (quote-each)&^quote | (slash-each)&^slash) & (0x80 * each)
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] < ' ' || b[i] == '"' || b[i] == '\\' {
			break
		}
	}
	return i
}

func (s *scanner) escape() {
	rest := s.b[s.i+1:]
	switch {
	case len(rest) == 0:
		s.fail()
	case strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		s.i += 2
	case rest[0] == 'u' && len(rest) > 4 && isHex(rest[1]) && isHex(rest[2]) && isHex(rest[3]) && isHex(rest[4]):
		s.i += 6
	default:
		s.fail()
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// null steps over a null.
func (s *scanner) null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.literal("null")
	return true
}

func (s *scanner) literal(w string) {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		s.fail()
		return
	}
	s.i += len(w)
}

// skip steps over a value of any kind.
func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail()
		return
	}
	switch c := s.peek(); {
	case c == '"':
		s.i++
		s.within()
	case c == '{':
		for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
			s.text()
			if !s.take(':') {
				s.fail()
			}
			s.skip(depth + 1)
		}
	case c == '[':
		for ok := s.open('[', ']'); ok && !s.bad; ok = s.more(']') {
			s.skip(depth + 1)
		}
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// next gives the byte at hand, white space included, and 0 at the end.
func (s *scanner) next() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits() {
	from := s.i
	for s.i < len(s.b) && isDigit(s.b[s.i]) {
		s.i++
	}
	if s.i == from {
		s.fail()
	}
}

func (s *scanner) number() {
	if s.next() == '-' {
		s.i++
	}
	if s.next() == '0' {
		s.i++
	} else {
		s.digits()
	}
	if s.next() == '.' {
		s.i++
		s.digits()
	}
	if s.next()|0x20 == 'e' {
		s.i++
		if c := s.next(); c == '+' || c == '-' {
			s.i++
		}
		s.digits()
	}
}
