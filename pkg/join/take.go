package join

import (
	"cmp"
	"slices"

	"aiperf/pkg/record"
)

func (a *attribution) takeBegin(l record.Line) error {
	b, err := mentionOf(l)
	if err != nil {
		return err
	}
	a.lag = max(a.lag, l.Time.Sub(b.start))
	a.depart(&flight{key: flightKey(b.run, b.id), run: hash(b.run), start: b.start, phase: named(b.phase)})
	return nil
}

// named gives the names of known phases without keeping a copy.
func named(phase string) string {
	switch phase {
	case record.Profiling:
		return record.Profiling
	case record.Warmup:
		return record.Warmup
	}
	return phase
}

func (a *attribution) depart(f *flight) {
	a.loaded = true
	f.came = a.taken
	a.seen.add(f.start)
	a.flying.add(f)
	a.events.add(f.start, starts, f)
}

func (a *attribution) takeRequest(l record.Line) (*flight, error) {
	r, err := mentionOf(l)
	if err != nil {
		a.land(l, r)
		return nil, err
	}
	a.requests++
	key := flightKey(r.run, r.id)
	f, ok := a.flying.take(key, r.start)
	if !ok {
		if a.orphans++; a.orphans == 1 {
			a.tell(record.Info, "no-begin", "requests without begin lines: everything is held in memory until the end of the stream")
		}
		f = &flight{key: key, run: hash(r.run), start: r.start, phase: named(r.phase)}
		a.depart(f)
		a.flying.take(key, r.start)
	}
	end := l.Time
	if r.timed {
		end = max(r.start.Add(r.took), r.start)
	}
	a.lag = max(a.lag, l.Time.Sub(end))
	f.end, f.finished, f.ended = max(end, f.start), true, true
	f.measured = !r.failed && r.timed && f.start >= a.opt.From
	a.seen.add(f.end)
	if len(a.ledger.servers.list) > 0 {
		f.url = urlOf(l)
	}
	var counted bool
	f.steps, counted, err = stepsOf(l, f.start, f.end, &a.opt)
	if !counted {
		a.uncounted++
	}
	a.events.add(f.end, ends, f)
	return f, err
}

// land ends the flight of a request line that makes no sense, so that it is not
// in flight for ever.
func (a *attribution) land(l record.Line, r mention) {
	if f, ok := a.flying.take(flightKey(r.run, r.id), r.start); ok {
		f.end, f.ended = max(l.Time, f.start), true
		a.events.add(f.end, ends, f)
	}
}

// takeEnd ends what a producer that has ended left in flight.
func (a *attribution) takeEnd(l record.Line) error {
	e, err := mentionOf(l)
	if err != nil {
		return err
	}
	var left []*flight
	run := hash(e.run)
	for _, f := range a.flying {
		for ; f != nil; f = f.next {
			if f.run == run {
				left = append(left, f)
			}
		}
	}
	// The order decides in which digits the sums differ.
	slices.SortFunc(left, func(f, g *flight) int { return cmp.Compare(f.start, g.start) })
	for _, f := range left {
		a.flying.take(f.key, f.start)
		f.end, f.ended = max(l.Time, f.start), true
		a.events.add(f.end, ends, f)
	}
	return nil
}

func (a *attribution) takeGPU(l record.Line) error {
	r, err := readGPU(l)
	if err != nil {
		return err
	}
	r.from = a.origin(r.run, r.source)
	r.taken = r.taken.Add(-a.opt.Lag[r.from])
	src := a.source(r.from)
	src.news = max(src.news, r.taken)
	src.seen.add(r.taken)
	a.measured = true
	key := r.key()
	i, ok := a.byKey[key]
	if !ok {
		if !r.carriesEnergy() || !a.chooser.chosen(key, r) {
			return nil
		}
		i = len(a.ledger.gpus)
		a.byKey[key] = i
		g := &gpu{key: key, main: byPower, lost: true}
		if r.has[byCounter] {
			g.main = byCounter
		}
		g.curve[byPower].gauge = true
		a.ledger.enter(g)
	}
	g := a.ledger.gpus[i]
	g.free = a.ledger.now == 0
	if !g.add(r, &a.opt) {
		return nil
	}
	a.early++
	if g.lost || g.behind {
		a.ledger.resume(i)
	}
	if m := &g.curve[g.main]; len(m.knots) > 1 {
		n := len(m.knots)
		a.ledger.follow(i, m.knots[n-2], m.knots[n-1])
		a.lags.power(g.active.name, m.knots[n-2], m.knots[n-1])
	}
	return nil
}

// A source is what is known of an exporter.
type source struct {
	last     record.Time // it was asked
	interval sample      // s, from one question to the next
	news     record.Time // the latest of its readings
	empty    record.Time // a page without a GPU
	seen     span        // of its readings
}

// origin tells sources of one URL apart by the host of their scraper, for
// localhost is another place on each; as far as run records say it.
func (a *attribution) origin(run, source string) string {
	host := a.hosts[run]
	if host == "" {
		return source
	}
	from, ok := a.origins[[2]string{host, source}]
	if !ok {
		from = source + " from " + host
		a.origins[[2]string{host, source}] = from
	}
	return from
}

// takeRun remembers where a producer runs.
func (a *attribution) takeRun(l record.Line) error {
	var run, host string
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			p.text("run", v, &run)
		case "host":
			p.text("host", v, &host)
		}
	}
	a.hosts[run] = host
	return p.err
}

func (a *attribution) source(name string) *source {
	s, ok := a.sources[name]
	if !ok {
		s = &source{seen: nothing}
		a.sources[name] = s
	}
	return s
}

func (a *attribution) takeScrape(l record.Line) error {
	var run, name string
	var gpus *int
	var failed bool
	values := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			values.text("run", v, &run)
		case "source":
			values.text("source", v, &name)
		case "gpus":
			values.index("gpus", v, &gpus)
		case "error":
			failed = !v.Null()
		}
	}
	s := a.source(a.origin(run, name))
	if s.last != 0 {
		s.interval.add(l.Time.Sub(s.last))
	}
	s.last = l.Time
	if !failed && gpus != nil && *gpus == 0 {
		s.empty = l.Time
	}
	return values.err
}
