package sim

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// stats are what /metrics tells of the model server, under vLLM's names.
type stats struct {
	mu               sync.Mutex
	in, out          int
	success          map[string]int // by reason to finish
	ttft, itl, whole histogram
	queue            histogram
	prefill, decode  histogram
}

// reasons to finish, as vLLM counts them.
var reasons = []string{"stop", "length", "abort"}

func newStats() *stats {
	whole := []float64{0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60}
	return &stats{
		success: map[string]int{},
		ttft:    histogram{bounds: []float64{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}},
		itl:     histogram{bounds: []float64{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5}},
		whole:   histogram{bounds: whole}, queue: histogram{bounds: whole}, prefill: histogram{bounds: whole}, decode: histogram{bounds: whole},
	}
}

func (s *stats) finished(v *visit, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in += v.in
	s.out += v.out
	if !v.done || v.fault.failed {
		s.success["abort"]++
		return
	}
	s.success[orElse(v.reason, "stop")]++
	s.queue.observe(v.began.Sub(v.arrived).Seconds())
	s.prefill.observe(v.first.Sub(v.began).Seconds())
	s.decode.observe(now.Sub(v.first).Seconds())
	s.ttft.observe(v.first.Sub(v.arrived).Seconds())
	s.whole.observe(now.Sub(v.arrived).Seconds())
	for i := 1; i < len(v.sent); i++ {
		s.itl.observe(v.sent[i] - v.sent[i-1])
	}
}

type histogram struct {
	bounds []float64
	counts []int
	sum    float64
	n      int
}

func (h *histogram) observe(x float64) {
	if h.counts == nil {
		h.counts = make([]int, len(h.bounds))
	}
	for i, b := range h.bounds {
		if x <= b {
			h.counts[i]++
		}
	}
	h.sum += x
	h.n++
}

func (h *histogram) append(b []byte, name, help, label string) []byte {
	b = fmt.Appendf(b, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
	for i, bound := range h.bounds {
		n := 0
		if h.counts != nil {
			n = h.counts[i]
		}
		b = fmt.Appendf(b, "%s_bucket{le=\"%s\",%s} %d\n", name, strconv.FormatFloat(bound, 'g', -1, 64), label, n)
	}
	return fmt.Appendf(b, "%s_bucket{le=\"+Inf\",%s} %d\n%s_sum{%s} %g\n%s_count{%s} %d\n", name, label, h.n, name, label, h.sum, name, label, h.n)
}

func (m *Machine) metrics(w http.ResponseWriter, _ *http.Request) {
	running, waiting := m.batch.count()
	const cache = 200_000 // tokens that fit
	held := m.gpus.at(time.Now()).tokens
	label := fmt.Sprintf("model_name=%q", m.cfg.Model)
	var b []byte
	one := func(name, kind, help string, v float64) {
		b = fmt.Appendf(b, "# HELP %s %s\n# TYPE %s %s\n%s{%s} %g\n", name, help, name, kind, name, label, v)
	}
	s := m.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	one("vllm:num_requests_running", "gauge", "Requests in the batch.", float64(running))
	one("vllm:num_requests_waiting", "gauge", "Requests in the queue.", float64(waiting))
	one("vllm:kv_cache_usage_perc", "gauge", "Share of the KV cache in use, 0 to 1.", float64(held)/cache)
	one("vllm:prompt_tokens_total", "counter", "Prompt tokens.", float64(s.in))
	one("vllm:generation_tokens_total", "counter", "Generated tokens.", float64(s.out))
	if m.cache != nil {
		queries, hits := m.cache.count()
		one("vllm:prefix_cache_queries_total", "counter", "Prompt tokens looked for in the prefix cache.", float64(queries))
		one("vllm:prefix_cache_hits_total", "counter", "Prompt tokens found in the prefix cache.", float64(hits))
	}
	one("vllm:num_preemptions_total", "counter", "Requests that lost their place.", 0)
	b = append(b, "# HELP vllm:request_success_total Requests that ended.\n# TYPE vllm:request_success_total counter\n"...)
	for _, r := range reasons {
		b = fmt.Appendf(b, "vllm:request_success_total{finished_reason=%q,%s} %d\n", r, label, s.success[r])
	}
	b = s.ttft.append(b, "vllm:time_to_first_token_seconds", "Time to first token.", label)
	b = s.itl.append(b, "vllm:inter_token_latency_seconds", "Inter-token latency.", label)
	b = s.whole.append(b, "vllm:e2e_request_latency_seconds", "Request latency.", label)
	b = s.queue.append(b, "vllm:request_queue_time_seconds", "Time in the queue.", label)
	b = s.prefill.append(b, "vllm:request_prefill_time_seconds", "Time in prefill.", label)
	b = s.decode.append(b, "vllm:request_decode_time_seconds", "Time in decode.", label)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write(b)
}
