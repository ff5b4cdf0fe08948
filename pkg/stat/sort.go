package stat

import (
	"math"
	"slices"
)

// few is how many values a comparing sort is faster for.
const few = 1 << 10

// sortFloats puts finite values into ascending order: by their bits, from the
// lowest byte to the highest, which for a million values takes half the time of
// comparing them.
func sortFloats(x []float64) {
	if len(x) < few {
		slices.Sort(x)
		return
	}
	keys, spare := make([]uint64, len(x)), make([]uint64, len(x))
	var counts [8][256]uint32
	for i, v := range x {
		k := math.Float64bits(v)
		if k>>63 != 0 {
			k = ^k // negative: the greater the bits, the smaller the value
		} else {
			k |= 1 << 63
		}
		keys[i] = k
		for b := range counts {
			counts[b][byte(k>>(8*b))]++
		}
	}
	for b := range counts {
		shift := 8 * b
		at := &counts[b]
		if at[byte(keys[0]>>shift)] == uint32(len(x)) {
			continue // all have the same byte here
		}
		sum := uint32(0)
		for i, n := range at {
			at[i], sum = sum, sum+n
		}
		for _, k := range keys {
			c := byte(k >> shift)
			spare[at[c]] = k
			at[c]++
		}
		keys, spare = spare, keys
	}
	for i, k := range keys {
		if k>>63 != 0 {
			k &^= 1 << 63
		} else {
			k = ^k
		}
		x[i] = math.Float64frombits(k)
	}
}
