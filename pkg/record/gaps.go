package record

// Gaps are seconds between arrivals, to the microsecond: differences of rounded
// offsets, so that their sums do not drift.
type Gaps []float64
