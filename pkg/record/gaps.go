package record

import "math"

// Gaps are seconds between arrivals, to the microsecond.
type Gaps []float64

// GapsOf are the gaps between arrivals at the given nanoseconds since the start
// of a request. They are differences of rounded offsets, so that their sums do
// not drift.
func GapsOf(offsets []int64) Gaps {
	gaps := make(Gaps, len(offsets))
	before := 0.0
	for i, ns := range offsets {
		us := math.Round(float64(ns) / 1e3)
		gaps[i] = (us - before) / 1e6
		before = us
	}
	return gaps
}
