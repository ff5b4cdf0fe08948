package join

import "aiperf/pkg/record"

// mostLags is how many sources have a lag of their own.
const mostLags = 32

// lags are the delays of the sources, by name.
type lags struct {
	from record.Time // what was before is not known whole
	by   map[string]*lagger
	t    record.Time
	n    float64 // the load since t
}

// load says that so many requests are in flight from t on.
func (s *lags) load(t record.Time, n int) {
	s.t, s.n = max(t, s.from), float64(n)
	for _, l := range s.by {
		l.load(s.t, s.n)
	}
}

// power gives the mean power of a GPU of a source between two readings.
func (s *lags) power(source string, p, q knot) {
	if p.t < s.from {
		return
	}
	l, ok := s.by[source]
	if !ok {
		if len(s.by) == mostLags {
			return
		}
		if s.by == nil {
			s.by = map[string]*lagger{}
		}
		l = new(lagger)
		if s.n > 0 {
			l.load(s.t, s.n)
		}
		s.by[source] = l
	}
	l.power(p.t, q.t, mean(p, q))
}

// results are the lags that are known.
func (s *lags) results(applied map[string]float64) map[string]*record.Lag {
	found := map[string]*record.Lag{}
	for name, l := range s.by {
		seconds, r, clear, ok := l.result()
		if !ok {
			continue
		}
		lag := &record.Lag{Seconds: *round(seconds, 1e6), Correlation: *round(r, 1e4), Clear: clear}
		if x, ok := applied[name]; ok {
			lag.Applied = round(x, 1e6)
		}
		found[name] = lag
	}
	return found
}
