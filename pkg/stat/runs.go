package stat

import "math"

// Runs describes one number of each of several runs, as AIPerf's aggregates do.
type Runs struct {
	N         int
	Mean, Std float64 // Std is the sample's, 0 of a single run
	Min, Max  float64
	Variation float64 // coefficient of variation, Std/|Mean|; +Inf if Mean is 0
	Error     float64 // standard error of Mean, Std/√N
	Critical  float64 // quantile of Student's t; NaN of a single run
	Interval          // Mean ± Critical·Error; NaN of a single run
}

// OverRuns describes x at a level of confidence such as 0.95, by Student's t. The
// result means nothing if x is empty.
func OverRuns(x []float64, level float64) Runs {
	s := Summarize(x, Sample)
	r := Runs{N: s.N, Mean: s.Mean, Std: s.Std, Min: s.Min, Max: s.Max, Variation: math.Inf(1), Critical: math.NaN(), Interval: none}
	if r.Mean != 0 {
		r.Variation = r.Std / math.Abs(r.Mean)
	}
	if r.N < 2 {
		return r
	}
	r.Error = r.Std / math.Sqrt(float64(r.N))
	r.Critical = StudentQuantile(1-(1-level)/2, float64(r.N-1))
	r.Interval = Interval{r.Mean - r.Critical*r.Error, r.Mean + r.Critical*r.Error}
	return r
}
