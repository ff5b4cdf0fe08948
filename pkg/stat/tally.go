package stat

import (
	"math/bits"
	"slices"
)

// A Tally is the exact distribution of whole numbers. It holds how often each
// was seen, so that its memory grows with the spread of the values and not with
// their number: some megabytes for hundreds of millions of gaps between tokens
// in microseconds. The zero value is empty.
type Tally struct {
	low  []*page          // by v / pageSize, for the small ones
	high map[uint64]*page // the others
	n    uint64
	sum  struct{ hi, lo uint64 }
}

const (
	pageSize = 1 << 10
	lowPages = 1 << 12
)

type page [pageSize]uint64

// Add counts v.
func (t *Tally) Add(v uint64) {
	t.page(v / pageSize)[v%pageSize]++
	t.n++
	var carry uint64
	t.sum.lo, carry = bits.Add64(t.sum.lo, v, 0)
	t.sum.hi += carry
}

// AddNanoseconds counts each of some lengths of time, which are not negative, in
// whole microseconds, to the nearest.
func (t *Tally) AddNanoseconds(list []int64) {
	var sum uint64
	for _, ns := range list {
		us := uint64(ns+500) / 1000
		sum += us
		if i := us / pageSize; i < uint64(len(t.low)) && t.low[i] != nil {
			t.low[i][us%pageSize]++
		} else {
			t.page(i)[us%pageSize]++
		}
	}
	t.n += uint64(len(list))
	var carry uint64
	t.sum.lo, carry = bits.Add64(t.sum.lo, sum, 0)
	t.sum.hi += carry
}

func (t *Tally) page(i uint64) *page {
	if i < lowPages {
		if int(i) >= len(t.low) {
			t.low = append(t.low, make([]*page, int(i)+1-len(t.low))...)
		}
		if t.low[i] == nil {
			t.low[i] = new(page)
		}
		return t.low[i]
	}
	p := t.high[i]
	if p == nil {
		if t.high == nil {
			t.high = map[uint64]*page{}
		}
		p = new(page)
		t.high[i] = p
	}
	return p
}

// Len is the number of values.
func (t *Tally) Len() int { return int(t.n) }

// ascending calls f for every value that was seen, with how often.
func (t *Tally) ascending(f func(v float64, count uint64)) {
	visit := func(i uint64, p *page) {
		for j, count := range p {
			if count > 0 {
				f(float64(i*pageSize+uint64(j)), count)
			}
		}
	}
	for i, p := range t.low {
		if p != nil {
			visit(uint64(i), p)
		}
	}
	rest := make([]uint64, 0, len(t.high))
	for i := range t.high {
		rest = append(rest, i)
	}
	slices.Sort(rest)
	for _, i := range rest {
		visit(i, t.high[i])
	}
}

// Merge adds the values of o, which may be nil.
func (t *Tally) Merge(o *Tally) {
	if o == nil {
		return
	}
	visit := func(i uint64, p *page) {
		to := t.page(i)
		for j, count := range p {
			to[j] += count
		}
	}
	for i, p := range o.low {
		if p != nil {
			visit(uint64(i), p)
		}
	}
	for i, p := range o.high {
		visit(i, p)
	}
	t.n += o.n
	var carry uint64
	t.sum.lo, carry = bits.Add64(t.sum.lo, o.sum.lo, 0)
	t.sum.hi += o.sum.hi + carry
}

// Summary describes the values, as [Summarize] would. The zero Tally gives the
// zero Summary.
func (t *Tally) Summary(d Deviation, more ...float64) Summary {
	if t.n == 0 {
		return Summary{}
	}
	all := cumulative(t.ascending)
	values, through, at := all.values, all.through, all.at
	s := Summary{N: int(t.n), Min: values[0], Max: values[len(values)-1]}
	s.Sum = float64(t.sum.hi)*(1<<64) + float64(t.sum.lo)
	s.Mean = s.mean()
	var squares Sum
	var before uint64
	for j, v := range values {
		squares.Add((v - s.Mean) * (v - s.Mean) * float64(through[j]-before))
		before = through[j]
	}
	s.Std = d.of(squares.Value(), s.N)
	s.percentiles(more, func(p float64) float64 { return quantile(s.N, p/100, at) })
	return s
}

// counted are values in ascending order, with how many there are up to each.
type counted struct {
	values  []float64
	through []uint64
}

func cumulative(ascending func(f func(v float64, count uint64))) counted {
	c := counted{make([]float64, 0, 1024), make([]uint64, 0, 1024)}
	var seen uint64
	ascending(func(v float64, count uint64) {
		seen += count
		c.values, c.through = append(c.values, v), append(c.through, seen)
	})
	return c
}

// at is the value at an index among all.
func (c counted) at(i int) float64 {
	j, _ := slices.BinarySearch(c.through, uint64(i)+1)
	return c.values[j]
}
