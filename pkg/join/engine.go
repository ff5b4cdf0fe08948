package join

import (
	"strings"

	"aiperf/pkg/record"
)

// What is read of a server.
const (
	qRunning = iota
	qWaiting
	qKVCache // 0..1
	quantities

	// The two parts of that ratio, of servers that don't tell it.
	qUsed  = quantities
	qSize  = quantities + 1
	gauged = quantities + 2
)

// A gauge is a metric that says one of them, under the name that normal gives
// it, of the series that have the given value of the label.
type gauge struct {
	name         string
	what         int
	label, value string
	front        bool // of a front end, which counts what the servers behind it count too
}

// gaugeTable holds the names that servers use. Where a page has several for one
// thing, the first one counts: a worker behind a front end shows its engine's
// metrics and its own.
//
// All ratios are 0..1, whatever their names say: vLLM describes its …_perc as "1
// means 100 percent usage", llama.cpp the same, Dynamo its …_percent as
// "0.0-1.0". Sources: vLLM's metrics documentation (gpu_cache_usage_perc became
// kv_cache_usage_perc with its V1 engine; num_requests_waiting_by_reason
// repeats num_requests_waiting); SGLang's "Production Metrics"; TensorRT-LLM's
// trtllm-serve (Dynamo shows the same with a colon) and, for Triton, the
// README of its TensorRT-LLM backend, whose older versions say statistics for
// metrics; Triton's own documentation for nv_inference_pending_request_count;
// "Metrics" of Text Generation Inference; the README of llama.cpp's server, whose
// later versions have no KV cache; Dynamo's metrics catalog. Dynamo's front end
// counts a request as queued until its first token, its prefill included.
var gaugeTable = []gauge{
	{name: "vllm_num_requests_running", what: qRunning},
	{name: "vllm_num_requests_waiting", what: qWaiting},
	{name: "vllm_kv_cache_usage_perc", what: qKVCache},
	{name: "vllm_gpu_cache_usage_perc", what: qKVCache},

	{name: "sglang_num_running_reqs", what: qRunning},
	{name: "sglang_num_queue_reqs", what: qWaiting},
	{name: "sglang_token_usage", what: qKVCache},

	{name: "trtllm_num_requests_running", what: qRunning},
	{name: "trtllm_num_requests_waiting", what: qWaiting},
	{name: "trtllm_kv_cache_utilization", what: qKVCache},

	{name: "nv_trt_llm_request_metrics", what: qRunning, label: "request_type", value: "scheduled"},
	{name: "nv_trt_llm_request_metrics", what: qWaiting, label: "request_type", value: "waiting"},
	{name: "nv_trt_llm_kv_cache_block_metrics", what: qKVCache, label: "kv_cache_block_type", value: "fraction"},
	{name: "nv_trt_llm_kv_cache_block_metrics", what: qUsed, label: "kv_cache_block_type", value: "used"},
	{name: "nv_trt_llm_kv_cache_block_metrics", what: qSize, label: "kv_cache_block_type", value: "max"},
	{name: "nv_trt_llm_request_statistics", what: qRunning, label: "request_type", value: "scheduled"},
	{name: "nv_trt_llm_request_statistics", what: qWaiting, label: "request_type", value: "waiting"},
	{name: "nv_trt_llm_kv_cache_block_statistics", what: qUsed, label: "kv_cache_block_type", value: "used"},
	{name: "nv_trt_llm_kv_cache_block_statistics", what: qSize, label: "kv_cache_block_type", value: "max"},
	{name: "nv_inference_pending_request_count", what: qWaiting},

	{name: "tgi_batch_current_size", what: qRunning},
	{name: "tgi_queue_size", what: qWaiting},

	{name: "llamacpp_requests_processing", what: qRunning},
	{name: "llamacpp_requests_deferred", what: qWaiting},
	{name: "llamacpp_kv_cache_usage_ratio", what: qKVCache},

	{name: "dynamo_component_inflight_requests", what: qRunning, label: "dynamo_endpoint", value: "generate"},
	{name: "dynamo_component_gpu_cache_usage_percent", what: qKVCache},
	{name: "dynamo_component_kvstats_gpu_cache_usage_percent", what: qKVCache},
	{name: "dynamo_component_kvstats_active_blocks", what: qUsed},
	{name: "dynamo_component_kvstats_total_blocks", what: qSize},
	{name: "dynamo_frontend_inflight_requests", what: qRunning, front: true},
	{name: "dynamo_frontend_active_requests", what: qRunning, front: true},
	{name: "dynamo_frontend_queued_requests", what: qWaiting, front: true},
}

// gauges by name, each with its place in the table.
var gaugesByName = func() map[string][]int {
	m := map[string][]int{}
	for i, g := range gaugeTable {
		m[g.name] = append(m[g.name], i)
	}
	return m
}()

// normal is a name without what a collector on the way may have changed: colons
// become underscores, and a gauge gets the ending of a counter.
func normal(name string) (short string, altered bool) {
	name = strings.ReplaceAll(name, ":", "_")
	short, altered = strings.CutSuffix(name, "_total")
	return short, altered
}

// ranks are the labels of series that repeat one another: the ranks that share
// the work on one batch, each of which counts all of it. Data-parallel ranks,
// engines and models have batches of their own and are not among them.
var ranks = map[string]bool{"tp_rank": true, "pp_rank": true, "moe_ep_rank": true, "ep_rank": true}

// A tally gathers the series of one metric.
type tally struct {
	place  int            // in the table, twice, and one more for a name with an ending
	groups map[string]int // in values
	values []float64
	whole  bool // a series is the sum over priorities, as SGLang has one beside them
}

// add takes a series unless a better metric was found already.
func (t *tally) add(place int, labels record.Value, x float64) {
	if t.groups == nil || place < t.place {
		*t = tally{place: place, groups: map[string]int{}}
	}
	if place > t.place {
		return
	}
	group, priority, sorted := groupOf(labels)
	switch {
	case sorted && priority == "" && !t.whole:
		t.whole = true
		clear(t.groups)
		t.values = t.values[:0]
	case t.whole && !(sorted && priority == ""):
		return
	}
	i, ok := t.groups[group]
	if !ok {
		i = len(t.values)
		t.groups[group] = i
		t.values = append(t.values, x)
	}
	t.values[i] = max(t.values[i], x)
}

// groupOf is what tells series apart that are to be added up.
func groupOf(labels record.Value) (group, priority string, sorted bool) {
	var b strings.Builder
	for key, v := range record.Keys(labels) {
		if string(key) == "priority" {
			priority, _ = v.Text()
			sorted = true
		}
		if !ranks[string(key)] {
			b.Write(key)
			b.WriteByte('=')
			b.Write(v)
			b.WriteByte(',')
		}
	}
	return b.String(), priority, sorted
}

// sum is false if nothing was gathered.
func (t *tally) sum() (sum float64, ok bool) {
	for _, x := range t.values {
		sum += x
	}
	return sum, len(t.values) > 0
}

func (t *tally) mean() (mean float64, ok bool) {
	sum, ok := t.sum()
	return sum / max(1, float64(len(t.values))), ok
}
