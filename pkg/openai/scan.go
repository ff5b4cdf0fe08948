package openai

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
	if s.take(',') {
		return true
	}
	if !s.take(right) {
		s.fail()
	}
	return false
}

// key reads an object's next key and its colon. Keys with escapes are refused,
// and so are those that encoding/json, which looks at no case, might take for
// one of the known keys though they are not spelled like it.
func (s *scanner) key() []byte {
	if !s.take('"') {
		s.fail()
		return nil
	}
	from := s.i
	var odd byte
	for s.i < len(s.b) {
		c := keyBytes[s.b[s.i]]
		odd |= c
		if c == stop {
			break
		}
		s.i++
	}
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		s.fail()
		return nil
	}
	k := s.b[from:s.i]
	s.i++
	if odd&fold != 0 && known(k) || !s.take(':') {
		s.fail()
	}
	return k
}

// What a byte is in a key: odd bytes are those that another case might be of.
const (
	stop = 1 << iota // ends the key, or is not allowed in it
	fold             // a capital, or no ASCII: ſ and K (the unit) fold to s and k
)

var keyBytes = func() (class [256]byte) {
	for c := range class {
		switch {
		case c < ' ' || c == '"' || c == '\\':
			class[c] = stop
		case 'A' <= c && c <= 'Z' || c >= 0x80:
			class[c] = fold
		}
	}
	return class
}()

// text reads a string and gives what is between its quotes, as it stands there;
// plain tells that no escape is in it.
func (s *scanner) text() (raw []byte, plain bool) {
	if !s.take('"') {
		s.fail()
		return nil, false
	}
	from := s.i
	plain = true
	for {
		s.i += ordinary(s.b[s.i:])
		if s.i >= len(s.b) {
			break
		}
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1], plain
		case c == '\\':
			plain = false
			s.escape()
		default: // a control character
			s.fail()
		}
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
	case bytes.IndexByte([]byte(`"\/bfnrt`), rest[0]) >= 0:
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
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
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
		s.text()
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

func (s *scanner) digits() {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == from {
		s.fail()
	}
}

func (s *scanner) at(set string) bool {
	return s.i < len(s.b) && bytes.IndexByte([]byte(set), s.b[s.i]) >= 0
}

func (s *scanner) number() {
	if s.at("-") {
		s.i++
	}
	if s.at("0") {
		s.i++
	} else {
		s.digits()
	}
	if s.at(".") {
		s.i++
		s.digits()
	}
	if s.at("eE") {
		s.i++
		if s.at("+-") {
			s.i++
		}
		s.digits()
	}
}
