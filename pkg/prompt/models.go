package prompt

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Models says which model each request of a run asks.
type Models struct {
	Names    []string
	Weights  []float64 // one per name, for "weighted"; any positive scale
	Strategy string    // "round_robin", the default, "random" or "weighted"
	Seed     int64
}

// Check tells what is wrong with m before it is used.
func (m Models) Check() error {
	if len(m.Names) == 0 {
		return errors.New("no model is named")
	}
	switch m.Strategy {
	case "", "round_robin", "random":
		return nil
	case "weighted":
	default:
		return fmt.Errorf("model selection strategy %q: want round_robin, random or weighted", m.Strategy)
	}
	if len(m.Weights) != len(m.Names) {
		return fmt.Errorf("%d weights for %d models", len(m.Weights), len(m.Names))
	}
	sum := 0.0
	for i, w := range m.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("model %s: a weight of %v, want 0 or more", m.Names[i], w)
		}
		sum += w
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return errors.New("the models' weights sum to 0 or to infinity")
	}
	return nil
}

// Pick is the model of the i-th request, from 0. It depends on m and i alone,
// so requests may be made in any order and on any host. It is "" if m has no
// names.
func (m Models) Pick(i int) string {
	switch n := len(m.Names); {
	case n == 0:
		return ""
	case n == 1 || i < 0:
		return m.Names[0]
	case m.Strategy == "random":
		return m.Names[numbers(m.Seed, forModel, uint64(i)).IntN(n)]
	case m.Strategy == "weighted" && len(m.Weights) == n:
		return m.weighted(numbers(m.Seed, forModel, uint64(i)).Float64())
	default:
		return m.Names[i%n]
	}
}

// weighted is the model at the share u in [0, 1) of the summed weights.
func (m Models) weighted(u float64) string {
	sum := 0.0
	for _, w := range m.Weights {
		sum += w
	}
	at := u * sum
	for i, w := range m.Weights {
		if at -= w; at < 0 {
			return m.Names[i]
		}
	}
	// Rounding may end behind the last one that can be picked.
	for i, w := range slices.Backward(m.Weights) {
		if w > 0 {
			return m.Names[i]
		}
	}
	return m.Names[0]
}
