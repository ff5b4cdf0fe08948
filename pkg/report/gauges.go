package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// summarize is the GPU over the window.
func (s *series) summarize(w *Window) GPU {
	g := s.gpu
	from, to := s.in(w)
	g.Readings = to - from
	for name, col := range s.fields {
		f := fieldNamed(name)
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
			f.Stat, f.Mean, ok = s.gauge(col, w)
		}
		if ok {
			g.Fields = append(g.Fields, f)
		}
	}
	slices.Sort(g.Resets)
	slices.SortFunc(g.Fields, func(a, b Field) int {
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return g
}

// fieldNamed says what a field is. One that the catalogue does not have keeps
// its name and counts as a gauge.
func fieldNamed(name string) Field {
	if i := rank(name); i < len(gpuFields) {
		f := gpuFields[i]
		return Field{Name: name, Header: f.header, Unit: f.unit, Counter: f.counter, Quiet: f.quiet}
	}
	return Field{Name: name, Header: name, Unit: Unit{Factor: 1}}
}

func rank(name string) int {
	if i := slices.IndexFunc(gpuFields, func(f gpuField) bool { return f.name == name }); i >= 0 {
		return i
	}
	return len(gpuFields)
}

// gauge is the summary of the readings in the window, and the time-weighted
// mean over it.
func (s *series) gauge(col []float64, w *Window) (stat.Summary, float64, bool) {
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
	return stat.Summarize(x, stat.Sample), c.Mean(0, w.Seconds()), true
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
