package report

import (
	"cmp"
	"slices"
)

// mostParts is into how many parts a window is cut to see how a rate varies: some
// more than batches of them need.
const mostParts = 1000

// Values are numbers in the order of time whose mean, or percentile, is that of a
// metric: of a request each, in the order in which they began, of the gaps between
// chunks one after another, and of a rate the rates in short parts of the window.
// Each of energy_per_output_token is by how much that request moves the quotient.
// There are none of other metrics, and none if requests were not kept one by one.
func (b *Builder) Values(tag string) []float64 {
	q := &b.requests
	q.opt = &b.Options
	rows := q.ordered()
	if m, ok := measureOf(tag); ok {
		return q.values(rows, m.of)
	}
	for _, m := range charged {
		if m.tag == tag {
			return q.values(rows, m.of)
		}
	}
	switch tag {
	case "inter_chunk_latency":
		var x []float64
		for _, row := range rows {
			x = append(x, q.gaps.of(row)...)
		}
		return x
	case "request_error_rate":
		return q.failing(rows)
	case "request_throughput":
		return q.rate(rows, func(int) float64 { return 1 })
	case "goodput":
		if len(q.opt.Goodput) == 0 {
			return nil
		}
		return q.rate(rows, func(row int) float64 {
			if q.good(row) {
				return 1
			}
			return 0
		})
	case "output_token_throughput":
		return q.rate(rows, func(row int) float64 { return zero(q.get(colOut, row)) })
	case "energy_per_output_token":
		return q.quotient(rows, colOut)
	case "energy_per_request":
		return q.quotient(rows, -1)
	}
	return nil
}

// ordered are the rows in the order in which the requests began.
func (q *requests) ordered() []int {
	rows := make([]int, q.len())
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(q.start[a], q.start[b]) })
	return rows
}

func (q *requests) values(rows []int, of func(*requests, int) (float64, bool)) []float64 {
	var x []float64
	for _, row := range rows {
		if v, ok := of(q, row); ok && q.ok(row) {
			x = append(x, v)
		}
	}
	return x
}

// failing is 1 for each request that failed, 0 for each that was answered.
func (q *requests) failing(rows []int) []float64 {
	var x []float64
	for _, row := range rows {
		switch q.outcome(row) {
		case failing:
			x = append(x, 1)
		case answered, untimed:
			x = append(x, 0)
		}
	}
	return x
}

// rate is what was done in each of equal parts of the time of the answered
// requests, by its length. A request does what it is worth evenly while it lasts:
// counted when it ends, a steady rate would seem to vary with which side of an
// edge it ends on.
func (q *requests) rate(rows []int, worth func(row int) float64) []float64 {
	var s span
	for _, row := range rows {
		if q.ok(row) {
			s.add(q.start[row], q.end(row))
		}
	}
	d := s.to.Sub(s.from)
	if !(d > 0) {
		return nil
	}
	bins := make([]float64, min(s.n, mostParts))
	width := d / float64(len(bins))
	for _, row := range rows {
		if !q.ok(row) {
			continue
		}
		from, to := q.start[row].Sub(s.from)/width, q.end(row).Sub(s.from)/width // in parts
		first, last := min(int(from), len(bins)-1), min(int(to), len(bins)-1)
		for i := first; i <= last; i++ {
			share := 1.0
			if first < last {
				share = (min(to, float64(i+1)) - max(from, float64(i))) / (to - from)
			}
			bins[i] += share * worth(row) / width
		}
	}
	return bins
}

// quotient has the energy by something as its mean, and varies as that quotient
// does: what each request adds to the numerator beyond its part, by the mean of
// the denominator (the delta method). By a column below 0 it is by request.
func (q *requests) quotient(rows []int, by column) []float64 {
	var e, n []float64
	var energy, things float64
	for _, row := range rows {
		x, y := q.get(colEnergy, row), 1.0
		if by >= 0 {
			y = q.get(by, row)
		}
		if q.ok(row) && x == x && y == y {
			e, n = append(e, x), append(n, y)
			energy, things = energy+x, things+y
		}
	}
	if !(things > 0) {
		return nil
	}
	ratio, mean := energy/things, things/float64(len(n))
	for i := range e {
		e[i] = ratio + (e[i]-ratio*n[i])/mean
	}
	return e
}
