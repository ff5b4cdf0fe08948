package report

import (
	"math"
	"slices"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// summarize is the GPU over the window.
func (s *series) summarize(w *Window, more []float64) GPU {
	g := s.gpu
	from, to := s.in(w)
	g.Readings = to - from
	g.Covered = len(s.taken) > 0 && s.taken[0] <= w.From && s.taken[len(s.taken)-1] >= w.To
	for name, col := range s.fields {
		f := FieldNamed(name)
		var ok bool
		switch {
		case name == record.FieldXID:
			f.Stat, g.XIDs, ok = s.changes(col, from, to)
		case f.Counter:
			var reset bool
			f.Stat, reset, ok = s.increase(name, w)
			if ok && reset {
				g.Resets = append(g.Resets, f.Header)
			}
		default:
			f.Stat, f.Mean, ok = s.gauge(col, w, more)
		}
		if ok {
			g.Fields = append(g.Fields, f)
		}
	}
	slices.Sort(g.Resets)
	slices.SortFunc(g.Fields, func(a, b Field) int { return CompareFields(a.Name, b.Name) })
	return g
}

// gauge is the summary of the readings in the window, and the time-weighted
// mean over it.
func (s *series) gauge(col []float64, w *Window, more []float64) (stat.Summary, float64, bool) {
	from, to := s.in(w)
	var x []float64
	for i := from; i < min(to, len(col)); i++ {
		if v, ok := known(col[i]); ok {
			x = append(x, v)
		}
	}
	if len(x) == 0 {
		return stat.Summary{}, 0, false
	}
	c := s.curve(col, w.From, from, to)
	return stat.Summarize(x, stat.Sample, more...), c.Mean(0, w.Seconds()), true
}

// curve is a column over the seconds since origin, from the last value before
// the reading with the number from to the first one at or behind that with the
// number to: a window asks for no more.
func (s *series) curve(col []float64, origin record.Time, from, to int) stat.Curve {
	for from > 0 {
		from--
		if from < len(col) && col[from] == col[from] {
			break
		}
	}
	var c stat.Curve
	for i := from; i < len(col); i++ {
		v, ok := known(col[i])
		if ok {
			c.T, c.X = append(c.T, s.taken[i].Sub(origin)), append(c.X, v)
		}
		if ok && i >= to {
			break
		}
	}
	return c
}

// A growth is a counter over the seconds since the series' first reading: on
// straight lines between the readings that first showed a new value. Where it
// went backwards it is taken to have begun anew from 0.
type growth struct {
	stat.Curve
	last   float64   // when it was last read
	resets []float64 // stretches in which it went backwards: their two ends each
}

// growth is that of a column, which is looked at once for all windows.
func (s *series) growth(name string) *growth {
	if g := s.grown[name]; g != nil {
		return g
	}
	g := new(growth)
	var lost float64 // what the counter had when it went backwards
	last := math.NaN()
	for i, v := range s.fields[name] {
		if v != v {
			continue
		}
		t := s.taken[i].Sub(s.taken[0])
		if v < last {
			lost += last
			g.resets = append(g.resets, g.last, t)
		}
		if v != last {
			g.T, g.X = append(g.T, t), append(g.X, v+lost)
		}
		last, g.last = v, t
	}
	if s.grown == nil {
		s.grown = map[string]*growth{}
	}
	s.grown[name] = g
	return g
}

// increase is how much a counter grew over the window, and whether it went
// backwards inside.
func (s *series) increase(name string, w *Window) (_ stat.Summary, reset, ok bool) {
	g := s.growth(name)
	from, to := w.From.Sub(s.taken[0]), w.To.Sub(s.taken[0])
	if len(g.T) == 0 || g.T[0] > to || g.last < from {
		return stat.Summary{}, false, false
	}
	for i := 0; i < len(g.resets); i += 2 {
		reset = reset || g.resets[i+1] >= from && g.resets[i] <= to
	}
	return stat.Summary{N: 1, Mean: g.At(to) - g.At(from)}, reset, true
}

// changes counts how often the last error's code changed in the window, and
// lists the codes that were seen.
func (s *series) changes(col []float64, from, to int) (stat.Summary, []int, bool) {
	last := math.NaN()
	n, seen := 0, false
	var codes []int
	first := min(from, len(col))
	for first > 0 && last != last {
		first--
		last = col[first]
	}
	for i := from; i < min(to, len(col)); i++ {
		v, ok := known(col[i])
		if !ok {
			continue
		}
		seen = true
		if v != last && !math.IsNaN(last) {
			n++
		}
		if code := int(v); code != 0 && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
		last = v
	}
	slices.Sort(codes)
	return stat.Summary{N: 1, Mean: float64(n)}, codes, seen
}
