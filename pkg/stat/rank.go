package stat

import (
	"math"
	"slices"
)

// A RankTest is the result of [MannWhitney].
type RankTest struct {
	U     float64 // of the first sample: pairs in which its value is the greater, of those that are equal half
	P     float64 // two-sided; NaN if a sample is empty
	Exact bool    // P is exact, and no approximation
}

// mostExact is the size of a sample up to which P is exact.
const mostExact = 50

// MannWhitney is the test of H. B. Mann and D. R. Whitney, "On a test of whether
// one of two random variables is stochastically larger than the other", Annals
// of Mathematical Statistics 18 (1947), of independent values. P is exact if
// neither sample has more than 50 values and none are equal; otherwise it is the
// normal approximation with the correction for ties and for continuity (M.
// Hollander and D. A. Wolfe, "Nonparametric Statistical Methods", section 4.1).
// It is 1 if all values are equal. For values in the order of time use [Shift].
func MannWhitney(a, b []float64) RankTest {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return RankTest{U: math.NaN(), P: math.NaN()}
	}
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	var t RankTest
	var ties float64 // Σ t³−t over groups of t equal values
	for i, j := 0, 0; i < n || j < m; {
		v := math.Inf(1)
		if i < n {
			v = x[i]
		}
		if j < m {
			v = min(v, y[j])
		}
		from, before := i, j
		for i < n && x[i] == v {
			i++
		}
		for j < m && y[j] == v {
			j++
		}
		t.U += float64(i-from) * (float64(before) + float64(j-before)/2)
		k := float64(i - from + j - before)
		ties += k*k*k - k
		if k == 0 { // NaN has no place
			return RankTest{U: math.NaN(), P: math.NaN()}
		}
	}
	pairs, all := float64(n)*float64(m), float64(n+m)
	if n <= mostExact && m <= mostExact && ties == 0 {
		t.P, t.Exact = exactRank(n, m, int(min(t.U, pairs-t.U))), true
		return t
	}
	variance := pairs / 12 * (all + 1 - ties/(all*(all-1)))
	z := max(0, math.Abs(t.U-pairs/2)-0.5) / math.Sqrt(variance)
	if variance <= 0 {
		t.P = 1
		return t
	}
	t.P = min(1, 2*normalTail(z))
	return t
}

// exactRank is the probability, doubled, that U of samples of n and m values is
// u or less. It follows the greatest value, which is of the first sample with
// probability n/(n+m) and then adds m to U.
func exactRank(n, m, u int) float64 {
	// p[i][v] is the probability of U = v with i values of the first sample, of
	// the present number of values of the second.
	p := make([][]float64, n+1)
	for i := range p {
		p[i] = make([]float64, u+1)
		p[i][0] = 1
	}
	for j := 1; j <= m; j++ {
		for i := 1; i <= n; i++ {
			first := float64(i) / float64(i+j)
			for v := u; v >= 0; v-- {
				p[i][v] *= 1 - first
				if v >= j {
					p[i][v] += first * p[i-1][v-j]
				}
			}
		}
	}
	var sum Sum
	for _, x := range p[n] {
		sum.Add(x)
	}
	return min(1, 2*sum.Value())
}
