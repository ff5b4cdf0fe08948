package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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
	if e.PlusMinus == nil && e.Energy != nil {
		return math.NaN(), 0
	}
	if e.Energy == nil || e.PlusMinus == nil {
		t.Fatalf("%s: seed %d: %+v", c.why, seed, e)
	}
	return *e.Energy - truth, *e.PlusMinus
}

func TestMeasure(t *testing.T) {
	seeds, _ := strconv.Atoi(os.Getenv("SEEDS"))
	if seeds == 0 {
		t.Skip()
	}
	var cs []bench
	for _, poll := range []float64{0.333, 0.033, 0.1, 1} {
		for _, refresh := range []float64{0.033, 0.1, 1, 30} {
			cs = append(cs, bench{why: "plain", refresh: refresh, poll: poll, depth: 0.2})
		}
	}
	for _, refresh := range []float64{0.033, 0.1, 0.333, 1} {
		cs = append(cs,
			bench{why: "nojitter", refresh: refresh, poll: 0.333, jitter: -1, depth: 0.2},
			bench{why: "jitter30", refresh: refresh, poll: 0.333, jitter: 0.03, depth: 0.2},
			bench{why: "flat", refresh: refresh, poll: 0.333, depth: 0},
			bench{why: "sharp", refresh: refresh, poll: 0.333, depth: 0.2, tau: [2]float64{0.005, 0.01}},
			bench{why: "slow", refresh: refresh, poll: 0.333, depth: 0.2, tau: [2]float64{0.5, 1}},
			bench{why: "noise5", refresh: refresh, poll: 0.333, depth: 0.2, noise: 5},
			bench{why: "1J", refresh: refresh, poll: 0.333, depth: 0.2, quantum: 1},
			bench{why: "trailing", refresh: refresh, poll: 0.333, depth: 0.2, trailing: true},
			bench{why: "always", refresh: refresh, poll: 0.333, depth: 0.2, always: true},
			bench{why: "alwaysflat", refresh: refresh, poll: 0.333, always: true},
			bench{why: "bursts", refresh: refresh, poll: 0.333, depth: 0.2, bursts: true},
			bench{why: "long", refresh: refresh, poll: 0.333, depth: 0.2, took: [2]float64{60, 120}},
		)
	}
	for _, poll := range []float64{0.333, 1} {
		for _, refresh := range []float64{0.033, 0.1, 0.333, 1, 30} {
			cs = append(cs, bench{why: "power", refresh: refresh, poll: poll, depth: 0.2, power: true})
		}
	}
	for _, refresh := range []float64{0.033, 0.1, 0.333, 1, 30} {
		cs = append(cs, bench{why: "power1W", refresh: refresh, poll: 0.333, depth: 0.2, power: true, noise: 1},
			bench{why: "noise1W", refresh: refresh, poll: 0.333, depth: 0.2, noise: 1})
	}
	cs = append(cs, bench{why: "powerlong", refresh: 30, poll: 0.333, depth: 0.2, power: true, took: [2]float64{120, 400}},
		bench{why: "powernoise", refresh: 0.1, poll: 0.333, depth: 0.2, power: true, noise: 5},
		bench{why: "powertrailing", refresh: 0.1, poll: 0.333, depth: 0.2, power: true, trailing: true},
		bench{why: "minutes", refresh: 30, poll: 0.333, depth: 0.2, took: [2]float64{120, 400}},
		bench{why: "minute", refresh: 30, poll: 0.333, depth: 0.2, took: [2]float64{30, 90}})
	for _, refresh := range []float64{0.033, 0.1, 1, 30} {
		cs = append(cs, bench{why: "8by1", refresh: refresh, poll: 0.333, depth: 0.2, gpus: 8, exporters: 1},
			bench{why: "8by4", refresh: refresh, poll: 0.333, depth: 0.2, gpus: 8, exporters: 4})
	}
	for _, c := range cs {
		name := fmt.Sprintf("%s_R%v_P%v", c.why, c.refresh, c.poll)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cov coverage
			for seed := range seeds {
				cov.add(c.try(t, uint64(seed)))
			}
			t.Logf("%-24s %v", name, &cov)
		})
	}
}

// coverage is how errors compare with their ±.
type coverage struct {
	errs, pms, ratios []float64
	inside            int
	sum               float64
}

func (c *coverage) add(off, pm float64) {
	c.sum += off
	off = math.Abs(off)
	c.errs, c.pms, c.ratios = append(c.errs, off), append(c.pms, pm), append(c.ratios, off/pm)
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

func (c *coverage) String() string {
	flag := ""
	if c.share() < 0.95 {
		flag += " NARROW"
	}
	if c.ratio() < 0.2 {
		flag += " LAZY"
	}
	return fmt.Sprintf("cov %.3f ratio %.3f (%.3f) q95 %.2f err %.2f pm %.2f bias %.2f%s", c.share(), c.ratio(), median(c.ratios),
		c.ratios[len(c.ratios)*95/100], median(c.errs), median(c.pms), c.sum/float64(len(c.errs)), flag)
}
