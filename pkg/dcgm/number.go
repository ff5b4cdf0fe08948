package dcgm

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// pow10 holds the powers of ten that a float64 has exactly.
var pow10 = [23]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// number reads a usual number and the newline behind it, n bytes in all. Zero n
// says that b begins with something else, which may yet be a number: see tail.
//
// The result is strconv.ParseFloat's, because digits that fit into 53 bits and
// a power of ten up to 22 are exact, and one operation on them rounds once
// (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
func number(b []byte) (v float64, n int) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		n = 1
	}
	m, i := digits(b, n, 0)
	count, exp := i-n, 0
	if count == 0 {
		return 0, 0
	}
	if i < len(b) && b[i] == '.' {
		from := i + 1
		m, i = digits(b, from, m)
		if i == from {
			return 0, 0
		}
		exp = from - i
		count += i - from
	}
	if count > 18 || m >= 1<<53 {
		return 0, 0
	}
	if i < len(b) && b[i] == 'e' {
		e, end := exponent(b, i+1)
		if end == 0 {
			return 0, 0
		}
		exp, i = exp+e, end
	}
	if i == len(b) || b[i] != '\n' || exp < -22 || exp > 22 {
		return 0, 0
	}
	switch v = float64(m); {
	case exp < 0:
		v /= pow10[-exp]
	case exp > 0:
		v *= pow10[exp]
	}
	if neg {
		v = -v
	}
	return v, i + 1
}

// digits adds the digits of b from i on to m. More than 19 of them overflow.
func digits(b []byte, i int, m uint64) (uint64, int) {
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			break
		}
		m = m*10 + uint64(c)
	}
	return m, i
}

// exponent reads "+08" and the like; zero end says that it is none.
func exponent(b []byte, i int) (e, end int) {
	neg := false
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		neg = b[i] == '-'
		i++
	}
	m, end := digits(b, i, 0)
	if end == i || end > i+3 {
		return 0, 0
	}
	if neg {
		return -int(m), end
	}
	return int(m), end
}

var errTimestamp = errors.New("what stands after the value is no timestamp")

// tail reads what stands after a sample's labels, up to the line's end: a
// value and perhaps a timestamp, which is passed over. What it takes, and for
// what, is what expfmt does.
func tail(b []byte) (float64, error) {
	token, rest := b, []byte(nil)
	if i := bytes.IndexAny(b, " \t"); i >= 0 {
		token, rest = b[:i], bytes.TrimLeft(b[i:], " \t")
	}
	bad := bytes.ContainsAny(token, "pP_")
	v, err := strconv.ParseFloat(string(token), 64)
	if bad || err != nil {
		return 0, fmt.Errorf("expected float as value, got %q", token[:min(len(token), badText)])
	}
	if rest != nil {
		if _, err := strconv.ParseInt(string(rest), 10, 64); err != nil {
			return 0, errTimestamp
		}
	}
	return v, nil
}
