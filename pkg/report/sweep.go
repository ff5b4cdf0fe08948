package report

import (
	"cmp"
	"math"
	"slices"

	"aiperf/pkg/stat"
)

// A load is what was in flight, and at which rates tokens were worked through:
// each request's input tokens evenly from its start to its first token, its
// output tokens behind the first evenly from there to its end, or, if the gaps
// between its chunks are known, evenly over the chunks.
type load struct {
	flying, prefill, decode            step // requests
	prefillRate, decodeRate, totalRate step // tokens/ns
	tokens                             step
}

// order is the rows in order of an instant of theirs; those without it are left
// out.
func (v *view) order(of func(row int) float64) []int {
	type moment struct {
		t   float64
		row int
	}
	list := make([]moment, 0, len(v.rows))
	for _, row := range v.rows {
		if t := of(row); t == t {
			list = append(list, moment{t, row})
		}
	}
	slices.SortFunc(list, func(a, b moment) int { return cmp.Compare(a.t, b.t) })
	rows := make([]int, len(list))
	for i, m := range list {
		rows[i] = m.row
	}
	return rows
}

// edges are those of some rows; where of gives a NaN there is none.
func edges(rows []int, of func(row int) edge) []edge {
	list := make([]edge, 0, len(rows))
	for _, row := range rows {
		if e := of(row); e.d == e.d {
			list = append(list, e)
		}
	}
	return list
}

// instants of a request, in nanoseconds since the epoch; NaN if not known.
func (v *view) instants(row int) (start, first, end float64) {
	start, end = float64(v.start[row]), float64(v.end(row))
	first = math.NaN()
	if ttft := v.get(colTTFT, row); ttft == ttft && v.ok(row) {
		first = float64(v.start[row].Add(ttft))
	}
	return start, first, end
}

// A passage is what a load needs of a request; NaN where it is not known.
type passage struct{ start, first, end, in, out float64 }

func (v *view) passage(row int) (p passage) {
	p.start, p.first, p.end = v.instants(row)
	p.in, p.out = math.NaN(), math.NaN()
	if v.ok(row) {
		p.in, p.out = v.get(colIn, row), v.get(colOut, row)
	}
	if !(p.out > 0) {
		p.out = math.NaN()
	}
	return p
}

// prefill and decode are rates in tokens/ns.
func (p passage) prefill() float64 {
	if !(p.first > p.start) {
		return math.NaN()
	}
	return p.in / (p.first - p.start)
}

func (p passage) decode() float64 {
	if !(p.end > p.first) {
		return math.NaN()
	}
	return (p.out - 1) / (p.end - p.first)
}

// given is x, or NaN if y is NaN.
func given(x, y float64) float64 { return x + 0*y }

// load computes what was in flight of the view's requests.
func (v *view) load() *load {
	var byStart, byFirst, byEnd []int
	parallel(3, func(i int) {
		switch i {
		case 0:
			byStart = v.order(func(row int) float64 { return float64(v.start[row]) })
		case 1:
			byEnd = v.order(func(row int) float64 { return float64(v.end(row)) })
		case 2:
			byFirst = v.order(func(row int) float64 { _, first, _ := v.instants(row); return first })
		}
	})
	starts := func(f func(p passage) float64) []edge {
		return edges(byStart, func(row int) edge { p := v.passage(row); return edge{p.start, f(p)} })
	}
	firsts := func(f func(p passage) float64) []edge {
		return edges(byFirst, func(row int) edge { p := v.passage(row); return edge{p.first, f(p)} })
	}
	ends := func(f func(p passage) float64) []edge {
		return edges(byEnd, func(row int) edge { p := v.passage(row); return edge{p.end, f(p)} })
	}
	var l load
	parallel(2, func(half int) {
		if half == 0 {
			one := func(sign float64) func(passage) float64 { return func(passage) float64 { return sign } }
			streamed := func(sign float64) func(passage) float64 {
				return func(p passage) float64 { return given(sign, p.first) }
			}
			l.flying = stepOf(starts(one(1)), ends(one(-1)))
			l.decode = stepOf(firsts(one(1)), ends(streamed(-1)))
			l.prefill = stepOf(starts(streamed(1)), firsts(one(-1)))
			return
		}
		up, down := starts(passage.prefill), firsts(func(p passage) float64 { return -p.prefill() })
		begin, end := firsts(passage.decode), ends(func(p passage) float64 { return -p.decode() })
		l.prefillRate = stepOf(up, down)
		l.totalRate = stepOf(up, down, begin, end)
		if !v.gaps.counted && len(v.gaps.exact) > 0 {
			l.byChunks(v)
			return
		}
		l.decodeRate = stepOf(begin, end)
		l.tokens = stepOf(starts(func(p passage) float64 { return given(p.in, p.prefill()) }),
			firsts(func(p passage) float64 { return given(p.out, p.decode()) }),
			ends(func(p passage) float64 { return -given(p.in, p.prefill()) }),
			ends(func(p passage) float64 { return -given(p.out, p.decode()) }))
	})
	return &l
}

