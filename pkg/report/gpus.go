package report

import (
	"cmp"
	"math"
	"slices"

	"aiperf/pkg/record"
)

// gpus are the readings of a stream, by source and GPU.
type gpus struct {
	index map[gpuID]*series
	list  []*series
}

// A gpuID tells the GPUs of a stream apart.
type gpuID struct {
	source, uuid, mig string
	index             int // of a GPU without UUID, else −1
}

// A device is a GPU, whatever source reports it.
type device struct{ uuid, mig, source string }

func (id gpuID) device() device {
	if id.uuid == "" {
		// Without an identity of its own it is that source's.
		return device{uuid: string(rune(id.index + 1)), mig: id.mig, source: id.source}
	}
	return device{uuid: id.uuid, mig: id.mig}
}

// A series is what one source said about one GPU.
type series struct {
	id     gpuID
	gpu    GPU // what it is called; without numbers
	taken  []record.Time
	fields map[string][]float64 // NaN or the end of the list where there was none
	sorted bool
	grown  map[string]*growth // what was found of counters; nil after a reading was added
}

func (g *gpus) add(l record.Line) error {
	var r record.GPU
	if err := l.Decode(&r); err != nil {
		return err
	}
	id := gpuID{r.Source, r.UUID, r.MIG, -1}
	if r.UUID == "" && r.GPU != nil {
		id.index = *r.GPU
	}
	s := g.index[id]
	if s == nil {
		if g.index == nil {
			g.index = map[gpuID]*series{}
		}
		s = &series{id: id, fields: map[string][]float64{}, sorted: true, gpu: GPU{
			Host: r.Host, Source: r.Source, Platform: r.Platform, UUID: r.UUID, Model: r.Model,
			Index: r.GPU, MIG: r.MIG, MIGProfile: r.MIGProfile, Labels: r.Labels,
		}}
		g.index[id] = s
		g.list = append(g.list, s)
	}
	s.add(r.Taken, r.Fields)
	return nil
}

func (s *series) add(taken record.Time, fields map[string]float64) {
	if n := len(s.taken); n > 0 && s.taken[n-1] > taken {
		s.sorted = false
	}
	s.taken = append(s.taken, taken)
	s.grown = nil
	for name, v := range fields {
		col := s.fields[name]
		for len(col) < len(s.taken)-1 {
			col = append(col, math.NaN())
		}
		s.fields[name] = append(col, v)
	}
}

// sort puts the readings into the order in which they were taken.
func (s *series) sort() {
	if s.sorted {
		return
	}
	order := make([]int, len(s.taken))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.taken[a], s.taken[b]) })
	taken := make([]record.Time, len(order))
	for i, j := range order {
		taken[i] = s.taken[j]
	}
	for name, col := range s.fields {
		to := make([]float64, len(order))
		for i, j := range order {
			to[i] = math.NaN()
			if j < len(col) {
				to[i] = col[j]
			}
		}
		s.fields[name] = to
	}
	s.taken, s.sorted = taken, true
}

// in gives the first reading in the window and the first behind it.
func (s *series) in(w *Window) (from, to int) {
	from, _ = slices.BinarySearch(s.taken, w.From)
	to, _ = slices.BinarySearch(s.taken, w.To+1)
	return from, to
}

// span is the window of all readings; nil if there are none.
func (g *gpus) span() *Window {
	var s span
	for _, x := range g.list {
		x.sort()
		s.add(x.taken[0], x.taken[len(x.taken)-1])
	}
	if s.n == 0 {
		return nil
	}
	return &Window{s.from, s.to}
}

// summarize gives every GPU once.
func (g *gpus) summarize(w *Window, more []float64) []GPU {
	best := map[device]*series{}
	others := map[device][]string{}
	for _, s := range g.list {
		s.sort()
		d := s.id.device()
		have := best[d]
		switch {
		case have == nil:
			best[d] = s
		case s.better(have, w):
			best[d] = s
			others[d] = append(others[d], have.id.source)
		default:
			others[d] = append(others[d], s.id.source)
		}
	}
	var list []GPU
	for d, s := range best {
		gpu := s.summarize(w, more)
		gpu.Others = others[d]
		slices.Sort(gpu.Others)
		list = append(list, gpu)
	}
	slices.SortFunc(list, func(a, b GPU) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(place(a), place(b)), cmp.Compare(a.UUID, b.UUID),
			cmp.Compare(a.MIG, b.MIG), cmp.Compare(a.Source, b.Source))
	})
	return list
}

// better tells whether s knows more about the window than t.
func (s *series) better(t *series, w *Window) bool {
	a, b := s.in(w)
	c, d := t.in(w)
	return cmp.Or(cmp.Compare(b-a, d-c), cmp.Compare(t.id.source, s.id.source)) > 0
}

func place(g GPU) int {
	if g.Index == nil {
		return math.MaxInt
	}
	return *g.Index
}
