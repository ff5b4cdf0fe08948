package prompt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// maxTokens bounds one text, so that a slip of the keyboard does not fill the
// memory.
const maxTokens = 1 << 24

// Lengths is a normal distribution of whole numbers, mostly of tokens: rounded,
// and no less than 1. A standard deviation of 0 gives the mean each time.
type Lengths struct{ Mean, Stddev float64 }

func (l Lengths) draw(rng *rand.Rand) int {
	if l.Stddev == 0 {
		return int(math.Round(max(1, l.Mean)))
	}
	return int(math.Round(min(max(1, l.Mean+l.Stddev*rng.NormFloat64()), maxTokens)))
}

func (l Lengths) check(what string) error {
	if !(l.Mean > 0 && l.Mean <= maxTokens) {
		return fmt.Errorf("%s: a mean of %v, want more than 0 and no more than %d", what, l.Mean, maxTokens)
	}
	if !(l.Stddev >= 0 && l.Stddev <= maxTokens) {
		return fmt.Errorf("%s: a standard deviation of %v, want 0 to %d", what, l.Stddev, maxTokens)
	}
	return nil
}

// Delays is a normal distribution of think times, no less than 0.
type Delays struct{ Mean, Stddev time.Duration }

// Times is the distribution of delays that are ratio times as long.
func (d Delays) Times(ratio float64) Delays {
	return Delays{time.Duration(float64(d.Mean) * ratio), time.Duration(float64(d.Stddev) * ratio)}
}

func (d Delays) draw(rng *rand.Rand) time.Duration {
	if d.Stddev == 0 {
		return max(0, d.Mean)
	}
	const most = float64(math.MaxInt64 / 2)
	return time.Duration(min(max(0, float64(d.Mean)+float64(d.Stddev)*rng.NormFloat64()), most))
}
