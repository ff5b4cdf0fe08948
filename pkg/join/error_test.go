package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"
)

// A board is a GPU whose power is known to the millisecond: idle, then a load
// that comes and goes with a time constant and wavers, then idle.
type board struct{ watts, joules []float64 } // by millisecond, from -5 s

func newBoard(r *rand.Rand, from, to float64) board {
	var b board
	idle, busy, tau := 50+30*r.Float64(), 200+150*r.Float64(), 0.02+0.3*r.Float64()
	period, depth := 0.5+4*r.Float64(), 0.2*r.Float64()
	p, e := idle, 1e6*r.Float64()
	for ms := -5000; ms < 80_000; ms++ {
		s := float64(ms) / 1000
		target := idle
		if s >= from && s < to {
			target = busy * (1 + depth*math.Sin(2*math.Pi*s/period))
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

// watch gives what a scraper writes that asks every poll seconds an exporter
// which refreshes every refresh seconds.
func (b board) watch(t testing.TB, r *rand.Rand, refresh, poll, until float64, counter bool) (ls []record.Line) {
	phase, last, index := refresh*r.Float64(), math.Inf(-1), 0
	for s := -4 + poll*r.Float64(); s < until; s += poll {
		taken := s + 0.003*r.Float64()
		tick := &record.Scrape{Source: "http://node1:9400/metrics"}
		tick.Time = at(taken + 0.0015)
		ls = append(ls, line(t, tick))
		read := math.Floor((taken-phase)/refresh)*refresh + phase
		if read == last || read < -5 {
			continue
		}
		last = read
		g := &record.GPU{Source: tick.Source, GPU: &index, UUID: "GPU-0", Taken: at(taken), Fields: map[string]float64{
			record.FieldPower: math.Round(b.at(b.watts, read)*1e3) / 1e3,
		}}
		if counter {
			g.Fields[record.FieldEnergy] = math.Floor(b.at(b.joules, read)*1e3) / 1e3
		}
		g.Time = at(taken + 0.001)
		ls = append(ls, line(t, g))
	}
	return ls
}

// The true energy lies within ± for at least 95 % of the seeds.
func TestPlusMinusCovers(t *testing.T) {
	t.Parallel()
	const seeds = 40
	for _, c := range []struct {
		refresh, poll float64
		counter       bool
	}{
		{0.033, 0.033, true}, {0.033, 0.333, true}, {0.1, 0.333, true}, {0.333, 0.333, true}, {1, 0.333, true}, {30, 0.333, true},
		{0.033, 0.333, false}, {0.1, 0.333, false}, {1, 0.333, false},
	} {
		t.Run(fmt.Sprintf("refresh=%v,poll=%v,counter=%v", c.refresh, c.poll, c.counter), func(t *testing.T) {
			t.Parallel()
			inside := 0
			var errs, pms []float64
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 99))
				from, took := 1+r.Float64(), 3+7*r.Float64()
				until := from + took + 3
				if c.refresh > 10 {
					from, took, until = 31+10*r.Float64(), 2+3*r.Float64(), 79
				}
				b := newBoard(r, from, from+took)
				ls := b.watch(t, r, c.refresh, c.poll, until, c.counter)
				s := sent{id: "a", start: from, end: from + took, phase: record.Profiling}
				ls = append(ls, s.lines(t)...)
				e := attribute(t, sorted(ls), Options{MaxGap: 60}).total
				if e.Energy == nil || e.PlusMinus == nil {
					t.Fatalf("seed %d: %+v", seed, e)
				}
				off := math.Abs(*e.Energy - (b.at(b.joules, s.end) - b.at(b.joules, s.start)))
				errs, pms = append(errs, off), append(pms, *e.PlusMinus)
				if off <= *e.PlusMinus {
					inside++
				}
			}
			slices.Sort(errs)
			slices.Sort(pms)
			t.Logf("%d of %d inside ±; median |error| %.2f J, median ± %.2f J, ratio %.3f", inside, seeds, errs[seeds/2], pms[seeds/2], errs[seeds/2]/pms[seeds/2])
			if inside < seeds*95/100 {
				t.Errorf("the truth was inside ± for %d of %d seeds only", inside, seeds)
			}
			if errs[seeds/2] > pms[seeds/2] || pms[seeds/2] > 2000 {
				t.Errorf("± is useless: %v J, median error %v J", pms[seeds/2], errs[seeds/2])
			}
		})
	}
}
