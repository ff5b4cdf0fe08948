package join

import "aiperf/pkg/record"

// mostServers is how many sources are followed; those that come later are not.
const mostServers = 256

// servers keeps the curves of all sources of server records, behind a cursor
// that only moves forward. What it holds is what was read since the cursor.
// Values are known from the first reading of a source to its last, linear in
// between; nothing is extrapolated. The zero servers is ready.
type servers struct {
	list    []*server
	byName  map[string]int
	places  map[string]string // of URLs of requests
	now     record.Time
	shot    serverState // at now, if it is still true
	current bool
	ignored int // readings of sources beyond mostServers
}

// A server is one source. Two names of one address are one source.
type server struct {
	place string
	front bool
	curve [quantities]curve // gauges; integrals over seconds
	// What lies before the cursor but came too late for anybody's account.
	missed [quantities]part
	pace   float64 // seconds between readings, at most; it falls slowly
	latest record.Time
}

type part struct{ sum, seconds float64 }

// A serverState is where the curves of all sources stand at an instant. It does
// not change.
type serverState struct {
	t    record.Time
	list []serverMark
}

type serverMark [quantities]struct {
	sum, seconds float64
	value        float64
	known        bool // value is
}

// take adds a server record. The error is a LineError.
func (s *servers) take(l record.Line) error {
	r, err := readServer(l)
	if err == nil {
		s.add(r)
	}
	return err
}

func (s *servers) add(r *serverReading) {
	v := s.find(r.source)
	if v == nil {
		s.ignored++
		return
	}
	if v.latest != 0 && r.taken > v.latest {
		least := DefaultMaxGap
		if v.pace == 0 {
			least = unknownPatience
		}
		v.pace = pace(v.pace, r.taken.Sub(v.latest), least)
	}
	v.latest = max(v.latest, r.taken)
	v.front = v.front || r.front
	for q := range quantities {
		if r.has[q] {
			v.add(q, r.taken, r.value[q], s.now)
		}
	}
	s.current = false
}

// add continues a curve. What lies between its last knot and now, if now is
// beyond that, was told to nobody and remains so.
func (v *server) add(q int, t record.Time, x float64, now record.Time) {
	c := &v.curve[q]
	c.gauge = true
	if !c.any() || c.last().t >= now {
		c.add(t, x)
		return
	}
	sum, seconds := c.at(now), c.known(now)
	c.add(t, x)
	v.missed[q].sum += c.at(now) - sum
	v.missed[q].seconds += c.known(now) - seconds
}

func (s *servers) find(source string) *server {
	name := place(source) + " " + way(source)
	if i, ok := s.byName[name]; ok {
		return s.list[i]
	}
	if len(s.list) == mostServers {
		return nil
	}
	if s.byName == nil {
		s.byName, s.places = map[string]int{}, map[string]string{}
	}
	v := &server{place: place(source)}
	s.byName[name] = len(s.list)
	s.list = append(s.list, v)
	return v
}

// until is the latest instant, not after h, up to which every source has been
// read that is still to be expected to be, at the time now of the stream: none
// that has been silent for more than maxGap seconds and three of its intervals.
func (s *servers) until(h, now record.Time, maxGap float64) record.Time {
	for _, v := range s.list {
		if v.latest < h && now.Sub(v.latest) <= max(maxGap, 3*v.pace) {
			h = v.latest
		}
	}
	return h
}

// to moves the cursors to t, or leaves them where they are if that is later.
func (s *servers) to(t record.Time) {
	if t <= s.now {
		return
	}
	s.now, s.current = t, false
	for _, v := range s.list {
		for q := range v.curve {
			v.curve[q].at(t)
		}
	}
}

