package join

import (
	"slices"

	"aiperf/pkg/record"
)

// A told is what lines of producers say of themselves.
type told struct {
	run, id, phase, event string
	start                 record.Time
}

// mentioned is false for a line that does not say which run it is of.
func mentioned(l record.Line) (m told, ok bool) {
	m.start = l.Time
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			p.text("run", v, &m.run)
			ok = true
		case "id":
			p.text("id", v, &m.id)
			if l.Type == record.TypeRequest && ok {
				return m, p.err == nil // the rest is long
			}
		case "phase":
			p.text("phase", v, &m.phase)
		case "event":
			p.text("event", v, &m.event)
		case "start":
			p.time("start", v, &m.start)
		}
	}
	return m, ok && p.err == nil
}

// aloft are the requests in flight.
type aloft struct {
	byKey map[uint64][]*departed
	queue []*departed // in the order of their begin lines
	head  int
}

type departed struct {
	kept
	run    string
	start  record.Time
	landed bool
	passed bool // over by forget
}

func (a *aloft) add(m told, k kept) {
	if a.byKey == nil {
		a.byKey = map[uint64][]*departed{}
	}
	d := &departed{kept: k, run: m.run, start: m.start}
	key := flightKey(m.run, []byte(m.id))
	a.byKey[key] = append(a.byKey[key], d)
	if a.head > 1024 && a.head > len(a.queue)/2 {
		a.queue, a.head = slices.Delete(a.queue, 0, a.head), 0
	}
	a.queue = append(a.queue, d)
}

// take lands a request. Of several with the same name, as in two copies of a
// stream, the last that was sent.
func (a *aloft) take(m told) {
	key := flightKey(m.run, []byte(m.id))
	ds := a.byKey[key]
	if len(ds) == 0 {
		return
	}
	last := len(ds) - 1
	ds[last].landed, ds[last].line = true, record.Line{}
	if last == 0 {
		delete(a.byKey, key)
	} else {
		a.byKey[key] = ds[:last]
	}
}

// land lands all requests of a run.
func (a *aloft) land(run string) {
	for key, ds := range a.byKey {
		if ds[0].run != run {
			continue
		}
		for _, d := range ds {
			d.landed, d.line = true, record.Line{}
		}
		delete(a.byKey, key)
	}
}

// front is the first request in flight that is not forgotten; nil if there is
// none.
func (a *aloft) front() *departed {
	for a.head < len(a.queue) {
		if d := a.queue[a.head]; !d.landed && !d.passed {
			return d
		}
		a.queue[a.head] = nil
		a.head++
	}
	return nil
}

// horizon is the first start of those in flight, as far as the order of the
// begin lines tells; ever if there is none.
func (a *aloft) horizon() record.Time {
	if d := a.front(); d != nil {
		return d.start
	}
	return ever
}

// forget gives up the readings of the request that is longest in flight.
func (a *aloft) forget() bool {
	d := a.front()
	if d != nil {
		d.passed = true
	}
	return d != nil
}

// all are the begin lines of all that are in flight.
func (a *aloft) all() (list []kept) {
	for _, ds := range a.byKey {
		for _, d := range ds {
			list = append(list, d.kept)
		}
	}
	return list
}
