package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"
)

// A bench is a GPU, what watches it, and what it is loaded with.
type bench struct {
	why           string
	refresh, poll float64 // s
	power         bool    // there is no counter
	tau           [2]float64
	depth         float64 // by how much the load wavers, at most
	noise         float64 // of the gauge, its standard deviation, W
	quantum       float64 // of the counter, J; 0 is 1 mJ
	jitter        float64 // of polling, s; 0 is 3 ms, less than 0 none
	trailing      bool    // the gauge is the mean of the second before
	always        bool    // the load goes on outside the window
	took          [2]float64
	bursts        bool // of 0.1 s each second outside the window
	gpus          int
	exporters     int
	wide          bool // ± may be: what would narrow it cannot be known
}

// A board is a GPU whose power is known to the millisecond: idle, then a load
// that comes and goes with a time constant and wavers, then idle.
type board struct {
	watts, joules []float64 // by millisecond, from -5 s
}

func between(r *rand.Rand, x [2]float64) float64 { return x[0] + (x[1]-x[0])*r.Float64() }

func (c bench) board(r *rand.Rand, from, to, until float64) board {
	var b board
	idle, busy, tau := 50+30*r.Float64(), 200+150*r.Float64(), between(r, c.tau)
	period, depth := 0.5+4*r.Float64(), c.depth*r.Float64()
	p, e := idle, 1e6*r.Float64()
	if c.always {
		p = busy
	}
	for ms := -5000; ms < int(1000*until)+100; ms++ {
		s := float64(ms) / 1000
		target := idle
		if c.always || s >= from && s < to {
			target = busy * (1 + depth*math.Sin(2*math.Pi*s/period))
		} else if c.bursts && s-math.Floor(s) < 0.1 {
			target = busy
		}
		p += (target - p) * 0.001 / tau
		b.watts, b.joules = append(b.watts, p), append(b.joules, e)
		e += p * 0.001
	}
	return b
}

func (b board) at(xs []float64, s float64) float64 {
	x := (s + 5) * 1000
	i := int(x)
	return xs[i] + (xs[i+1]-xs[i])*(x-float64(i))
}

// watch gives what a scraper writes.
func (c bench) watch(t testing.TB, r *rand.Rand, bs []board, name string, first int, until float64) (ls []record.Line) {
	phase, last := c.refresh*r.Float64(), math.Inf(-1)
	jitter := c.jitter
	if jitter == 0 {
		jitter = 0.003
	}
	quantum := max(c.quantum, 1e-3)
	for s := -4 + c.poll*r.Float64(); s < until; s += c.poll {
		taken := s + max(0, jitter)*r.Float64()
		tick := &record.Scrape{Source: "http://" + name + ":9400/metrics"}
		tick.Time = at(taken + 0.0015)
		ls = append(ls, line(t, tick))
		read := math.Floor((taken-phase)/c.refresh)*c.refresh + phase
		if read == last || read < -5 {
			continue
		}
		last = read
		for i, b := range bs {
			watts := b.at(b.watts, read)
			if c.trailing {
				watts = (b.at(b.joules, read) - b.at(b.joules, max(-5, read-1))) / min(1, read+5)
			}
			watts += c.noise * r.NormFloat64()
			g := &record.GPU{Source: tick.Source, GPU: new(i), UUID: fmt.Sprintf("GPU-%d", first+i), Taken: at(taken), Fields: map[string]float64{
				record.FieldPower: math.Round(watts*1e3) / 1e3,
			}}
			if !c.power {
				n := math.Floor(b.at(b.joules, read) / quantum)
				g.Fields[record.FieldEnergy] = math.Round(n*quantum*1e3) / 1e3
			}
			g.Time = at(taken + 0.001)
			ls = append(ls, line(t, g))
		}
	}
	return ls
}

// try gives by how much the energy of one run is off, and its ±.
func (c bench) try(t testing.TB, seed uint64) (off, pm float64) {
	r := rand.New(rand.NewPCG(seed, 99))
	if c.took == [2]float64{} {
		c.took = [2]float64{3, 10}
	}
	if c.tau == [2]float64{} {
		c.tau = [2]float64{0.02, 0.32}
	}
	from, took := 1+r.Float64(), between(r, c.took)
	until := from + took + max(3, 3*c.poll)
	if c.refresh > 10 {
		from = 31 + 10*r.Float64()
		until = from + took + 65
	}
	n, m := max(1, c.gpus), max(1, c.exporters)
	truth := 0.0
	var ls []record.Line
	for x := range m {
		var bs []board
		for range n / m {
			b := c.board(r, from, from+took, until)
			truth += b.at(b.joules, from+took) - b.at(b.joules, from)
			bs = append(bs, b)
		}
		ls = append(ls, c.watch(t, r, bs, fmt.Sprintf("node%d", x), x*(n/m), until)...)
	}
	s := sent{id: "a", start: from, end: from + took, phase: record.Profiling}
	ls = append(ls, s.lines(t)...)
	e := attribute(t, sorted(ls), Options{MaxGap: 60}).total
	if e.Energy == nil || e.PlusMinus == nil {
		t.Fatalf("%s: seed %d: %+v", c.why, seed, e)
	}
	return *e.Energy - truth, *e.PlusMinus
}

