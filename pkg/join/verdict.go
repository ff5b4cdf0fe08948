package join

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	"aiperf/pkg/record"
)

// Reasons why an energy is not valid.
const (
	NoBracket = "no-bracket" // no reading at or before the window's begin, or none at or after its end
	Gap       = "gap"        // no new reading for longer than Options.MaxGap, inside the window
	Reset     = "reset"      // the counter went backwards inside the window
	GPULost   = "gpu-lost"   // the GPU was not on its exporter's pages any more before the window's end
	MIG       = "mig"        // the GPU is divided into instances, which cannot be told apart
	Stale     = "stale"      // the GPU's refresh is slower than a tenth of the window
	Skew      = "skew"       // the instant of a reading beside an edge of the window is known to no better than Options.MaxSkew
	NoSuccess = "no-success" // no request of the phase succeeded
)

// close tells what the energy of each phase was, behind the last line.
func (a *attribution) close(yield func(record.Line, error) bool) {
	found := a.lags.results(a.opt.Lag)
	a.remark(found)
	for _, p := range a.ledger.inOrder() {
		w := p.window()
		if len(a.ledger.gpus) == 0 || w.count == 0 {
			continue
		}
		if !a.closePhase(p.name, w, p.measured.count > 0, found, yield) {
			return
		}
	}
}

// inOrder are the phases with what is measured last.
func (l *ledger) inOrder() []*phase {
	rank := func(p *phase) int {
		switch p.name {
		case record.Warmup:
			return 0
		case record.Profiling:
			return 2
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(l.phases), func(p, q *phase) int {
		return cmp.Or(cmp.Compare(rank(p), rank(q)), cmp.Compare(p.name, q.name))
	})
}

func (a *attribution) closePhase(name string, w *window, succeeded bool, found map[string]*record.Lag, yield func(record.Line, error) bool) bool {
	var list []*record.Energy
	var broken error
	for i, g := range a.ledger.gpus {
		e := a.energy(i, g, w)
		e.Phase, e.Lag = name, found[g.active.name]
		if !succeeded {
			e.Verdict, e.Reasons = record.Invalid, append(e.Reasons, NoSuccess)
		}
		if err := w.conserved(i); err != nil && broken == nil {
			broken = fmt.Errorf("%w: GPU %s: %w", ErrConservation, g.key, err)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, byPlace)
	all := total(list)
	all.Regime = a.regimeOf(w)
	for _, e := range append(list, all) {
		e.Time = a.last
		publish(e)
		raw, err := record.Append(nil, e)
		line := record.Line{Header: e.Header, Raw: bytes.TrimSuffix(raw, []byte{'\n'})}
		if err != nil {
			line = record.Line{}
		}
		if !yield(line, err) {
			return false
		}
	}
	return broken == nil || yield(record.Line{}, broken)
}

// conserved checks that what was charged and what was idle make up the energy
// of the window, to 1e-9 of it.
func (w *window) conserved(i int) error {
	from, to := w.from.mark(i), w.to.mark(i)
	energy := to.main - from.main
	placed := to.charged - from.charged + to.idle - from.idle + to.missed - from.missed
	// The sums began before the window, so that their rounding counts too.
	if d := math.Abs(energy - placed); d > 1e-9*math.Abs(energy)+1e-12*math.Abs(to.main) {
		return fmt.Errorf("%.12g J were charged or idle of %.12g J", placed, energy)
	}
	return nil
}

// energy is what is known of one GPU over the window.
func (a *attribution) energy(i int, g *gpu, w *window) *record.Energy {
	from, to := w.from.t, w.to.t
	m, n := w.from.mark(i), w.to.mark(i)
	e := &record.Energy{
		Scope: record.ScopeGPU, From: from, To: to, Took: to.Sub(from),
		UUID: g.latest.uuid, Host: g.latest.host, GPU: g.latest.index, Model: g.latest.model,
		Readings: n.passed - m.passed, Verdict: record.Valid, Reasons: []string{},
	}
	e.Counter = g.between(byCounter, m, n, from, to)
	e.Integral = g.between(byPower, m, n, from, to)
	e.Energy, e.Source = e.Counter, "counter"
	if g.main == byPower {
		e.Energy, e.Source = e.Integral, "integral"
	}
	if e.Energy == nil {
		e.Source = ""
	} else {
		requests, idle := 0.0, n.idle-m.idle
		if i < len(w.requests) {
			requests = w.requests[i]
		}
		e.Requests, e.Idle, e.Share = &requests, &idle, a.opt.Share
		// Rounding must not make anybody's energy out of nothing.
		if others := n.charged - m.charged + n.missed - m.missed - requests; others > 1e-9**e.Energy {
			e.Others = &others
		}
		if m.edge.ok && n.edge.ok {
			if pm, ok := g.plusMinus(m, n, a.asked(g), g.resets.touch(from, to)); ok {
				e.PlusMinus = &pm
			}
		}
	}
	if r, ok := g.refresh.quantile(0.5); ok {
		e.Refresh = &r
	}
	e.Reasons = append(e.Reasons, a.reasons(g, e)...)
	if len(e.Reasons) > 0 {
		e.Verdict = record.Invalid
	}
	return e
}

// reasons are why the energy of a window is not to be trusted.
func (a *attribution) reasons(g *gpu, e *record.Energy) (list []string) {
	c := &g.curve[g.main]
	for _, x := range []struct {
		bad  bool
		code string
	}{
		{c.first > e.From || c.last().t < e.To, NoBracket},
		{g.gaps.touch(e.From, e.To), Gap},
		{g.resets.touch(e.From, e.To), Reset},
		{a.gone(g, e.From, e.To), GPULost},
		{g.mig, MIG},
		{e.Refresh != nil && *e.Refresh > e.Took/staleness, Stale},
		{g.skewed.has(e.From) || g.skewed.has(e.To), Skew},
	} {
		if x.bad {
			list = append(list, x.code)
		}
	}
	return list
}

// staleness is how many refreshes a window must be long.
const staleness = 10

// fallen is the XID of a GPU that has fallen off the bus.
const fallen = 79

// gone tells whether g was not on the pages of its exporter any more while that
// went on.
func (a *attribution) gone(g *gpu, from, to record.Time) bool {
	if slices.Contains(g.xids.during(from, to, nil), fallen) {
		return true
	}
	src := a.source(g.active.name)
	return g.heard < to && (src.news.Sub(g.heard) > g.patience(a.opt.MaxGap) || src.empty > g.heard)
}

// between is the energy by one of the two sources; nil if that knows nothing of
// the window.
func (g *gpu) between(j int, m, n mark, from, to record.Time) *float64 {
	c := &g.curve[j]
	if c.count < 2 || c.first >= to || c.last().t <= from {
		return nil
	}
	d := n.sum[j] - m.sum[j]
	return &d
}

func byPlace(a, b *record.Energy) int {
	index := func(e *record.Energy) int {
		if e.GPU == nil {
			return -1
		}
		return *e.GPU
	}
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(index(a), index(b)), cmp.Compare(a.UUID, b.UUID))
}
