package report

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"aiperf/pkg/record"
)

// A Told is what a chart shows of a request. NaN and −1 stand for what was not
// measured.
type Told struct {
	Start              record.Time
	Took, TTFT, Energy float64
	In, Out            int32
	Throttled          bool
	Error              string // its class
}

// A Slow is a slow request, with what a join says of the GPUs meanwhile.
type Slow struct {
	Told
	ID, Run, Model, URL string
	GPU                 *record.Share
}

// A brief holds the keys of a record.Request that count here. The gaps, which
// make most of a line, are not among them.
type brief struct {
	Run    string      `json:"run"`
	ID     string      `json:"id"`
	Phase  string      `json:"phase"`
	Model  string      `json:"model"`
	URL    string      `json:"url"`
	Start  record.Time `json:"start"`
	Took   *float64    `json:"took"`
	TTFT   *float64    `json:"ttft"`
	Tokens *struct {
		In  *int `json:"in"`
		Out *int `json:"out"`
	} `json:"tokens"`
	Error *record.Error `json:"error"`
	GPU   *record.Share `json:"gpu"`
}

// end is the instant at which it was over, or the last that is known of it.
func (r *brief) end() record.Time {
	if r.Took == nil {
		return r.Start
	}
	return r.Start.Add(*r.Took)
}

const (
	mostTold = 100_000
	mostSlow = 100
)

// A sample holds requests: all of them until there are more than mostTold, then
// those whose number, a hash of run and id, is low enough. Which ones does not
// depend on the order of the stream.
type sample struct {
	kept []numbered
	top  uint64 // only numbers up to it are kept; 0 is no limit
	of   int
	slow slowest
}

type numbered struct {
	Told
	number uint64
}

func (s *sample) add(r *brief) {
	s.of++
	t := told(r)
	if r.Error == nil && r.Took != nil {
		s.slow.add(t, r)
	}
	n := lot(r.Run, r.ID)
	if s.top > 0 && n > s.top {
		return
	}
	s.kept = append(s.kept, numbered{t, n})
	// Twice as many before half of them go, so that it does not happen often.
	if len(s.kept) >= 2*mostTold {
		s.thin()
	}
}

// thin keeps mostTold requests at most.
func (s *sample) thin() {
	numbers := make([]uint64, len(s.kept))
	for i, k := range s.kept {
		numbers[i] = k.number
	}
	slices.Sort(numbers)
	s.top = max(1, numbers[mostTold-1])
	s.kept = slices.DeleteFunc(s.kept, func(k numbered) bool { return k.number > s.top })
	// A request that came many times has one number.
	s.kept = s.kept[:min(len(s.kept), mostTold)]
}

func (s *sample) list() []Told {
	if len(s.kept) > mostTold {
		s.thin()
	}
	list := make([]Told, len(s.kept))
	for i, k := range s.kept {
		list[i] = k.Told
	}
	slices.SortStableFunc(list, func(a, b Told) int { return cmp.Compare(a.Start, b.Start) })
	return list
}

// lot is FNV-1a, stirred so that ids in a row are as good as random.
func lot(run, id string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{run, "\x00", id} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func told(r *brief) Told {
	t := Told{Start: r.Start, Took: math.NaN(), TTFT: math.NaN(), Energy: math.NaN(), In: -1, Out: -1}
	set := func(to, from *float64) {
		if from != nil {
			*to = *from
		}
	}
	set(&t.Took, r.Took)
	set(&t.TTFT, r.TTFT)
	if k := r.Tokens; k != nil {
		t.In, t.Out = tokens(k.In), tokens(k.Out)
	}
	if g := r.GPU; g != nil {
		set(&t.Energy, g.Energy)
		t.Throttled = g.Throttled != nil && *g.Throttled
	}
	if r.Error != nil {
		t.Error = cmp.Or(clip(r.Error.Class, mostText), "error")
	}
	return t
}

// slowest is a heap, the least slow on top.
type slowest []Slow

func (s slowest) Len() int           { return len(s) }
func (s slowest) Less(i, j int) bool { return s[i].Took < s[j].Took }
func (s slowest) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *slowest) Push(x any)        { *s = append(*s, x.(Slow)) }
func (s *slowest) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

func (s *slowest) add(t Told, r *brief) {
	if len(*s) >= mostSlow && t.Took <= (*s)[0].Took {
		return
	}
	heap.Push(s, Slow{Told: t, ID: clip(r.ID, mostText), Run: clip(r.Run, mostText), Model: clip(r.Model, mostText), URL: clip(r.URL, mostText), GPU: r.GPU})
	if len(*s) > mostSlow {
		heap.Pop(s)
	}
}

func (s *sample) slowest() []Slow {
	list := slices.Clone(s.slow)
	slices.SortStableFunc(list, func(a, b Slow) int {
		return cmp.Or(cmp.Compare(b.Took, a.Took), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// tokens is a count, −1 if there is none that makes sense.
func tokens(n *int) int32 {
	if n == nil || *n < 0 || *n > math.MaxInt32 {
		return -1
	}
	return int32(*n)
}