// The true energy lies within ± for at least 95 % of the seeds, and ± is not
// lazily wide: the median error is at least a fifth of it, unless nothing in the
// readings could tell more.
func TestPlusMinus(t *testing.T) {
	if testing.Short() {
		t.Skip("many seeds: too long for the race detector")
	}
	t.Parallel()
	var cs []bench
	for _, poll := range []float64{0.033, 0.1, 0.333, 1} {
		for _, refresh := range []float64{0.033, 0.1, 1, 30} {
			cs = append(cs, bench{why: "seconds", refresh: refresh, poll: poll, depth: 0.2})
		}
	}
	for _, refresh := range []float64{0.033, 0.1, 0.333, 1} {
		cs = append(cs,
			bench{why: "no jitter", refresh: refresh, poll: 0.333, depth: 0.2, jitter: -1},
			bench{why: "much jitter", refresh: refresh, poll: 0.333, depth: 0.2, jitter: 0.03},
			bench{why: "sharp edges", refresh: refresh, poll: 0.333, depth: 0.2, tau: [2]float64{0.005, 0.01}},
			bench{why: "soft edges", refresh: refresh, poll: 0.333, depth: 0.2, tau: [2]float64{0.5, 1}},
			bench{why: "noisy gauge", refresh: refresh, poll: 0.333, depth: 0.2, noise: 1},
			bench{why: "gauge too noisy to know a steady power", refresh: refresh, poll: 0.333, depth: 0.2, noise: 5, wide: refresh < 0.3},
			bench{why: "coarse counter", refresh: refresh, poll: 0.333, depth: 0.2, quantum: 1},
			bench{why: "gauge averages over a second", refresh: refresh, poll: 0.333, depth: 0.2, trailing: true},
			bench{why: "load that was there before and stays: no edge, no calm", refresh: refresh, poll: 0.333, depth: 0.2, always: true, wide: true},
			bench{why: "others' bursts: no calm", refresh: refresh, poll: 0.333, depth: 0.2, bursts: true, wide: refresh < 0.3},
			bench{why: "power only: no clock in it", refresh: refresh, poll: 0.333, depth: 0.2, noise: 1, power: true, wide: true})
	}
	cs = append(cs,
		bench{why: "a minute", refresh: 30, poll: 0.333, depth: 0.2, took: [2]float64{30, 90}},
		bench{why: "minutes", refresh: 30, poll: 0.333, depth: 0.2, took: [2]float64{120, 400}})
	for _, refresh := range []float64{0.033, 0.1, 1, 30} {
		cs = append(cs,
			bench{why: "8 GPUs, late together", refresh: refresh, poll: 0.333, depth: 0.2, gpus: 8, exporters: 1},
			bench{why: "8 GPUs behind 4 exporters", refresh: refresh, poll: 0.333, depth: 0.2, gpus: 8, exporters: 4})
	}
	for _, c := range cs {
		t.Run(fmt.Sprintf("%s/refresh=%v,poll=%v", c.why, c.refresh, c.poll), func(t *testing.T) {
			t.Parallel()
			var got coverage
			seeds := uint64(20)
			if c.why == "seconds" {
				seeds = 60
			}
			for seed := range seeds {
				got.add(c.try(t, seed))
			}
			got.check(t, c.wide)
		})
	}
}

// A trapezoid without a reading inside the window knows nothing of it.
func TestNoPlusMinus(t *testing.T) {
	t.Parallel()
	ls := []record.Line{
		read(t, 0, 0, map[string]float64{record.FieldPower: 60}),
		read(t, 0, 30, map[string]float64{record.FieldPower: 61}),
		read(t, 0, 60, map[string]float64{record.FieldPower: 60}),
	}
	ls = append(ls, sent{id: "a", start: 10, end: 20, phase: record.Profiling}.lines(t)...)
	if e := attribute(t, sorted(ls), Options{MaxGap: 60}).total; e.Energy == nil || e.PlusMinus != nil {
		t.Errorf("energy %v, ± %v; want an energy without ±", e.Energy, e.PlusMinus)
	}
}

// coverage is how errors compare with their ±.
type coverage struct {
	errs, pms []float64 // J
	inside    int
}

func (c *coverage) add(off, pm float64) {
	off = math.Abs(off)
	c.errs, c.pms = append(c.errs, off), append(c.pms, pm)
	if off <= pm {
		c.inside++
	}
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// share is how many of the errors lie inside.
func (c *coverage) share() float64 { return float64(c.inside) / float64(len(c.errs)) }

// ratio is the median error as a share of the median ±.
func (c *coverage) ratio() float64 { return median(c.errs) / median(c.pms) }

// check holds it to both criteria, or to the first if ± may be wide.
func (c *coverage) check(t *testing.T, wide bool) {
	t.Helper()
	t.Logf("%.1f %% inside ±; median |error| %.2f J, median ± %.2f J, ratio %.3f", 100*c.share(), median(c.errs), median(c.pms), c.ratio())
	if c.share() < 0.95 {
		t.Errorf("the truth was inside ± for %.1f %% of the seeds only", 100*c.share())
	}
	if c.ratio() < 0.2 && !wide {
		t.Errorf("± is lazy: median %.2f J, median error %.2f J", median(c.pms), median(c.errs))
	}
}
