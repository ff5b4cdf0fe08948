package sim

import (
	"fmt"
	"hash/fnv"
	"math"
	"sort"
	"sync"
	"time"
)

// gpus are the GPUs of a machine. Their state is known exactly at every
// instant: between changes of load the power of each approaches its target
// exponentially, and energy is the integral of that in closed form.
type gpus struct {
	cfg   Config
	begun time.Time

	mu      sync.Mutex
	history []state     // by time; at each the load changed
	changed func(state) // told of each; may be nil
}

// A state is that of all GPUs at an instant, and what drives them from there.
type state struct {
	t                    time.Time
	prefilling, decoding int
	energy               []float64 // J since the start
	power                []float64 // W
	target               []float64 // W that power approaches
	heat                 []float64 // °C of the chip
	busy                 float64   // s during which there was work
	over                 []float64 // s during which the demand was above the limit
	demandOver           []bool
	tokens               int // in the KV cache
}

func newGPUs(cfg Config, now time.Time) *gpus {
	g := &gpus{cfg: cfg, begun: now}
	s := state{t: now}
	s.make(cfg.GPUs)
	for i := range cfg.GPUs {
		s.power[i] = cfg.Power.Idle
		s.heat[i] = warmth(cfg.Power.Idle)
	}
	g.aim(&s)
	g.history = []state{s}
	return g
}

func (s *state) make(n int) {
	all := make([]float64, 5*n)
	for i, p := range []*[]float64{&s.energy, &s.power, &s.target, &s.heat, &s.over} {
		*p = all[i*n : (i+1)*n : (i+1)*n]
	}
	s.demandOver = make([]bool, n)
}

// aim sets what the power of each GPU approaches under the load of s. The
// demand grows with the requests in decode and saturates, as a memory-bound
// batch does.
func (g *gpus) aim(s *state) {
	p := g.cfg.Power
	work := p.Prefill*(1-math.Exp(-float64(s.prefilling))) + p.Decode*(1-math.Exp(-float64(s.decoding)/6))
	for i := range s.target {
		part := 1.0
		if n := len(s.target); n > 1 {
			part -= p.Spread * float64(i) / float64(n-1)
		}
		demand := p.Idle + work*part
		s.demandOver[i] = demand > p.Limit
		s.target[i] = min(demand, p.Limit)
	}
}

// change adds to the load, now.
func (g *gpus) change(prefilling, decoding, tokens int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := &g.history[len(g.history)-1]
	s := g.after(last, time.Now())
	s.prefilling += prefilling
	s.decoding += decoding
	s.tokens += tokens
	g.aim(&s)
	if s.t.Equal(last.t) {
		*last = s
	} else {
		if len(g.history) == maxHistory {
			g.history = append(g.history[:0], g.history[maxHistory/2:]...)
		}
		g.history = append(g.history, s)
	}
	if g.changed != nil {
		g.changed(s)
	}
}

// at is the state at an instant of the past.
func (g *gpus) at(t time.Time) state {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := sort.Search(len(g.history), func(i int) bool { return g.history[i].t.After(t) })
	return g.after(&g.history[max(0, i-1)], t)
}

// after is what s has become by t.
func (g *gpus) after(s *state, t time.Time) state {
	dt := max(0, t.Sub(s.t).Seconds())
	n := *s
	n.t = t
	n.make(len(s.energy))
	copy(n.target, s.target)
	copy(n.demandOver, s.demandOver)
	tau := g.cfg.Power.Tau.Seconds()
	fade := math.Exp(-dt / tau)
	for i, p := range s.power {
		off := p - s.target[i]
		n.power[i] = s.target[i] + off*fade
		n.energy[i] = s.energy[i] + s.target[i]*dt + off*tau*(1-fade)
		goal := warmth(s.target[i])
		n.heat[i] = goal + (s.heat[i]-goal)*math.Exp(-dt/thermal)
		n.over[i] = s.over[i]
		if s.demandOver[i] {
			n.over[i] += dt
		}
	}
	if s.prefilling+s.decoding > 0 {
		n.busy += dt
	}
	return n
}

// maxHistory is how many changes of load are remembered at most, and half of it
// at least.
const maxHistory = 1 << 18

// thermal is the time constant of a chip's temperature in seconds.
const thermal = 8.0

// warmth is the temperature in °C that a chip comes to at so many watts.
func warmth(watts float64) float64 { return 27 + 0.055*watts }

// offset is what the energy counter of a GPU stood at when the machine was
// started, in mJ: it counts since the driver was loaded.
func offset(gpu int) float64 { return 4.2e11 + 1.7e10*float64(gpu) }

// uuid is made from the names of machine and GPU.
func uuid(cfg Config, gpu int) string {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s/%d", cfg.Host, gpu)
	b := h.Sum(nil)
	return fmt.Sprintf("GPU-%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
