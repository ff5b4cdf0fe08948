package join

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"aiperf/pkg/record"
)

// rough gives readings of GPU i in which all goes wrong that may: sources that
// take turns, fields that are missing, gaps, resets, lines that come late, and
// an end in the middle of the load.
func rough(t testing.TB, r *rand.Rand, i int) (ls []record.Line) {
	joules, s, stop, late := 1e6*r.Float64(), -3*r.Float64(), 40.0, 0.0
	counter, sources := r.IntN(4) != 0, 1+r.IntN(2)
	if r.IntN(5) == 0 {
		s = 10 * r.Float64()
	}
	if r.IntN(4) == 0 {
		stop = 30 * r.Float64()
	}
	if r.IntN(6) == 0 {
		late = 8 * r.Float64()
	}
	for s < stop {
		f := map[string]float64{record.FieldPower: 100 + 300*r.Float64()}
		if counter && r.IntN(30) != 0 {
			f[record.FieldEnergy] = math.Round(joules*1e3) / 1e3
		}
		if r.IntN(50) == 0 {
			delete(f, record.FieldPower)
		}
		g := &record.GPU{
			Source: fmt.Sprintf("http://node%d:9400/metrics", r.IntN(sources)), Host: "node1",
			GPU: &i, UUID: fmt.Sprintf("GPU-%d", i), Taken: at(s), Fields: f,
		}
		g.Time = at(s + 0.001 + late*r.Float64())
		ls = append(ls, line(t, g))
		d := 0.05 + r.Float64()
		if r.IntN(40) == 0 {
			d += 12 * r.Float64()
		}
		s += d
		joules += d * 300 * r.Float64()
		if r.IntN(60) == 0 {
			joules = 0
		}
	}
	return ls
}

// roughLoad gives requests of several phases, some of which lack their begin line
// or their end.
func roughLoad(t testing.TB, r *rand.Rand) (ls []record.Line) {
	phases := []string{record.Warmup, record.Profiling, "x"}
	for i := range 1 + r.IntN(60) {
		s := sent{id: fmt.Sprint(i), phase: phases[r.IntN(len(phases))], failed: r.IntN(10) == 0, start: 30 * r.Float64()}
		s.end = s.start + 6*r.Float64()*r.Float64()
		pair := s.lines(t)
		switch r.IntN(60) {
		case 0:
			pair = pair[:1]
		case 1:
			pair = pair[1:]
		}
		ls = append(ls, pair...)
	}
	return ls
}

// Whatever the streams are like, energy is conserved, no energy is negative, what
// the requests are told adds up to what the energy lines say, and merging twice is
// merging once.
func TestRoughRuns(t *testing.T) {
	t.Parallel()
	seeds := uint64(300)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 99))
		ls := roughLoad(t, r)
		for i := range 1 + r.IntN(4) {
			ls = append(ls, rough(t, r, i)...)
		}
		opt := Options{Share: Shares[r.IntN(3)], Prefill: 1, Decode: 2, Resolution: float64(r.IntN(2))}
		if r.IntN(3) == 0 {
			opt.Lag = map[string]float64{"http://node0:9400/metrics": 9*r.Float64() - 4}
		}
		if r.IntN(4) == 0 {
			opt.Held = 20_000
		}
		once, err := through(sorted(ls), opt)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if twice, _ := through(once, opt); text(once) != text(twice) {
			t.Errorf("seed %d: merging twice is not merging once", seed)
		}
		if err := adds(once); err != nil {
			t.Errorf("seed %d, %s: %v", seed, opt.Share, err)
		}
	}
}

func through(ls []record.Line, opt Options) (out []record.Line, err error) {
	for l, e := range Attribute(seq(ls), opt) {
		if e != nil {
			err = errors.Join(err, e)
		} else {
			out = append(out, l)
		}
	}
	return out, err
}

// adds checks the sums of a merged stream.
func adds(ls []record.Line) error {
	told, unknown := map[string]float64{}, map[string]bool{}
	for _, l := range ls {
		switch l.Type {
		case record.TypeRequest:
			var q record.Request
			if err := l.Decode(&q); err != nil {
				return err
			}
			switch {
			case q.Error != nil:
			case q.GPU == nil || q.GPU.Energy == nil:
				unknown[q.Phase] = true
			default:
				told[q.Phase] += *q.GPU.Energy
			}
		case record.TypeEnergy:
			var e record.Energy
			if err := l.Decode(&e); err != nil {
				return err
			}
			energy, requests, others, idle := value(e.Energy), value(e.Requests), value(e.Others), value(e.Idle)
			if math.Abs(requests+others+idle-energy) > 1e-6 {
				return fmt.Errorf("%s %s: %v + %v + %v is not %v", e.Phase, e.Scope, requests, others, idle, energy)
			}
			if min(energy, requests, others, idle) < -1e-6 {
				return fmt.Errorf("%s %s: negative: %s", e.Phase, e.Scope, l.Raw)
			}
			if sum, ok := told[e.Phase]; ok && e.Scope == record.ScopeTotal && !unknown[e.Phase] && math.Abs(sum-requests) > 1e-4 {
				return fmt.Errorf("%s: requests were told %v J, the energy says %v", e.Phase, sum, requests)
			}
		}
	}
	return nil
}
