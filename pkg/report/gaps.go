package report

import (
	"math"

	"aiperf/pkg/stat"
)

// mostGaps is how many gaps between chunks are kept as they are, with their
// requests. Beyond it they are counted in microseconds.
const mostGaps = 1 << 21

// maxGap, a year, keeps nonsense from being counted.
const maxGap = 365 * 86400

// gaps are the times between arrivals of content, without those to the first
// one. The first mostGaps are exact; if there are more, all of them are counted
// to the microsecond, by group, in memory that grows with their spread and not
// with their number.
type gaps struct {
	exact    []float64     // seconds
	from     []int         // by row: where its gaps begin in exact
	tallies  []*stat.Tally // by group; the first is of those that are in none
	counted  bool          // there were too many
	negative int           // requests that were left out, since their arrivals run backwards
}

// of gives the exact gaps of a row.
func (g *gaps) of(row int) []float64 {
	if row >= len(g.from) {
		return nil
	}
	to := len(g.exact)
	if row+1 < len(g.from) {
		to = g.from[row+1]
	}
	return g.exact[g.from[row]:to]
}

// add takes the gaps of a row, in nanoseconds: those of a request with a
// negative one are left out, as AIPerf does. Rows come in ascending order; group
// tells the group of each, −1 for none.
func (g *gaps) add(row int, ns []int64, group func(row int) int32) {
	for _, n := range ns {
		if n < 0 || n > maxGap*1e9 {
			g.negative++
			return
		}
	}
	if !g.counted && len(g.exact)+len(ns) <= mostGaps {
		for len(g.from) <= row {
			g.from = append(g.from, len(g.exact))
		}
		for _, n := range ns {
			g.exact = append(g.exact, float64(n)/1e9)
		}
		return
	}
	if !g.counted {
		g.spill(group)
	}
	g.tallyOf(group(row)).AddNanoseconds(ns)
}

// spill counts what was kept.
func (g *gaps) spill(group func(row int) int32) {
	for row := range g.from {
		t := g.tallyOf(group(row))
		for _, x := range g.of(row) {
			t.Add(uint64(math.Round(x * 1e6)))
		}
	}
	g.exact, g.from, g.counted = nil, nil, true
}

// tallyOf is the tally of a group.
func (g *gaps) tallyOf(group int32) *stat.Tally {
	for int(group)+1 >= len(g.tallies) {
		g.tallies = append(g.tallies, nil)
	}
	if g.tallies[group+1] == nil {
		g.tallies[group+1] = new(stat.Tally)
	}
	return g.tallies[group+1]
}
