package record

import (
	"math"
	"strconv"
)

// Gaps are seconds between arrivals. Their text form has microseconds.
type Gaps []float64

// MarshalJSON writes each gap with at most six decimals and no exponent.
func (g Gaps) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 9*len(g)+2)
	b = append(b, '[')
	for i, x := range g {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, math.Round(x*1e6)/1e6, 'f', -1, 64)
	}
	return append(b, ']'), nil
}
