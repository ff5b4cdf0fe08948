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
			f.Stat, reset, ok = s.increase(col, w)
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
	c := s.curve(col, w.From)
	return stat.Summarize(x, stat.Sample, more...), c.Mean(0, w.Seconds()), true
}

// curve is a column over the seconds since origin.
func (s *series) curve(col []float64, origin record.Time) stat.Curve {
	var c stat.Curve
	for i, v := range col {
		if v, ok := known(v); ok {
			c.T, c.X = append(c.T, s.taken[i].Sub(origin)), append(c.X, v)
		}
	}
	return c
}

// increase is how much a counter grew over the window, and whether it went
// backwards inside. It grows on straight lines between the readings that first
// showed a new value; where it went backwards it is taken to have begun anew
// from 0.
func (s *series) increase(col []float64, w *Window) (_ stat.Summary, reset, ok bool) {
	all := s.curve(col, w.From)
	d := w.Seconds()
	if n := len(all.T); n == 0 || all.T[0] > d || all.T[n-1] < 0 {
		return stat.Summary{}, false, false
	}
	var c stat.Curve
	var lost float64 // what the counter had when it went backwards
	last := math.NaN()
	for i, v := range all.X {
		if v < last {
			lost += last
			reset = reset || all.T[i] >= 0 && (i == 0 || all.T[i-1] <= d)
		}
		if v != last {
			c.T, c.X = append(c.T, all.T[i]), append(c.X, v+lost)
		}
		last = v
	}
	return stat.Summary{N: 1, Mean: c.At(d) - c.At(0)}, reset, true
}

// changes counts how often the last error's code changed in the window, and
// lists the codes that were seen.
func (s *series) changes(col []float64, from, to int) (stat.Summary, []int, bool) {
	last := math.NaN()
	n, seen := 0, false
	var codes []int
	for i := 0; i < min(to, len(col)); i++ {
		v, ok := known(col[i])
		if !ok {
			continue
		}
		if i >= from {
			seen = true
			if v != last && !math.IsNaN(last) {
				n++
			}
			if code := int(v); code != 0 && !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
		last = v
	}
	slices.Sort(codes)
	return stat.Summary{N: 1, Mean: float64(n)}, codes, seen
}
