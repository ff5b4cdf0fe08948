package report

import (
	"math"

	"aiperf/pkg/record"
)

// A Load is what was asked of the servers and what they gave, in bins of equal
// width. Requests of all phases count: the GPUs do not know the difference.
type Load struct {
	From  record.Time // where the first bin begins
	Width float64     // of a bin, s
	Bins  []Bin
}

// A Bin is a stretch of time.
type Bin struct {
	Begun  int     // requests that started
	Done   int     // successful ones that ended
	Failed int     // others that ended
	Active float64 // requests in flight, the mean over the bin
	// Tokens is how many output tokens came. Those of a request are spread evenly
	// from its first to its last.
	Tokens float64
}

// Coarser is the load in bins that are n times as wide.
func (l *Load) Coarser(n int) *Load {
	if n <= 1 {
		return l
	}
	c := &Load{From: l.From, Width: l.Width * float64(n)}
	for i, b := range l.Bins {
		if i%n == 0 {
			c.Bins = append(c.Bins, Bin{})
		}
		to := &c.Bins[i/n]
		to.Begun += b.Begun
		to.Done += b.Done
		to.Failed += b.Failed
		to.Active += b.Active / float64(n)
		to.Tokens += b.Tokens
	}
	return c
}

// A grid adds requests up in bins, which become twice as wide whenever there
// would be more than mostBins.
//
// Of a quantity that is level between changes, a bin holds the sum of the
// changes in it and their sum weighted by how long each lasts within the bin.
// From that the integral over every bin follows exactly, also after two bins
// have become one, and a request costs the same however long it took.
type grid struct {
	width int64 // ns
	first int64 // bins since the epoch
	cells []cell
}

type cell struct {
	begun, done, failed int
	active, rate        changes
	tokens              float64 // that came at one instant
}

type changes struct {
	sum  float64
	held float64 // each times what was left of the bin, s
}

const (
	mostBins   = 2000
	finestGrid = int64(1e6) // ns
)

func (g *grid) request(r *brief) {
	if r.Start == 0 || r.Took == nil || !(*r.Took >= 0 && *r.Took <= maxGap) {
		return
	}
	end := r.Start.Add(*r.Took)
	if end < r.Start {
		return
	}
	// Both ends first: the grid may become wider for the second one.
	g.cell(r.Start)
	last, _ := g.cell(end)
	if r.Error == nil {
		last.done++
	} else {
		last.failed++
	}
	first, _ := g.cell(r.Start)
	first.begun++
	g.level(r.Start, end, 1, func(c *cell) *changes { return &c.active })

	if r.Tokens == nil || tokens(r.Tokens.Out) <= 0 {
		return
	}
	out, from := float64(*r.Tokens.Out), r.Start
	if r.TTFT != nil && *r.TTFT >= 0 && *r.TTFT <= *r.Took {
		from = r.Start.Add(*r.TTFT)
	}
	if from >= end {
		last.tokens += out
		return
	}
	g.level(from, end, out/end.Sub(from), func(c *cell) *changes { return &c.rate })
}

// level adds x to a quantity between two instants.
func (g *grid) level(from, to record.Time, x float64, of func(*cell) *changes) {
	a, left := g.cell(from)
	of(a).add(x, left)
	b, left := g.cell(to)
	of(b).add(-x, left)
}

func (c *changes) add(x, left float64) {
	c.sum += x
	c.held += x * left
}

// cell is the bin of an instant, and how much of the bin is left then.
func (g *grid) cell(at record.Time) (*cell, float64) {
	if g.width == 0 {
		g.width = finestGrid
		g.first = floor(int64(at), g.width)
	}
	for {
		i := floor(int64(at), g.width)
		low, high := min(g.first, i), max(g.first+int64(len(g.cells)), i+1)
		if high-low > mostBins {
			g.widen()
			continue
		}
		if low < g.first {
			g.cells = append(make([]cell, g.first-low), g.cells...)
			g.first = low
		}
		for int64(len(g.cells)) < high-low {
			g.cells = append(g.cells, cell{})
		}
		return &g.cells[i-low], float64((i+1)*g.width-int64(at)) / 1e9
	}
}

// widen makes bins twice as wide.
func (g *grid) widen() {
	first := floor(g.first, 2)
	var wide []cell
	w := float64(g.width) / 1e9
	for i, c := range g.cells {
		j := int(floor(g.first+int64(i), 2) - first)
		for len(wide) <= j {
			wide = append(wide, cell{})
		}
		to := &wide[j]
		to.begun += c.begun
		to.done += c.done
		to.failed += c.failed
		to.tokens += c.tokens
		if (g.first+int64(i))&1 == 0 {
			c.active.held += c.active.sum * w
			c.rate.held += c.rate.sum * w
		}
		to.active.sum += c.active.sum
		to.active.held += c.active.held
		to.rate.sum += c.rate.sum
		to.rate.held += c.rate.held
	}
	g.first, g.width, g.cells = first, g.width*2, wide
}

// floor divides and rounds down, also what is negative.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (g *grid) load() *Load {
	if len(g.cells) == 0 {
		return nil
	}
	l := &Load{From: record.Time(g.first * g.width), Width: float64(g.width) / 1e9, Bins: make([]Bin, len(g.cells))}
	var active, rate float64 // at the beginning of the bin
	for i, c := range g.cells {
		l.Bins[i] = Bin{Begun: c.begun, Done: c.done, Failed: c.failed,
			Active: clean((active*l.Width + c.active.held) / l.Width),
			Tokens: clean(rate*l.Width + c.rate.held + c.tokens)}
		active += c.active.sum
		rate += c.rate.sum
	}
	return l
}

// clean takes away what is left of a sum that should be 0.
func clean(x float64) float64 {
	if math.Abs(x) < 1e-6 {
		return 0
	}
	return max(x, 0)
}
