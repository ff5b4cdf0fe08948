package page

import (
	"math"
	"strconv"

	"aiperf/pkg/record"
)

// values are numbers to six digits, of which a chart shows three; null for what
// is not finite.
type values []float64

// MarshalJSON writes an array.
func (v values) MarshalJSON() ([]byte, error) {
	return array(len(v), func(b []byte, i int) []byte { return appendNumber(b, v[i], 'g', 6) }), nil
}

// seconds are to a microsecond; null for what is not finite.
type seconds []float64

// MarshalJSON writes an array.
func (s seconds) MarshalJSON() ([]byte, error) {
	return array(len(s), func(b []byte, i int) []byte {
		// Shorter than with six decimals, and the same number.
		return appendNumber(b, math.Round(s[i]*1e6)/1e6, 'f', -1)
	}), nil
}

// counts are whole numbers; null for what is negative.
type counts []int32

// MarshalJSON writes an array.
func (c counts) MarshalJSON() ([]byte, error) {
	return array(len(c), func(b []byte, i int) []byte {
		if c[i] < 0 {
			return append(b, "null"...)
		}
		return strconv.AppendInt(b, int64(c[i]), 10)
	}), nil
}

func appendNumber(b []byte, x float64, format byte, digits int) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, x, format, digits, 64)
}

func array(n int, add func([]byte, int) []byte) []byte {
	b := make([]byte, 0, 8*n+2)
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, i)
	}
	return append(b, ']')
}

// finite is x, or nothing if JSON has no way to say it.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// since are instants as seconds from another.
func since(origin record.Time, list []record.Time) seconds {
	s := make(seconds, len(list))
	for i, t := range list {
		s[i] = t.Sub(origin)
	}
	return s
}
