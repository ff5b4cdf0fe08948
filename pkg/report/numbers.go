package report

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"

	"aiperf/pkg/record"
)

// number is a finite number.
func number(v record.Value) (float64, bool) {
	m, places, ok := decimal(v)
	if ok && m < 1<<53 && places < len(tens) {
		return float64(m) / tens[places], true // exactly rounded: both are exact
	}
	return v.Number()
}

// loose is a number; NaN if it is none.
func loose(v record.Value) float64 {
	if x, ok := number(v); ok {
		return x
	}
	return math.NaN()
}

var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// decimal reads a number without sign and exponent, of at most 18 digits: m over
// ten to the power of places.
func decimal(b []byte) (m uint64, places int, ok bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, 0, false
	}
	point := -1
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			m = m*10 + uint64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return 0, 0, false
		}
	}
	if point >= 0 {
		places = len(b) - 1 - point
	}
	return m, places, true
}

// short64 reads seconds as they nearly always are, as in 0.009312: one digit, a
// point and one to eight more, before a comma or the end. It gives nanoseconds
// and the length; 0 for what is written otherwise. Most of a stream is that, so
// eight digits are read at once.
func short64(b []byte) (ns int64, n int) {
	if len(b) < 10 || b[1] != '.' || b[0]-'0' > 9 {
		return 0, 0
	}
	x := binary.LittleEndian.Uint64(b[2:])
	// A byte is a digit if its upper half is 3, with 6 added to it too.
	other := (x^0x3030303030303030)&0xf0f0f0f0f0f0f0f0 | ((x+0x0606060606060606)^0x3030303030303030)&0xf0f0f0f0f0f0f0f0
	digits := bits.TrailingZeros64(other) / 8
	if digits == 0 || 2+digits < len(b) && b[2+digits] != ',' {
		return 0, 0
	}
	// The digits go to the upper end, and are put together in pairs, fours and all.
	x = x << (64 - 8*digits) & 0x0f0f0f0f0f0f0f0f
	x = (x*10 + x>>8) & 0x00ff00ff00ff00ff
	x = (x*100 + x>>16) & 0x0000ffff0000ffff
	x = (x*10000 + x>>32) & 0xffffffff
	return int64(b[0]-'0')*1e9 + int64(x)*nano[digits], 2 + digits
}

// nano turns so many decimal places of a second into nanoseconds.
var nano = [...]int64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10}

// nanoseconds reads a number of seconds.
func nanoseconds(b []byte) (int64, bool) {
	x, err := strconv.ParseFloat(string(bytes.TrimSpace(b)), 64)
	if err != nil || math.Abs(x) > 2*maxGap {
		return math.MinInt64, err == nil
	}
	return int64(math.Round(x * 1e9)), true
}

// count is a number of tokens; −1 if it is none.
func count(v record.Value) int {
	m, places, ok := decimal(v)
	if !ok || places > 0 || m > math.MaxInt32 {
		return -1
	}
	return int(m)
}
