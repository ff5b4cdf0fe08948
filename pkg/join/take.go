package join

import (
	"slices"
	"strings"

	"aiperf/pkg/record"
)

func (a *attribution) takeBegin(l record.Line) error {
	b, err := mentionOf(l)
	if err != nil {
		return err
	}
	a.lag = max(a.lag, l.Time.Sub(b.start))
	a.depart(&flight{key: flightKey(b.run, b.id), start: b.start, profiling: b.phase == record.Profiling})
	return nil
}

func (a *attribution) depart(f *flight) {
	a.loaded = true
	a.flying.add(f)
	a.events.add(f.start, false, f)
}

func (a *attribution) takeRequest(l record.Line) (*flight, error) {
	r, err := mentionOf(l)
	if err != nil {
		return nil, err
	}
	a.requests++
	key := flightKey(r.run, r.id)
	f, ok := a.flying.take(key)
	if !ok {
		if a.orphans++; a.orphans == 1 {
			a.tell(record.Info, "no-begin", "requests without begin lines: everything is held in memory until the end of the stream")
		}
		f = &flight{key: key, start: r.start, profiling: r.phase == record.Profiling}
		a.depart(f)
		a.flying.take(key)
	}
	end := l.Time
	if r.timed {
		end = r.start.Add(r.took)
	}
	a.lag = max(a.lag, l.Time.Sub(end))
	f.end, f.finished = max(end, f.start), true
	f.measured = measured(r.phase, r.failed, r.timed)
	a.events.add(f.end, true, f)
	return f, nil
}

// takeEnd ends what a producer that has ended left in flight.
func (a *attribution) takeEnd(l record.Line) error {
	e, err := mentionOf(l)
	if err != nil {
		return err
	}
	var left []string
	for key := range a.flying {
		if run, _, _ := strings.Cut(key, "\x00"); run == e.run {
			left = append(left, key)
		}
	}
	slices.Sort(left) // the order decides in which digits the sums differ
	for _, key := range left {
		for f, ok := a.flying.take(key); ok; f, ok = a.flying.take(key) {
			f.end = max(l.Time, f.start)
			a.events.add(f.end, true, f)
		}
	}
	return nil
}

func (a *attribution) takeGPU(l record.Line) error {
	r, err := readGPU(l)
	if err != nil {
		return err
	}
	if r.mig != "" {
		return nil
	}
	i, ok := a.byKey[r.key()]
	if !ok {
		if !r.carriesEnergy() {
			return nil
		}
		i = len(a.ledger.gpus)
		a.byKey[r.key()] = i
		g := &gpu{key: r.key(), main: byPower, lost: true}
		if r.has[byCounter] {
			g.main = byCounter
		}
		g.curve[byPower].gauge = true
		a.ledger.enter(g)
	}
	g := a.ledger.gpus[i]
	if !g.add(r, a.opt.MaxGap) {
		return nil
	}
	if g.lost {
		a.ledger.resume(i)
	}
	if m := &g.curve[g.main]; len(m.knots) > 1 {
		n := len(m.knots)
		a.ledger.follow(i, m.knots[n-2], m.knots[n-1])
	}
	return nil
}

func (a *attribution) takeScrape(l record.Line) error {
	var source string
	values := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		if string(key) == "source" {
			values.text("source", v, &source)
		}
	}
	p, ok := a.polls[source]
	if !ok {
		a.polls[source] = &poll{last: l.Time}
		return values.err
	}
	p.interval.add(l.Time.Sub(p.last))
	p.last = l.Time
	return values.err
}
