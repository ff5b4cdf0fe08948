package report

import (
	"cmp"
	"math"
	"slices"

	"aiperf/pkg/stat"
)

// A step is a quantity that changes at instants and holds its value between
// them: x[i] from t[i] on, and 0 before t[0]. Instants are nanoseconds since the
// epoch in a float64, which rounds them to 256 ns; AIPerf's are the same.
type step struct{ t, x []float64 }

// An edge is where something that adds to a quantity begins or ends.
type edge struct{ t, d float64 }

func byTime(a, b edge) int { return cmp.Compare(a.t, b.t) }

// stepOf adds up edges, given in lists that are each in order of time. What is
// left of differences that should be 0 is made 0.
func stepOf(lists ...[]edge) step {
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	s := step{make([]float64, 0, n), make([]float64, 0, n)}
	sum, most := 0.0, 0.0
	for {
		next := -1
		for i, l := range lists {
			if len(l) > 0 && (next < 0 || l[0].t < lists[next][0].t) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		e := lists[next][0]
		lists[next] = lists[next][1:]
		sum += e.d
		if k := len(s.t); k > 0 && s.t[k-1] == e.t {
			s.x[k-1] = sum
		} else {
			s.t, s.x = append(s.t, e.t), append(s.x, sum)
		}
	}
	for _, x := range s.x {
		most = max(most, math.Abs(x))
	}
	for i, x := range s.x {
		if math.Abs(x) < 1e-9*most {
			s.x[i] = 0
		}
	}
	return s
}

// both calls f for each stretch of [from, to] in which neither of two quantities
// changes.
func both(a, b step, from, to float64, f func(x, y, t, long float64)) {
	i, j := a.at(from), b.at(from)
	for t := from; t < to; {
		next := to
		if i+1 < len(a.t) {
			next = min(next, a.t[i+1])
		}
		if j+1 < len(b.t) {
			next = min(next, b.t[j+1])
		}
		if next > t {
			f(a.value(i), b.value(j), t, next-t)
		}
		for i+1 < len(a.t) && a.t[i+1] <= next {
			i++
		}
		for j+1 < len(b.t) && b.t[j+1] <= next {
			j++
		}
		t = next
	}
}

// at is the last change at or before t; −1 if there is none.
func (s step) at(t float64) int {
	i, found := slices.BinarySearch(s.t, t)
	if found {
		return i
	}
	return i - 1
}

func (s step) value(i int) float64 {
	if i < 0 {
		return 0
	}
	return s.x[i]
}

// over is the quantity divided by another one, and 0 where that is 0.
func (s step) over(by step) step {
	if len(s.t) == 0 || len(by.t) == 0 {
		return step{}
	}
	var r step
	from, to := min(s.t[0], by.t[0]), max(s.t[len(s.t)-1], by.t[len(by.t)-1])
	both(s, by, from, math.Nextafter(to, math.Inf(1)), func(x, y, t, _ float64) {
		q := 0.0
		if y > 0 {
			q = x / y
		}
		r.t, r.x = append(r.t, t), append(r.x, q)
	})
	return r
}

// weigh is the distribution of the quantity over a window.
func (s step) weigh(from, to float64, more []float64) stat.Summary {
	if len(s.t) == 0 {
		return stat.Summary{}
	}
	w := make([]stat.Weight, 0, len(s.t)+1)
	both(s, step{}, from, to, func(x, _, _, long float64) { w = append(w, stat.Weight{Value: x, For: long}) })
	return stat.Weigh(w, to-from, more...)
}

// weighWhile is that over the parts of the window in which another quantity is
// above 0.
func (s step) weighWhile(while step, from, to float64, more []float64) stat.Summary {
	if len(s.t) == 0 || len(while.t) == 0 {
		return stat.Summary{}
	}
	var w []stat.Weight
	held := 0.0
	both(s, while, from, to, func(x, y, _, long float64) {
		if y > 0 {
			w = append(w, stat.Weight{Value: x, For: long})
			held += long
		}
	})
	return stat.Weigh(w, held, more...)
}
