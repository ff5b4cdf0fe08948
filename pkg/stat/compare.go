package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// LeastRuns is how many runs each side must have for [Compare] to take the run
// for the unit.
const LeastRuns = 3

// leastBeyond is how many values that stand alone must lie beyond a percentile,
// on each side of it.
const leastBeyond = 10

// A Comparison is what became of a statistic.
type Comparison struct {
	Old, New float64
	// Change is New − Old, and Relative New/Old − 1. The interval of Relative is
	// not known if Old may be 0 or below.
	Change, Relative     float64
	ChangeIn, RelativeIn Interval
	P                    float64 // two-sided, of no change, from the draws that ChangeIn is from

	Runs    bool       // the unit is the run, and not the request
	N       [2]int     // values of old and new
	Batches [2]int     // batches, or runs, that the intervals rest on
	Tau     [2]float64 // how many values tell as much as one that stands alone

	// TooLittle says why there are no intervals and no P; it is empty if there are.
	TooLittle string
}

// Differs tells whether a change was found, at the level that was asked for.
func (c Comparison) Differs() bool { return c.TooLittle == "" && !c.ChangeIn.Contains(0) }

// Compare tells how a statistic of new differs from that of old.
//
// With [LeastRuns] runs on each side, the unit is the run: the mean of the
// statistic over runs is compared, and its interval covers what differs from
// run to run. With fewer, the values are what the interval rests on. Those of one
// server are not independent, for a queue that is long now is long a moment
// later, and a test that takes them to be finds differences that are none. So
// the variance of a mean is that of means of batches; that of a percentile is
// that of the share of values below it, by the same batches, taken back through
// the distribution (P. Heidelberger and P. A. W. Lewis, "Quantile estimation in
// dependent sequences", Operations Research 32, 1984). What differs from one run
// to the next is then not covered.
//
// The intervals are percentiles of draws: of a mean from Student's t, of a
// percentile from the beta distribution of an order statistic of as many values
// as tell as much when they stand alone, that number being as uncertain as the
// variance. The difference of two t variables is the solution of Behrens and
// Fisher, which errs towards finding nothing.
//
// A side with fewer than some 100 values that stand alone has too little data,
// for the 99th percentile fewer than 1000.
func Compare(old, new *Series, s Statistic, o Options) Comparison {
	c := Comparison{N: [2]int{old.Len(), new.Len()}, P: math.NaN()}
	c.Runs = len(old.ends) >= LeastRuns && len(new.ends) >= LeastRuns
	var sides [2]estimate
	for i, x := range [2]*Series{old, new} {
		side := [2]string{"old", "new"}[i]
		if c.Runs {
			sides[i] = x.overRuns(s)
		} else {
			sides[i] = x.estimate(s)
		}
		c.Batches[i], c.Tau[i] = sides[i].batches, sides[i].tau
		if c.TooLittle == "" && sides[i].tooLittle != "" {
			c.TooLittle = side + ": " + sides[i].tooLittle
		}
	}
	c.Old, c.New = sides[0].value, sides[1].value
	c.Change, c.Relative = c.New-c.Old, c.New/c.Old-1
	if c.TooLittle != "" {
		c.ChangeIn, c.RelativeIn = none, none
		return c
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x636f6d70617265))
	d := newDraws(o, func() (float64, float64) { return sides[0].draw(rng), sides[1].draw(rng) })
	c.ChangeIn, c.RelativeIn, c.P = d.change(), d.relative(), d.p()
	return c
}

// An estimate is a statistic of one side, and how it may have come out as well.
type estimate struct {
	drift
	value     float64
	draw      func(*rand.Rand) float64
	tooLittle string
}

// estimate is the statistic of dependent values.
func (s *Series) estimate(st Statistic) estimate {
	e := estimate{value: st.of(s.ascending)}
	if len(s.x) == 0 {
		e.tooLittle = "there are no values"
		return e
	}
	if !st.quantile {
		e.drift = driftOf(s.x, s.ends)
		e.draw = func(rng *rand.Rand) float64 {
			return e.value + math.Sqrt(e.variance)*rng.NormFloat64()/math.Sqrt(chiSquare(e.degrees(), rng))
		}
		e.tooLittle = e.short(len(s.x))
		return e
	}
	e.drift = s.below(e.value)
	if e.tooLittle = e.short(len(s.x)); e.tooLittle != "" {
		return e
	}
	if e.variance == 0 {
		e.draw = func(*rand.Rand) float64 { return e.value }
		return e
	}
	q := st.q
	alone := min(q*(1-q)/e.variance, float64(len(s.x)))
	if beyond := alone * min(q, 1-q); beyond < leastBeyond {
		e.tooLittle = fmt.Sprintf("%d values, and some %s are needed (or %d runs on each side) for %d that stand alone to lie beyond the percentile",
			len(s.x), some(float64(len(s.x))*leastBeyond/max(beyond, 0.1)), LeastRuns, leastBeyond)
		return e
	}
	e.draw = func(rng *rand.Rand) float64 {
		n := alone * chiSquare(e.degrees(), rng)
		return Quantile(s.ascending, betaDraw(q*n, (1-q)*n, rng))
	}
	return e
}

