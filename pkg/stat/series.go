package stat

import (
	"math"
	"slices"
)

// A Series is the values of one quantity in the order of time, of one run or of
// several. It keeps a sorted copy.
type Series struct {
	x         []float64 // the runs one after another
	ends      []int     // of each run in x
	ascending []float64
}

// NewSeries takes the values of each run in the order of time: of requests, the
// order in which they began. Values that are not finite are left out.
func NewSeries(runs ...[]float64) *Series {
	s := &Series{}
	for _, run := range runs {
		for _, v := range run {
			if v-v == 0 {
				s.x = append(s.x, v)
			}
		}
		if n := len(s.x); n > 0 && (len(s.ends) == 0 || n > s.ends[len(s.ends)-1]) {
			s.ends = append(s.ends, n)
		}
	}
	s.ascending = slices.Clone(s.x)
	slices.Sort(s.ascending)
	return s
}

// Len is the number of values.
func (s *Series) Len() int { return len(s.x) }

// run is the values of run i.
func (s *Series) run(i int) []float64 { return cut(s.x, s.ends, i) }

func cut(x []float64, ends []int, i int) []float64 {
	if i == 0 {
		return x[:ends[0]]
	}
	return x[ends[i-1]:ends[i]]
}

// A Statistic is a number that describes a distribution. The zero Statistic is
// the mean.
type Statistic struct {
	quantile bool
	q        float64
}

// Mean is the arithmetic mean.
var Mean Statistic

// Percentile is the p-th percentile, 0 ≤ p ≤ 100; what is beyond is taken for the
// end, and NaN for 0.
func Percentile(p float64) Statistic {
	if !(p > 0) {
		p = 0
	}
	return Statistic{true, min(p, 100) / 100}
}

// of is the statistic of values in ascending order.
func (s Statistic) of(ascending []float64) float64 {
	if s.quantile {
		return Quantile(ascending, s.q)
	}
	if len(ascending) == 0 {
		return math.NaN()
	}
	// A rounding must not make the mean of equal values another.
	return min(max(mean(ascending), ascending[0]), ascending[len(ascending)-1])
}

func mean(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	var sum Sum
	for _, v := range x {
		sum.Add(v)
	}
	return sum.Value() / float64(len(x))
}

// Batches of a series. Those that follow one another have little to do with one
// another if they are long beside the time over which values do.
const (
	batchLength  = 6 // times the autocorrelation time, at least
	leastBatches = 14
	mostBatches  = 32
)

// A drift is how a mean over a series varies.
type drift struct {
	variance float64 // of the mean
	tau      float64 // integrated autocorrelation time: as many values tell as much as one that stands alone
	batches  int     // 0: the series is too short to tell
}

// degrees are the degrees of freedom of the variance.
func (d drift) degrees() float64 { return float64(d.batches - 1) }

// driftOf estimates the variance of the mean of z, the runs of which end at
// ends, by means of batches (B. Schmeiser, "Batch size effects in the analysis of
// simulation output", Operations Research 30, 1982). The length of the batches
// comes from the autocorrelation time, which is read from the variance of means
// over blocks of 1, 2, 4, … values (H. Flyvbjerg and H. G. Petersen, "Error
// estimates on averages of correlated data", J. Chem. Phys. 91, 1989), the first
// that is batchLength times as long as what it gives (the window rule of A. D.
// Sokal, "Monte Carlo Methods in Statistical Mechanics", 1997). What is left of
// the bias of batches is taken off by batches half as long (D. Vats and J. M.
// Flegal, "Lugsail lag windows", Biometrika 109, 2022). Of the estimates the
// largest holds, or series that are long enough only by their looks would be
// those whose variance is taken for too small.
func driftOf(z []float64, ends []int) drift {
	if len(z) == 0 {
		return drift{}
	}
	m := mean(z)
	if low, high := slices.Min(z), slices.Max(z); low == high {
		m = low // or what is left by rounding would seem to vary
	}
	length, tau, single := blocks(z, m, ends)
	d := drift{tau: tau}
	if length == 0 {
		return d
	}
	n := len(z)
	batches := min(n/length, mostBatches)
	v, count := batchVariance(z, m, ends, batches)
	half, _ := batchVariance(z, m, ends, 2*batches)
	v = max(v, 2*v-half, single*tau)
	d.variance, d.batches = v/float64(n), count
	if single > 0 {
		d.tau = v / single
	}
	return d
}

// blocks finds how long batches must be, 0 if the series is too short for that,
// with the autocorrelation time and the variance of single values. The mean of z
// is m.
func blocks(z []float64, m float64, ends []int) (length int, tau, single float64) {
	sums := make([]float64, len(z))
	for i, v := range z {
		sums[i] = v - m
	}
	lens := make([]int, len(ends))
	for i := range ends {
		lens[i] = len(cut(z, ends, i))
	}
	tau = 1
	for b := 1; ; b *= 2 {
		count, v := sumVariance(sums, ends, lens)
		if count < leastBatches/2 {
			return 0, tau, single
		}
		v /= float64(b)
		if b == 1 {
			single = v
		}
		if single > 0 {
			tau = max(tau, v/single)
		}
		if float64(b) >= batchLength*tau {
			length = int(math.Ceil(batchLength * tau))
			if length*leastBatches > len(z) {
				length = 0
			}
			return length, tau, single
		}
		for i := range ends {
			s := cut(sums, ends, i)
			lens[i] /= 2
			for j := range lens[i] {
				s[j] = s[2*j] + s[2*j+1]
			}
		}
	}
}

// sumVariance is the sample variance of the sums that are left in each run. They
// are of what is around 0, so that no more care is needed.
func sumVariance(sums []float64, ends, lens []int) (count int, v float64) {
	var total, squares float64
	for i := range ends {
		for _, s := range cut(sums, ends, i)[:lens[i]] {
			total += s
			squares += s * s
		}
		count += lens[i]
	}
	return count, max(0, squares-total*total/float64(count)) / float64(max(count-1, 1))
}

// batchVariance is the variance of the mean m times the number of values, from
// about as many batches, none of which has values of two runs.
func batchVariance(z []float64, m float64, ends []int, batches int) (v float64, count int) {
	var squares Sum
	for i := range ends {
		run := cut(z, ends, i)
		k := max(1, len(run)*batches/len(z))
		count += k
		for j := range k {
			batch := run[j*len(run)/k : (j+1)*len(run)/k]
			var off float64
			for _, x := range batch {
				off += x - m
			}
			squares.Add(off * off / float64(max(len(batch), 1)))
		}
	}
	return squares.Value() / float64(max(count-1, 1)), count
}