// byChunks computes the rate of decoding and the tokens in flight from the
// arrivals of chunks: the tokens behind the first spread evenly over them.
func (l *load) byChunks(v *view) {
	var begin, end, come, leave []edge
	for _, row := range v.rows {
		start, first, stop := v.instants(row)
		in, out := v.get(colIn, row), v.get(colOut, row)
		if !v.ok(row) || first != first {
			continue
		}
		held := 0.0
		if in == in && first > start {
			come = append(come, edge{start, in})
			held = in
		}
		gaps := v.gaps.of(row)
		if !(out > 0) || len(gaps) == 0 {
			leave = append(leave, edge{stop, -held})
			continue
		}
		some := 0
		for _, g := range gaps {
			if g > 0 {
				some++
			}
		}
		come = append(come, edge{first, 1})
		leave = append(leave, edge{stop, -held - out})
		passed := 0.0
		for _, g := range gaps {
			g = math.Round(g * 1e9)
			passed += g
			t := first + passed
			if g > 0 {
				rate := (out - 1) / float64(some) / g
				begin, end = append(begin, edge{t - g, rate}), append(end, edge{t, -rate})
			}
			if t >= stop {
				t = math.Nextafter(stop, 0)
			}
			come = append(come, edge{t, (out - 1) / float64(len(gaps))})
		}
	}
	for _, list := range [][]edge{begin, end, come, leave} {
		slices.SortFunc(list, byTime)
	}
	l.decodeRate = stepOf(begin, end)
	l.tokens = stepOf(come, leave)
}

// metrics are those of the load over a window, under AIPerf's tags.
func (l *load) metrics(w *Window, more []float64) []Metric {
	if len(l.flying.t) == 0 {
		return nil
	}
	from, to := float64(w.From), float64(w.To)
	decodePer, prefillPer := l.decodeRate.over(l.decode), l.prefillRate.over(l.prefill)
	const second = 1e9
	kinds := []struct {
		tag, header string
		unit        Unit
		scale       float64
		order       int
		of, while   step
		active      bool
	}{
		{"effective_concurrency", "Effective Concurrency", Requests, 1, 10, l.flying, step{}, false},
		{"effective_decode_throughput", "Effective Decode Throughput", TokensPerSec, second, 20, l.decodeRate, step{}, false},
		{"effective_prefill_throughput", "Effective Prefill Throughput", TokensPerSec, second, 30, l.prefillRate, step{}, false},
		{"effective_decode_concurrency", "Effective Decode Concurrency", Requests, 1, 12, l.decode, step{}, false},
		{"effective_prefill_concurrency", "Effective Prefill Concurrency", Requests, 1, 14, l.prefill, step{}, false},
		{"effective_total_throughput", "Effective Total Throughput", TokensPerSec, second, 40, l.totalRate, step{}, false},
		{"effective_decode_throughput_per_user", "Effective Decode Throughput Per User", TokensPerUser, second, 50, decodePer, step{}, false},
		{"effective_prefill_throughput_per_user", "Effective Prefill Throughput Per User", TokensPerUser, second, 60, prefillPer, step{}, false},
		{"tokens_in_flight", "Tokens In Flight", Tokens, 1, 70, l.tokens, step{}, false},
		{"active_decode_throughput", "Active Decode Throughput", TokensPerSec, second, 80, l.decodeRate, l.decode, true},
		{"active_prefill_throughput", "Active Prefill Throughput", TokensPerSec, second, 90, l.prefillRate, l.prefill, true},
		{"active_decode_throughput_per_user", "Active Decode Throughput Per User", TokensPerUser, second, 100, decodePer, l.decode, true},
		{"active_prefill_throughput_per_user", "Active Prefill Throughput Per User", TokensPerUser, second, 110, prefillPer, l.prefill, true},
		{"active_total_throughput", "Active Total Throughput", TokensPerSec, second, 120, l.totalRate, l.flying, true},
	}
	list := make([]Metric, len(kinds))
	parallel(len(kinds), func(i int) {
		k := kinds[i]
		var s stat.Summary
		if k.active {
			s = k.of.weighWhile(k.while, from, to, more)
		} else {
			s = k.of.weigh(from, to, more)
		}
		if s.N > 0 {
			list[i] = Metric{Tag: k.tag, Header: k.header, Unit: k.unit, Kind: Weighted, Table: TableLoad, Order: k.order, Stat: s.Scale(k.scale)}
		}
	})
	return slices.DeleteFunc(list, func(m Metric) bool { return m.Tag == "" })
}
