package record

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// valid is json.Valid at some four times its speed, which is what most of a
// merge's time would go to. A fuzz test holds it to json.Valid's answer.
func valid(b []byte) bool {
	i := space(b, 0)
	i, ok := value(b, i, 0)
	if ok == deep {
		return json.Valid(b)
	}
	return ok == yes && space(b, i) == len(b)
}

// validFrom is valid for what begins with an object whose first members, up to
// the comma or brace at i, are known to be.
func validFrom(b []byte, i int) bool {
	end, ok := i+1, yes
	if b[i] == ',' {
		end, ok = members(b, space(b, i+1), 1)
	}
	if ok == deep {
		return json.Valid(b)
	}
	return ok == yes && space(b, end) == len(b)
}

type answer byte

const (
	no   answer = iota
	yes         // and what follows begins at the index beside it
	deep        // nested deeper than deepest; json.Valid has a limit of its own
)

const deepest = 100

// value reads the JSON value that begins at i.
func value(b []byte, i, depth int) (int, answer) {
	if i >= len(b) {
		return i, no
	}
	switch c := b[i]; {
	case c == '"':
		return text(b, i+1)
	case c == '-' || '0' <= c && c <= '9':
		return number(b, i)
	case c == '{':
		return object(b, i+1, depth+1)
	case c == '[':
		return array(b, i+1, depth+1)
	case c == 't':
		return word(b, i, "true")
	case c == 'f':
		return word(b, i, "false")
	case c == 'n':
		return word(b, i, "null")
	}
	return i, no
}

func word(b []byte, i int, w string) (int, answer) {
	if len(b)-i < len(w) || string(b[i:i+len(w)]) != w {
		return i, no
	}
	return i + len(w), yes
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// object reads what follows a brace.
func object(b []byte, i, depth int) (int, answer) {
	if depth > deepest {
		return i, deep
	}
	i = space(b, i)
	if i < len(b) && b[i] == '}' {
		return i + 1, yes
	}
	return members(b, i, depth)
}

// members reads at least one member of an object, and its closing brace.
func members(b []byte, i, depth int) (int, answer) {
	for {
		if i >= len(b) || b[i] != '"' {
			return i, no
		}
		var ok answer
		if i, ok = text(b, i+1); ok != yes {
			return i, ok
		}
		i = space(b, i)
		if i >= len(b) || b[i] != ':' {
			return i, no
		}
		if i, ok = value(b, space(b, i+1), depth); ok != yes {
			return i, ok
		}
		i = space(b, i)
		switch {
		case i >= len(b):
			return i, no
		case b[i] == '}':
			return i + 1, yes
		case b[i] != ',':
			return i, no
		}
		i = space(b, i+1)
	}
}

// array reads what follows a bracket.
func array(b []byte, i, depth int) (int, answer) {
	if depth > deepest {
		return i, deep
	}
	i = space(b, i)
	if i < len(b) && b[i] == ']' {
		return i + 1, yes
	}
	for {
		var ok answer
		if i, ok = value(b, i, depth); ok != yes {
			return i, ok
		}
		i = space(b, i)
		switch {
		case i >= len(b):
			return i, no
		case b[i] == ']':
			return i + 1, yes
		case b[i] != ',':
			return i, no
		}
		i = space(b, i+1)
	}
}

// number reads a number; digits do most of the work.
func number(b []byte, i int) (int, answer) {
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b) || b[i] < '0' || b[i] > '9':
		return i, no
	case b[i] == '0':
		i++
	default:
		i = digits(b, i+1)
	}
	if i < len(b) && b[i] == '.' {
		from := i + 1
		if i = digits(b, from); i == from {
			return i, no
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from := i
		if i = digits(b, from); i == from {
			return i, no
		}
	}
	return i, yes
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, in the high bit of each byte of x, those that end a plain
// stretch of a string: quotes, backslashes and control characters. A mark above
// the lowest one may be false, for borrows go upwards; the lowest is true.
func special(x uint64) uint64 {
	quote, slash := x^(ones*'"'), x^(ones*'\\')
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & highs
}

// text reads what follows the quote that begins a string. As in json.Valid its
// bytes need not be UTF-8.
func text(b []byte, i int) (int, answer) {
	for {
		for i+8 <= len(b) {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return i, no
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, yes
		case c < ' ':
			return i, no
		case c != '\\':
			i++ // near the end of b
			continue
		}
		n := escape(b[i+1:])
		if n == 0 {
			return i, no
		}
		i += 1 + n
	}
}

// escape is the length of the escape sequence behind a backslash; 0 if it is
// none.
func escape(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(b) < 5 {
			return 0
		}
		for _, c := range b[1:5] {
			if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return 0
			}
		}
		return 5
	}
	return 0
}
