package report

import (
	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// metrics are those of the catalogue that the requests support.
func (q *requests) metrics(w *Window) []Metric {
	var list []Metric
	for _, m := range measures {
		if m.tag == "time_to_first_output_token" && !q.thought {
			continue // it is the time to first token
		}
		if s, ok := q.distribution(m.of); ok {
			list = append(list, Metric{Tag: m.tag, Header: m.header, Unit: m.unit, Order: m.order, Stat: s})
		}
	}
	if q.gaps.Len() > 0 {
		list = append(list, Metric{Tag: "inter_chunk_latency", Header: "Inter Chunk Latency", Unit: Milliseconds, Order: 410,
			Stat: q.gaps.Summary(stat.Population).Scale(1e-6)})
	}
	if len(q.errorISL) > 0 {
		list = append(list, Metric{Tag: "error_isl", Header: "Error Input Sequence Length", Unit: Tokens,
			Stat: stat.Summarize(q.errorISL, stat.Population)})
	}
	return append(list, q.totals(w)...)
}

func (q *requests) distribution(of func(*row) (float64, bool)) (stat.Summary, bool) {
	x := make([]float64, 0, len(q.rows))
	for i := range q.rows {
		if v, ok := of(&q.rows[i]); ok {
			x = append(x, v)
		}
	}
	return stat.Summarize(x, stat.Population), len(x) > 0
}

// totals are the aggregate and the derived metrics.
func (q *requests) totals(w *Window) []Metric {
	var t singles
	ok, failed := float64(len(q.rows)+q.open), float64(q.failed.total)
	isl, anyIn := q.total(func(r *row) int32 { return r.in })
	osl, anyOut := q.total(func(r *row) int32 { return r.out })
	answer, _ := q.total(func(r *row) int32 {
		if r.out < 0 {
			return -1
		}
		return r.out - max(r.reasoning, 0)
	})
	reasoning, _ := q.total(func(r *row) int32 { return r.reasoning })

	if q.ok.n > 0 && q.ok.from < q.ok.to {
		d := w.Seconds()
		if anyOut {
			t.add("output_token_throughput", "Output Token Throughput", TokensPerSec, 800, osl/d)
		}
		if anyIn {
			t.add("input_token_throughput", "Input Token Throughput", TokensPerSec, 805, isl/d)
		}
		if anyIn && anyOut {
			t.add("total_token_throughput", "Total Token Throughput", TokensPerSec, 0, (isl+osl)/d)
		}
		t.add("request_throughput", "Request Throughput", RequestsPerSec, 900, ok/d)
		t.add("benchmark_duration", "Benchmark Duration", Seconds, 1000, d)
	}
	t.add("completed_request_count", "Completed Requests (Success + Error)", Requests, 1075, ok+failed)
	t.add("request_error_rate", "Request Error Rate", Percent, 1080, failed/(ok+failed))
	t.add("error_request_count", "Error Request Count", Requests, 0, failed)
	t.add("request_count", "Request Count", Requests, 1100, ok)
	if anyIn {
		t.add("total_isl", "Total Input Sequence Length", Tokens, 0, isl)
	}
	if anyOut {
		t.add("total_osl", "Total Output Sequence Length", Tokens, 0, osl)
		t.add("total_output_tokens", "Total Output Tokens", Tokens, 0, answer)
	}
	if reasoning > 0 {
		t.add("total_reasoning_tokens", "Total Reasoning Tokens", Tokens, 0, reasoning)
	}
	if n, asked := q.mismatches(); asked > 0 {
		t.add("osl_mismatch_count", "OSL Mismatch Count", Requests, 0, float64(n))
	}
	if len(q.errorISL) > 0 {
		t.add("total_error_isl", "Total Error Input Sequence Length", Tokens, 0, stat.Summarize(q.errorISL, 0).Sum)
	}
	if q.ok.n > 0 {
		t.instant("min_request_timestamp", "Minimum Request Timestamp", q.ok.from)
		t.instant("max_response_timestamp", "Maximum Response Timestamp", q.ok.to)
	}
	return t
}

// total adds what is not negative, and tells whether there was anything.
func (q *requests) total(of func(*row) int32) (sum float64, any bool) {
	var n int64
	for i := range q.rows {
		if v := of(&q.rows[i]); v >= 0 {
			n, any = n+int64(v), true
		}
	}
	return float64(n), any
}

// mismatches counts the answers whose length was asked for, and those among
// them that are of another.
func (q *requests) mismatches() (off, asked int) {
	for i := range q.rows {
		if r := &q.rows[i]; r.asked > 0 && r.out > 0 {
			asked++
			if r.mismatched() {
				off++
			}
		}
	}
	return off, asked
}

type singles []Metric

func (s *singles) add(tag, header string, u Unit, order int, v float64) {
	*s = append(*s, Metric{Tag: tag, Header: header, Unit: u, Kind: Single, Order: order, Stat: stat.Summary{N: 1, Mean: v}})
}

func (s *singles) instant(tag, header string, t record.Time) {
	*s = append(*s, Metric{Tag: tag, Header: header, Unit: Nanoseconds, Kind: Instant, Time: t})
}
