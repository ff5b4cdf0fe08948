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
)

// close tells what the energy of the window was, behind the last line.
func (a *attribution) close(yield func(record.Line, error) bool) {
	l := &a.ledger
	w := &l.measured
	if w.count == 0 {
		w = &l.all
	}
	a.remark(w)
	if len(l.gpus) == 0 || w.count == 0 {
		return
	}
	var list []*record.Energy
	var broken error
	for i, g := range l.gpus {
		e := a.energy(i, g, w)
		if err := w.conserved(i); err != nil && broken == nil {
			broken = fmt.Errorf("%w: GPU %s: %w", ErrConservation, g.key, err)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, byPlace)
	for _, e := range append(list, total(list)) {
		e.Time = a.last
		publish(e)
		raw, err := record.Append(nil, e)
		line := record.Line{Header: e.Header, Raw: bytes.TrimSuffix(raw, []byte{'\n'})}
		if err != nil {
			line = record.Line{}
		}
		if !yield(line, err) {
			return
		}
	}
	if broken != nil {
		yield(record.Line{}, broken)
	}
}

// remark notes what is missing.
func (a *attribution) remark(w *window) {
	gpus, load := len(a.ledger.gpus), a.requests
	switch {
	case gpus == 0 && load > 0:
		a.tell(record.Warning, "no-gpu", "no GPU readings with power or energy: nothing to attribute; start aiperf-scrape before the load and merge both streams")
	case gpus > 0 && load == 0:
		a.tell(record.Info, "no-requests", "no requests: nothing to attribute GPU energy to")
	case gpus > 0 && w.count == 0:
		a.tell(record.Warning, "no-window", "no profiling request has finished: there is no window to give energy for")
	}
	if gpus == 0 || load == 0 {
		return
	}
	if a.late > 0 {
		a.tell(record.Warning, "late", "%d requests were written so long after they had started or ended that their energy is left out", a.late)
	}
	if n := len(a.flying); n > 0 {
		a.tell(record.Info, "unfinished", "%d requests never ended; they count as in flight until the end of the stream", n)
	}
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
		Scope: record.ScopeGPU, Phase: record.Profiling, From: from, To: to, Took: to.Sub(from),
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
		e.Requests, e.Idle = &requests, &idle
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
	c := &g.curve[g.main]
	for _, x := range []struct {
		bad  bool
		code string
	}{
		{c.first > from || c.last().t < to, NoBracket},
		{g.gaps.touch(from, to), Gap},
		{g.resets.touch(from, to), Reset},
	} {
		if x.bad {
			e.Verdict, e.Reasons = record.Invalid, append(e.Reasons, x.code)
		}
	}
	return e
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

// total adds the GPUs up. ± adds linearly, for GPUs behind one exporter are late
// together. Refresh is the slowest. A sum is absent if one of its parts is, but
// for energy and what it is made of: there the verdict tells.
func total(list []*record.Energy) *record.Energy {
	first := list[0]
	t := &record.Energy{
		Scope: record.ScopeTotal, GPUs: len(list), Phase: first.Phase,
		From: first.From, To: first.To, Took: first.Took, Verdict: record.Valid, Reasons: []string{},
	}
	all := func(get func(*record.Energy) *float64) *float64 {
		sum := 0.0
		for _, e := range list {
			x := get(e)
			if x == nil {
				return nil
			}
			sum += *x
		}
		return &sum
	}
	some := func(get func(*record.Energy) *float64) (sum *float64) {
		for _, e := range list {
			if x := get(e); x != nil {
				if sum == nil {
					sum = new(float64)
				}
				*sum += *x
			}
		}
		return sum
	}
	t.Energy = some(func(e *record.Energy) *float64 { return e.Energy })
	t.Requests = some(func(e *record.Energy) *float64 { return e.Requests })
	t.Others = some(func(e *record.Energy) *float64 { return e.Others })
	t.Idle = some(func(e *record.Energy) *float64 { return e.Idle })
	t.Counter = all(func(e *record.Energy) *float64 { return e.Counter })
	t.Integral = all(func(e *record.Energy) *float64 { return e.Integral })
	t.PlusMinus = all(func(e *record.Energy) *float64 { return e.PlusMinus })
	for _, e := range list {
		t.Readings += e.Readings
		if e.Refresh != nil && (t.Refresh == nil || *e.Refresh > *t.Refresh) {
			t.Refresh = new(*e.Refresh)
		}
		switch {
		case e.Source == "" || e.Source == t.Source:
		case t.Source == "":
			t.Source = e.Source
		default:
			t.Source = "mixed"
		}
		for _, r := range e.Reasons {
			if !slices.Contains(t.Reasons, r) {
				t.Reasons = append(t.Reasons, r)
			}
			t.Verdict = record.Invalid
		}
	}
	return t
}

// publish rounds to nanojoules and nanoseconds, far below what is known and
// far above what would show in a sum.
func publish(e *record.Energy) {
	for _, x := range []**float64{&e.Energy, &e.Counter, &e.Integral, &e.PlusMinus, &e.Requests, &e.Others, &e.Idle, &e.Refresh} {
		if *x != nil {
			*x = round(**x, 1e9)
		}
	}
}
