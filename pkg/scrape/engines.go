package scrape

import (
	"bytes"
	"path"
	"strings"
)

// An engine is a kind of inference server: how the names of its metrics begin,
// and which of them are worth recording: queue depth, what is running, the use
// of the KV cache, preemptions, token counters and latencies.
type engine struct {
	name     string
	prefixes []string
	match    []string
}

// engines in the order in which they count: a front end's page may repeat the
// metrics of the engines behind it, which say more.
var engines = []engine{
	{"vllm", []string{"vllm:"}, []string{
		"vllm:num_requests_*", "vllm:*cache_usage_perc", "vllm:num_preemptions*", "vllm:*prefix_cache_*",
		"vllm:prompt_tokens*", "vllm:generation_tokens*", "vllm:iteration_tokens*", "vllm:request_success*",
		"vllm:*_seconds", "vllm:spec_decode_*"}},
	{"sglang", []string{"sglang:", "sglang_"}, []string{
		"sglang[:_]num_*", "sglang[:_]*_usage", "sglang[:_]cache_hit_rate", "sglang[:_]gen_throughput",
		"sglang[:_]*_tokens_total", "sglang[:_]max_total_num_tokens", "sglang[:_]*_seconds",
		"sglang[:_]spec_accept_*", "sglang[:_]*_latency"}},
	{"tensorrt-llm", []string{"trtllm_", "trtllm:"}, []string{"trtllm[:_]*"}},
	{"triton", []string{"nv_trt_llm_", "nv_inference_"}, []string{"nv_trt_llm_*", "nv_inference_*"}},
	{"llama.cpp", []string{"llamacpp:"}, []string{"llamacpp:*"}},
	{"tgi", []string{"tgi_"}, []string{"tgi_*"}},
	{"dynamo", []string{"dynamo_"}, []string{"dynamo_*"}},
}

// runtimes are what a server's language or HTTP library says of itself. Of a
// server that is not known, everything else is recorded.
var runtimes = []string{"python_", "process_", "go_", "promhttp_", "http_"}

// detect tells which engine a page is from; nil if it is none that is known.
func detect(page []byte) *engine {
	best := len(engines)
	for line := range bytes.Lines(page) {
		for i := range engines[:best] {
			if hasPrefix(trimLeft(line), engines[i].prefixes) {
				best = i
				break
			}
		}
		if best == 0 {
			break
		}
	}
	if best == len(engines) {
		return nil
	}
	return &engines[best]
}

func hasPrefix[T string | []byte](name T, prefixes []string) bool {
	for _, p := range prefixes {
		if len(name) >= len(p) && string(name[:len(p)]) == p {
			return true
		}
	}
	return false
}

// wanted tells whether a family is to be recorded, by globs, or if there are
// none, by what is known of the engine. "_total" at the end of a counter need
// not be in a glob.
func wanted(family string, globs []string, e *engine) bool {
	switch {
	case strings.HasSuffix(family, "_created"):
		return false // the time at which a counter began
	case len(globs) == 0 && e == nil:
		return !hasPrefix(family, runtimes) && !strings.Contains(family, "uptime")
	case len(globs) == 0:
		globs = e.match
	}
	short := strings.TrimSuffix(family, "_total")
	for _, g := range globs {
		if ok, _ := path.Match(g, family); ok {
			return true
		}
		if ok, _ := path.Match(g, short); ok {
			return true
		}
	}
	return false
}
