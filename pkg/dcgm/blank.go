package dcgm

import "math"

// blank tells whether v stands for no value: DCGM's sentinels (blank, not
// found, not supported, no permission) as integers of 32 and 64 bits and as a
// floating-point number, NaN and infinities. The four 64-bit ones are the same
// float64.
func blank(v float64) bool {
	return math.IsNaN(v) || math.IsInf(v, 0) ||
		v >= 0x7ffffffffffffff0 ||
		v >= 1<<47 && v <= 1<<47+3 ||
		v >= 0x7ffffff0 && v <= 0x7ffffff3
}
