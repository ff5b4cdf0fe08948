package report

import (
	"aiperf/pkg/record"
)

// A Slice is a part of the window: what the requests were like that began in
// it, what was in flight and what the GPUs did.
type Slice struct {
	Window
	Complete bool // it is as long as was asked for; only the last one need not be
	Requests Counts
	Metrics  []Metric
	GPUs     []GPU
	Energy   *float64 // J, of all GPUs together
}

// Metric looks a metric up by its tag.
func (s Slice) Metric(tag string) (Metric, bool) { return find(s.Metrics, tag) }

// mostSlices bounds how many there are.
const mostSlices = 10_000

// extent is the time from the first start to the last end of all requests, or
// the window if there are none.
func (v *view) extent(w *Window) *Window {
	if !v.any() {
		return w
	}
	return v.flight()
}

// flight is the time from the first start to the last end of all requests of a
// view, whatever became of them.
func (v *view) flight() *Window {
	s := v.digest().flight
	return &Window{s.from, s.to}
}

// tooFine tells whether there would be too many slices.
func (b *Builder) tooFine(v *view, w *Window) bool {
	return w != nil && b.Options.Window > 0 && v.extent(w).Seconds()/b.Options.Window >= mostSlices
}

// slices cuts the time of the requests into windows that do not overlap, from
// the first start on. A request belongs to the one in which it began.
func (b *Builder) slices(l *load, v *view, w *Window) []Slice {
	if w == nil || b.Options.Window <= 0 || b.requests.digests != nil || b.tooFine(v, w) {
		return nil
	}
	all := v.extent(w)
	long := record.Time(b.Options.Window * 1e9)
	n := int((all.To-all.From)/long) + 1
	rows := make([][]int, n)
	for row, start := range b.requests.start {
		i := int((start - all.From) / long)
		rows[i] = append(rows[i], row)
	}
	list := make([]Slice, 0, n)
	for i := range n {
		s := Slice{Complete: true, Window: Window{all.From + record.Time(i)*long, all.From + record.Time(i+1)*long}}
		if s.To > all.To {
			s.To, s.Complete = all.To, false
		}
		if s.From >= s.To && len(rows[i]) == 0 {
			continue
		}
		b.slice(&s, rows[i], l)
		list = append(list, s)
	}
	return list
}

// slice fills s, in which the rows' requests began.
func (b *Builder) slice(s *Slice, rows []int, l *load) {
	v := &view{requests: &b.requests, rows: rows, window: &s.Window, slice: true, group: -1}
	s.Requests = v.counts()
	if len(rows) > 0 {
		s.Metrics = v.metrics()
	}
	if l != nil {
		s.Metrics = append(s.Metrics, l.metrics(&s.Window, b.Options.Percentiles)...)
	}
	s.GPUs = b.gpus.summarize(&s.Window, b.Options.Percentiles)
	s.Energy = used(s.GPUs, &s.Window)
	b.efficiency(s)
}

// efficiency is the slice's energy by the tokens that were decoded in it.
func (b *Builder) efficiency(s *Slice) {
	if s.Energy == nil {
		return
	}
	var t singles
	t.add("total_gpu_energy", "Total GPU Energy", Joules, 730, *s.Energy)
	if d := s.Seconds(); d > 0 {
		t.add("average_gpu_power", "Average GPU Power", Watts, 720, *s.Energy/d)
		if m, ok := s.Metric("effective_decode_throughput"); ok && m.Value() > 0 {
			t.add("energy_per_output_token", "Energy per Output Token", JoulesPerToken, 750, *s.Energy/(m.Value()*d))
		}
	}
	s.Metrics = append(s.Metrics, t...)
}