// snap is where everything stands now. It costs nothing while nothing moves.
func (s *servers) snap() serverState {
	if s.current {
		return s.shot
	}
	s.shot, s.current = serverState{t: s.now, list: make([]serverMark, len(s.list))}, true
	for i, v := range s.list {
		for q := range v.curve {
			m, c := &s.shot.list[i][q], &v.curve[q]
			m.sum = c.between(s.now) - v.missed[q].sum
			m.seconds = c.known(s.now) - v.missed[q].seconds
			m.value, m.known = c.value(s.now)
		}
	}
	return s.shot
}

// value is that of a gauge at a t that between takes; false where it is not
// known.
func (c *curve) value(t record.Time) (float64, bool) {
	if !c.any() || t < c.first || t > c.last().t {
		return 0, false
	}
	k := c.knots[0]
	if len(c.knots) == 1 || t <= k.t {
		return k.rate, true
	}
	next := c.knots[1]
	return k.rate + (next.rate-k.rate)*(t.Sub(k.t)/next.t.Sub(k.t)), true
}

// between is what was said from a to b to a request with this URL: by the
// sources at its host and port, whatever their paths, or if there are none, by
// all; requests added up and ratios averaged. Front ends count only for what is
// sent to them, for the servers behind them count the same requests; their KV
// cache is those servers'. A mean needs half of the time to be known. It is nil
// if nothing is.
func (s *servers) between(a, b serverState, url string) *record.ServerState {
	out := new(record.ServerState)
	who := s.audience(url)
	var used [mostServers]bool
	for q, to := range [quantities][2]**float64{
		qRunning: {&out.RunningStart, &out.Running},
		qWaiting: {&out.WaitingStart, &out.Waiting},
		qKVCache: {&out.KVCacheStart, &out.KVCache},
	} {
		var start, mean addend
		for i := range min(len(s.list), len(b.list)) {
			if !who.has(s.list[i], q) {
				continue
			}
			if i < len(a.list) && a.list[i][q].known {
				start.add(a.list[i][q].value)
				used[i] = true
			}
			if x, ok := meanOf(a, b, i, q); ok {
				mean.add(x)
				used[i] = true
			}
		}
		*to[0], *to[1] = start.result(q), mean.result(q)
	}
	for _, u := range used {
		if u {
			out.Sources++
		}
	}
	if out.Sources == 0 {
		return nil
	}
	return out
}

// meanOf is the time-weighted mean of one source; false if less than half of
// the time is known.
func meanOf(a, b serverState, i, q int) (float64, bool) {
	var from struct{ sum, seconds float64 }
	if i < len(a.list) {
		from.sum, from.seconds = a.list[i][q].sum, a.list[i][q].seconds
	}
	alive, seconds := b.t.Sub(a.t), b.list[i][q].seconds-from.seconds
	if alive <= 0 || seconds < alive/2 {
		return 0, false
	}
	return (b.list[i][q].sum - from.sum) / seconds, true
}

// An addend gathers one quantity over sources.
type addend struct{ sum, n float64 }

func (a *addend) add(x float64) { a.sum, a.n = a.sum+x, a.n+1 }

func (a *addend) result(q int) *float64 {
	switch {
	case a.n == 0:
		return nil
	case q == qKVCache:
		return round(a.sum/a.n, 1e6)
	}
	return round(a.sum, 1e3)
}

// An audience are the sources that count for a request.
type audience struct {
	place  string // "" if no source is there
	fronts bool   // all at the place are front ends, or all that there are
}

func (s *servers) audience(url string) (a audience) {
	p, ok := s.places[url]
	if !ok {
		p = place(url)
		if s.places != nil && len(s.places) < 1024 {
			s.places[url] = p
		}
	}
	all, here := true, true
	for _, v := range s.list {
		all = all && v.front
		if v.place == p {
			a.place = p
			here = here && v.front
		}
	}
	a.fronts = all && a.place == "" || here && a.place != ""
	return a
}

func (a audience) has(v *server, q int) bool {
	switch {
	case a.place == "":
		return a.fronts || !v.front
	case a.fronts && q == qKVCache:
		return !v.front
	}
	return v.place == a.place
}
