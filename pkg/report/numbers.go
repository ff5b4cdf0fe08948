package report

import (
	"bytes"
	"math"
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
