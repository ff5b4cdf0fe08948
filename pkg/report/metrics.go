package report

import (
	"math"
	"sync"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// A view is a part of the requests, and the time that rates are about.
type view struct {
	*requests
	rows   []int
	window *Window // nil: from their first start to their last end
	slice  bool    // the window is a time slice
	group  int32   // −1: not one
	sum    *digest // see [view.digest]
}

// whole is a view of all requests.
func (q *requests) whole() *view {
	if q.digests != nil {
		q.condense()
		return &view{requests: q, group: -1, sum: q.digests[-1]}
	}
	v := &view{requests: q, group: -1, rows: make([]int, q.len())}
	for i := range v.rows {
		v.rows[i] = i
	}
	return v
}

// metrics are those of the catalogue that the requests support.
func (v *view) metrics() []Metric {
	all := make([]Metric, len(measures))
	parallel(len(measures), func(i int) {
		m := &measures[i]
		if s, ok := v.distribution(i); ok {
			all[i] = Metric{Tag: m.tag, Header: m.header, Unit: m.unit, Table: m.table, Order: m.order, Larger: m.larger, Stat: s}
			if m.tag == "time_to_first_output_token" && !v.thought {
				all[i].Order = 0 // it is the time to first token
			}
		}
	})
	var list []Metric
	for _, m := range all {
		if m.Tag != "" {
			list = append(list, m)
		}
	}
	if s, ok := v.interChunk(); ok {
		list = append(list, Metric{Tag: "inter_chunk_latency", Header: "Inter Chunk Latency", Unit: Milliseconds, Order: 410, Stat: s})
	}
	list = append(list, v.adjusted(list)...)
	if s, ok := v.errorISL(); ok {
		list = append(list, Metric{Tag: "error_isl", Header: "Error Input Sequence Length", Unit: Tokens, Larger: true, Stat: s})
	}
	return append(list, v.totals(list)...)
}

// parallel calls f for 0 to n−1, two at a time: a machine that is measured has
// other things to do than that.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < n; i += 2 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// distribution is that of what the answered requests have of one of measurable.
func (v *view) distribution(i int) (stat.Summary, bool) {
	if d := v.digest(); d.sketches != nil {
		return sketched(d.sketches[i], v.opt.Percentiles)
	}
	of := measurable[i].of
	x := make([]float64, 0, len(v.rows))
	for _, row := range v.rows {
		if !v.ok(row) {
			continue
		}
		if y, ok := of(v.requests, row); ok && finite(y) {
			x = append(x, y)
		}
	}
	return stat.SummarizeInPlace(x, stat.Population, v.opt.Percentiles...), len(x) > 0
}

// of is the distribution of the metric of a request with that tag.
func (v *view) of(tag string) (stat.Summary, bool) {
	for i := range measurable {
		if measurable[i].tag == tag {
			return v.distribution(i)
		}
	}
	return stat.Summary{}, false
}

// errorISL is how long the prompts of requests that failed were.
func (v *view) errorISL() (stat.Summary, bool) {
	if d := v.digest(); d.sketches != nil {
		return sketched(&d.errorISL, v.opt.Percentiles)
	}
	var x []float64
	for _, row := range v.rows {
		if y := v.get(colIn, row); v.outcome(row) == failing && y == y {
			x = append(x, y)
		}
	}
	return stat.SummarizeInPlace(x, stat.Population, v.opt.Percentiles...), len(x) > 0
}

// interChunk pools the gaps between chunks of all requests of the view.
func (v *view) interChunk() (stat.Summary, bool) {
	g := &v.gaps
	if g.counted {
		if v.slice {
			return stat.Summary{}, false // it is not known which are of the slice
		}
		var t stat.Tally
		for i, other := range g.tallies {
			if v.group < 0 || int(v.group)+1 == i {
				t.Merge(other)
			}
		}
		return t.Summary(stat.Population, v.opt.Percentiles...).Scale(1e-6), t.Len() > 0
	}
	var x []float64
	for _, row := range v.rows {
		x = append(x, g.of(row)...)
	}
	return stat.SummarizeInPlace(x, stat.Population, v.opt.Percentiles...), len(x) > 0
}

// span is the time that the view's answered requests took; of all, if none was
// answered.
func (v *view) span() span {
	d := v.digest()
	if d.done.n == 0 {
		return d.undone
	}
	return d.done
}

func (v *view) counts() Counts { return v.digest().counts }

// totals are the aggregate and the derived metrics.
func (v *view) totals(list []Metric) []Metric {
	var t singles
	c := v.counts()
	ok, failed := float64(c.OK), float64(c.Failed)
	sums := sumsOf(list)
	isl, anyIn := sums["input_sequence_length"]
	osl, anyOut := v.digest().out, v.digest().counted > 0
	s := v.span()
	if d := v.length(s); d > 0 && c.OK > 0 {
		if anyOut {
			t.add("output_token_throughput", "Output Token Throughput", TokensPerSec, 800, osl/d).Larger = true
		}
		if anyIn {
			t.add("input_token_throughput", "Input Token Throughput", TokensPerSec, 805, isl/d).Larger = true
		}
		if anyIn && anyOut {
			t.add("total_token_throughput", "Total Token Throughput", TokensPerSec, 0, (isl+osl)/d).Larger = true
		}
		t.add("request_throughput", "Request Throughput", RequestsPerSec, 900, ok/d).Larger = true
		t.add("benchmark_duration", "Benchmark Duration", Seconds, 1050, d)
		v.goodput(&t, c, d)
	}
	t.add("completed_request_count", "Completed Requests (Success + Error)", Requests, 1075, ok+failed).Larger = true
	if ok+failed > 0 {
		t.add("request_error_rate", "Request Error Rate", Percent, 1080, failed/(ok+failed))
	}
	t.add("error_request_count", "Error Request Count", Requests, 0, failed)
	if c.Cancelled > 0 {
		t.add("cancelled_request_count", "Cancelled Request Count", Requests, 1090, float64(c.Cancelled))
	}
	t.add("request_count", "Request Count", Requests, 1100, ok).Larger = true
	v.tokens(&t, sums, osl, anyIn, anyOut)
	v.pace(&t)
	if s.n > 0 && c.OK > 0 && !v.slice {
		t.instant("min_request_timestamp", "Minimum Request Timestamp", s.from)
		t.instant("max_response_timestamp", "Maximum Response Timestamp", s.to)
	}
	return t
}

// length is what rates are divided by.
func (v *view) length(s span) float64 {
	switch {
	case v.slice:
		return v.window.Seconds()
	case s.n == 0:
		return 0
	}
	return s.to.Sub(s.from)
}

func sumsOf(list []Metric) map[string]float64 {
	sums := map[string]float64{}
	for _, m := range list {
		sums[m.Tag] = m.Stat.Sum
	}
	return sums
}

// tokens are totals of tokens.
func (v *view) tokens(t *singles, sums map[string]float64, osl float64, anyIn, anyOut bool) {
	if anyIn {
		t.add("total_isl", "Total Input Sequence Length", Tokens, 0, sums["input_sequence_length"])
	}
	if anyOut {
		t.add("total_osl", "Total Output Sequence Length", Tokens, 0, osl)
		t.add("total_output_tokens", "Total Output Tokens", Tokens, 0, sums["output_token_count"])
	}
	for _, m := range []struct{ tag, of, header string }{
		{"total_reasoning_tokens", "reasoning_token_count", "Total Reasoning Tokens"},
		{"total_error_isl", "error_isl", "Total Error Input Sequence Length"},
		{"total_usage_prompt_tokens", "usage_prompt_tokens", "Total Usage Prompt Tokens"},
		{"total_usage_prompt_cache_read_tokens", "usage_prompt_cache_read_tokens", "Total Usage Prompt Cache Read Tokens"},
		{"total_usage_completion_tokens", "usage_completion_tokens", "Total Usage Completion Tokens"},
		{"total_usage_reasoning_tokens", "usage_reasoning_tokens", "Total Usage Reasoning Tokens"},
		{"total_usage_total_tokens", "usage_total_tokens", "Total Usage Total Tokens"},
	} {
		if sum, ok := sums[m.of]; ok {
			t.add(m.tag, m.header, Tokens, 0, sum)
		}
	}
	if read, prompt := sums["usage_prompt_cache_read_tokens"], sums["usage_prompt_tokens"]; read > 0 && prompt > 0 {
		t.add("overall_usage_prompt_cache_read_pct", "Overall Usage Prompt Cache Read %", Percent, 0, read/prompt).Larger = true
	}
	if d := v.digest(); d.asked > 0 {
		t.add("osl_mismatch_count", "OSL Mismatch Count", Requests, 0, float64(d.off))
	}
}

// goodput is that of the objectives.
func (v *view) goodput(t *singles, c Counts, d float64) {
	if len(v.opt.Goodput) == 0 {
		return
	}
	good := v.digest().good
	t.add("goodput", "Goodput", RequestsPerSec, 1000, float64(good)/d).Larger = true
	t.add("good_request_count", "Good Request Count", Requests, 0, float64(good)).Larger = true
	t.add("good_request_fraction", "GoodRequestFraction", Ratio, 0, float64(good)/float64(c.OK+c.Failed)).Larger = true
}

// pace is the rate at which requests were started.
func (v *view) pace(t *singles) {
	if s := v.digest().starts; s.n > 1 && s.to > s.from && !v.slice {
		t.add("achieved_request_rate", "Achieved Request Rate", RequestsPerSec, 0, float64(s.n-1)/s.to.Sub(s.from)).Larger = true
	}
}

// adjustable are the latencies that are also told with failures in them.
var adjustable = []string{"time_to_first_token", "request_latency", "decode_duration", "inter_token_latency"}

// adjusted are latencies among which each failed request counts as one that
// never ended, as in AIPerf: percentiles are those of the nearest rank, and what
// is infinite or has no meaning then is NaN. There are none without failures, and
// none of sketches.
func (v *view) adjusted(list []Metric) []Metric {
	d := v.digest()
	failed := d.counts.Failed
	if failed == 0 || d.sketches != nil {
		return nil
	}
	var out []Metric
	for _, tag := range adjustable {
		for _, m := range list {
			if m.Tag == tag {
				measure, _ := measureOf(tag)
				out = append(out, v.adjust(m, measure, failed))
			}
		}
	}
	return out
}

func (v *view) adjust(m Metric, by measure, failed int) Metric {
	x := make([]float64, 0, m.Stat.N+failed)
	for _, row := range v.rows {
		if y, ok := by.of(v.requests, row); ok && v.ok(row) {
			x = append(x, y)
		}
	}
	nan := math.NaN()
	s := stat.Nearest(x, failed, v.opt.Percentiles...)
	s.Sum, s.Mean, s.Std, s.Max = nan, nan, nan, nan
	return Metric{Tag: "adj_" + m.Tag, Header: m.Header + " (error-adjusted)", Unit: m.Unit, Stat: s}
}

type singles []Metric

func (s *singles) add(tag, header string, u Unit, order int, v float64) *Metric {
	*s = append(*s, Metric{Tag: tag, Header: header, Unit: u, Kind: Single, Order: order, Stat: stat.Summary{N: 1, Mean: v}})
	return &(*s)[len(*s)-1]
}

func (s *singles) instant(tag, header string, t record.Time) {
	*s = append(*s, Metric{Tag: tag, Header: header, Unit: Nanoseconds, Kind: Instant, Time: t})
}
