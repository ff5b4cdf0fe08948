package report

import (
	"math"

	"aiperf/pkg/stat"
)

// A digest is what adds up over requests, and, where their rows are not kept,
// the distributions of what was measured of them.
type digest struct {
	counts Counts
	done   span // from the first start to the last end of answered requests
	undone span // and of the others
	flight span // of all
	starts span // from the first start to the last start

	out      float64 // tokens
	counted  int     // answered requests whose output tokens are known
	some     int     // and above 0
	streamed int     // answered requests with a first token
	bare     int     // answered requests whose answers are no tokens
	timed    int     // answered requests with a length
	asked    int     // answers whose length was asked for
	off      int     // and is another
	good     int     // requests that meet all objectives

	energy  float64 // J that requests were charged
	charged int     // requests that were
	why     map[int32]int

	sketches []*stat.Sketch // by measure; nil while rows are kept
	errorISL stat.Sketch
}

// measurable are all measures, those of energy included.
var measurable = append(measures[:len(measures):len(measures)], charged...)

// sketchError is by how much percentiles of a sketch may be off.
var sketchError = new(stat.Sketch).Error()

// observe takes a row into account.
func (d *digest) observe(q *requests, row int) {
	from, to := q.start[row], q.end(row)
	d.flight.add(from, to)
	d.starts.add(from, from)
	if x := q.get(colEnergy, row); x == x {
		d.energy += x
		d.charged++
	}
	switch q.outcome(row) {
	case failing:
		d.counts.Failed++
		d.undone.add(from, to)
		if row < len(q.why) && q.why[row] > 0 {
			if d.why == nil {
				d.why = map[int32]int{}
			}
			d.why[q.why[row]]++
		}
		return
	case cancelled:
		d.counts.Cancelled++
		d.undone.add(from, to)
		return
	}
	d.counts.OK++
	if q.ok(row) {
		d.done.add(from, to)
		d.answered(q, row)
	}
}

func (d *digest) answered(q *requests, row int) {
	d.timed++
	out, asked := q.get(colOut, row), q.get(colAsked, row)
	if out == out {
		d.out += out
		d.counted++
	}
	if out > 0 {
		d.some++
	}
	if ttft := q.get(colTTFT, row); ttft == ttft {
		d.streamed++
	}
	if q.is(row, tokenless) {
		d.bare++
	}
	if asked > 0 && out > 0 {
		d.asked++
		if q.mismatched(row) {
			d.off++
		}
	}
	if len(q.opt.Goodput) > 0 && q.good(row) {
		d.good++
	}
}

// condense takes a row into the sketches.
func (d *digest) condense(q *requests, row int) {
	d.observe(q, row)
	if d.sketches == nil {
		d.sketches = make([]*stat.Sketch, len(measurable))
	}
	if x := q.get(colIn, row); q.outcome(row) == failing && x == x {
		d.errorISL.Add(x)
	}
	if !q.ok(row) {
		return
	}
	for i := range measurable {
		if x, ok := measurable[i].of(q, row); ok {
			if d.sketches[i] == nil {
				d.sketches[i] = new(stat.Sketch)
			}
			d.sketches[i].Add(x)
		}
	}
}

// summary is that of a sketch.
func sketched(s *stat.Sketch, more []float64) (stat.Summary, bool) {
	if s == nil || s.Len() == 0 {
		return stat.Summary{}, false
	}
	sum := s.Summary(stat.Population)
	for _, p := range more {
		sum.More = append(sum.More, stat.Point{Percent: p, Value: s.Quantile(p / 100)})
	}
	return sum, true
}

// digest is that of the view.
func (v *view) digest() *digest {
	if v.sum == nil {
		v.sum = &digest{}
		for _, row := range v.rows {
			v.sum.observe(v.requests, row)
		}
	}
	return v.sum
}

// size is about how many bytes the rows take.
func (q *requests) size() int64 {
	n := int64(len(q.gaps.exact))
	for _, c := range q.cols {
		n += int64(len(c))
	}
	return 8*n + 21*int64(q.len())
}

// often is after how many rows it is looked at how much they take.
const often = 1 << 10

// fit turns the rows into sketches once they take more memory than they may.
func (q *requests) fit() {
	if q.opt.MaxMemory <= 0 || q.len()%often != 0 || q.digests == nil && q.size() <= q.opt.MaxMemory {
		return
	}
	q.condense()
}

// condense turns the rows into sketches. After the first time there is no way
// back.
func (q *requests) condense() {
	if q.digests == nil {
		q.digests = map[int32]*digest{}
	}
	if !q.gaps.counted {
		q.gaps.spill(q.groupOf)
	}
	for row := range q.len() {
		of := []int32{-1, q.groupOf(row)}
		if of[1] < 0 {
			of = of[:1]
		}
		for _, g := range of {
			if q.digests[g] == nil {
				q.digests[g] = &digest{}
			}
			q.digests[g].condense(q, row)
		}
	}
	q.table, q.why = table{}, nil
}

// finite tells whether x is a number that can be shown.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
