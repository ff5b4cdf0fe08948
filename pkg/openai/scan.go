package openai

import "bytes"

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

func (s *scanner) peek() byte {
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

// key reads an object's next key and its colon. Keys with escapes are refused.
func (s *scanner) key() []byte {
	k, plain := s.text()
	if !plain || !s.take(':') {
		s.fail()
	}
	return k
}

// text reads a string and gives what is between its quotes, as it stands there;
// plain tells that no escape is in it.
func (s *scanner) text() (raw []byte, plain bool) {
	if !s.take('"') {
		s.fail()
		return nil, false
	}
	from := s.i
	plain = true
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1], plain
		case c == '\\':
			plain = false
			s.escape()
		case c < ' ':
			s.fail()
		default:
			s.i++
		}
	}
	s.fail()
	return nil, false
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
	s.word("null")
	return true
}

func (s *scanner) word(w string) {
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
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
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