// chiSquare is a chi-square variable divided by its degrees of freedom.
func chiSquare(df float64, rng *rand.Rand) float64 { return Gamma(df/2, rng) * 2 / df }

// short says why the series was too short; empty if it was not.
func (d drift) short(n int) string {
	if d.batches > 0 {
		return ""
	}
	need := leastBatches * batchLength * d.tau
	if d.tau < 1.5 {
		return fmt.Sprintf("%d values, and some %s are needed (or %d runs on each side)", n, some(need), LeastRuns)
	}
	return fmt.Sprintf("%d values, and some %s are needed (or %d runs on each side), for about %.2g of them tell as much as one that stands alone",
		n, some(need), LeastRuns, d.tau)
}

// some is a number of values, upwards to two digits.
func some(x float64) string {
	unit := math.Pow(10, max(0, math.Floor(math.Log10(x))-1))
	return strconv.FormatFloat(math.Ceil(x/unit)*unit, 'f', 0, 64)
}

// below is how the share of values below v varies. Values equal to v are counted
// in and left out, and what varies more holds.
func (s *Series) below(v float64) drift {
	z := make([]float64, len(s.x))
	share := func(is func(x float64) bool) drift {
		for i, x := range s.x {
			z[i] = 0
			if is(x) {
				z[i] = 1
			}
		}
		return driftOf(z, s.ends)
	}
	a := share(func(x float64) bool { return x <= v })
	b := share(func(x float64) bool { return x < v })
	if b.batches == 0 || a.batches > 0 && b.variance > a.variance {
		return b
	}
	return a
}

// overRuns is the mean of the statistic over runs.
func (s *Series) overRuns(st Statistic) estimate {
	each := make([]float64, len(s.ends))
	for i := range s.ends {
		each[i] = st.of(NewSeries(s.run(i)).ascending)
	}
	r := OverRuns(each, 0.95)
	e := estimate{value: r.Mean, drift: drift{variance: r.Error * r.Error, tau: 1, batches: r.N}}
	e.draw = func(rng *rand.Rand) float64 {
		return e.value + r.Error*rng.NormFloat64()/math.Sqrt(chiSquare(e.degrees(), rng))
	}
	return e
}

// A Shifted is whether one distribution lies above another.
type Shifted struct {
	// Above is the probability that a value of new is above one of old, of those
	// that are equal half: 0.5 if nothing changed.
	Above     float64
	P         float64 // two-sided, of Above = 0.5
	TooLittle string  // why there is no P; empty if there is
}

// Shift is the Mann-Whitney test for values that depend on those before them. Its
// variance is that of the placements of each side among the values of the other,
// as E. Brunner and U. Munzel have it ("The nonparametric Behrens-Fisher
// problem", Biometrical Journal 42, 2000), but from means of batches as in
// [Compare]; the degrees of freedom are Satterthwaite's.
func Shift(old, new *Series) Shifted {
	if old.Len() == 0 || new.Len() == 0 {
		return Shifted{Above: math.NaN(), P: math.NaN(), TooLittle: "there are no values"}
	}
	a, b := placements(old, new), placements(new, old)
	s := Shifted{Above: mean(b), P: math.NaN()}
	v, w := driftOf(a, old.ends), driftOf(b, new.ends)
	if why := v.short(old.Len()); why != "" {
		s.TooLittle = "old: " + why
	} else if why := w.short(new.Len()); why != "" {
		s.TooLittle = "new: " + why
	}
	if s.TooLittle != "" {
		return s
	}
	sum := v.variance + w.variance
	switch off := math.Abs(s.Above - 0.5); {
	case off == 0:
		s.P = 1
	case sum == 0: // one side is all above the other
		s.P = 0
	default:
		df := sum * sum / (v.variance*v.variance/v.degrees() + w.variance*w.variance/w.degrees())
		s.P = 2 * studentTail(off/math.Sqrt(sum), df)
	}
	return s
}

// placements are, for the values of s in the order of time, the share of the
// values of among that are below, of those that are equal half.
func placements(s, among *Series) []float64 {
	p := make([]float64, len(s.x))
	n := float64(len(among.ascending))
	for i, x := range s.x {
		low, high := equals(among.ascending, x)
		p[i] = float64(low+high) / 2 / n
	}
	return p
}
