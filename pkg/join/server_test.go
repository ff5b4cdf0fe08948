package join

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// page makes a server record of samples as a page has them: name{label="value",…}
// value. The record is decoded and written as a scraper writes it.
func page(t testing.TB, source string, s float64, samples ...string) record.Line {
	t.Helper()
	r := &record.Server{Source: source, Taken: at(s)}
	r.Time = at(s + 0.001)
	for _, text := range samples {
		name, x, _ := strings.Cut(text, " ")
		name, labels, _ := strings.Cut(name, "{")
		series := record.Series{Name: name, Type: record.Gauge}
		v, ok := record.Value(x).Number()
		if !ok {
			t.Fatalf("%s is no number", x)
		}
		series.Value = &v
		for pair := range strings.SplitSeq(strings.TrimSuffix(labels, "}"), ",") {
			if key, value, ok := strings.Cut(pair, "="); ok {
				if series.Labels == nil {
					series.Labels = map[string]string{}
				}
				series.Labels[key] = strings.Trim(value, `"`)
			}
		}
		r.Series = append(r.Series, series)
	}
	return line(t, r)
}

func TestReadServer(t *testing.T) {
	t.Parallel()
	none := -1.0
	for _, c := range []struct {
		name, why            string
		samples              []string
		running, waiting, kv float64
		front                bool
	}{
		{"vLLM", "engines of data parallelism have batches of their own",
			[]string{`vllm:num_requests_running{engine="0",model_name="m"} 3`, `vllm:num_requests_running{engine="1",model_name="m"} 4`,
				`vllm:num_requests_waiting{engine="0",model_name="m"} 0`, `vllm:num_requests_waiting{engine="1",model_name="m"} 2`,
				`vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25`, `vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.5`}, 7, 2, 0.375, false},
		{"vLLM by reason", "the parts repeat the whole",
			[]string{`vllm:num_requests_waiting{engine="0"} 12`, `vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9`,
				`vllm:num_requests_waiting_by_reason{engine="0",reason="deferred"} 3`}, none, 12, none, false},
		{"old vLLM", "the name before the V1 engine; the CPU cache is another one",
			[]string{`vllm:num_requests_running 5`, `vllm:num_requests_swapped 1`, `vllm:gpu_cache_usage_perc 0.75`, `vllm:cpu_cache_usage_perc 0.1`}, 5, none, 0.75, false},
		{"both names", "a version that shows both tells one thing", []string{`vllm:gpu_cache_usage_perc 0.5`, `vllm:kv_cache_usage_perc 0.25`}, none, none, 0.25, false},
		{"endings", "a collector put underscores and an ending to the names",
			[]string{`vllm_num_requests_running_total{engine="0"} 5`, `vllm_num_requests_waiting 1`}, 5, 1, none, false},
		{"ending and none", "the name that is right counts", []string{`sglang:num_running_reqs_total 100`, `sglang:num_running_reqs 4`}, 4, none, none, false},
		{"SGLang", "", []string{`sglang:num_running_reqs{model_name="m"} 8`, `sglang:num_queue_reqs{model_name="m"} 4`, `sglang:token_usage{model_name="m"} 0.52`,
			`sglang:num_used_tokens{model_name="m"} 1234`, `sglang:num_grammar_queue_reqs{model_name="m"} 1`}, 8, 4, 0.52, false},
		{"SGLang ranks", "tensor-parallel ranks count the same requests, data-parallel ranks their own",
			[]string{`sglang:num_running_reqs{dp_rank="0",tp_rank="0"} 4`, `sglang:num_running_reqs{dp_rank="0",tp_rank="1"} 4`,
				`sglang:num_running_reqs{dp_rank="1",tp_rank="0"} 2`, `sglang:num_running_reqs{dp_rank="1",tp_rank="1"} 2`}, 6, none, none, false},
		{"SGLang priorities", "the series without a priority is the sum of the others",
			[]string{`sglang:num_running_reqs{priority="-1",tp_rank="0"} 5`, `sglang:num_running_reqs{priority="",tp_rank="0"} 14`, `sglang:num_running_reqs{priority="0",tp_rank="0"} 9`}, 14, none, none, false},
		{"trtllm-serve", "", []string{`trtllm_num_requests_running{model_name="m"} 3`, `trtllm_num_requests_waiting{model_name="m"} 1`, `trtllm_kv_cache_utilization{model_name="m"} 0.125`,
			`trtllm_kv_cache_host_utilization{model_name="m"} 0.9`}, 3, 1, 0.125, false},
		{"TensorRT-LLM in Dynamo", "its names have a colon", []string{`trtllm:num_requests_running 3`, `trtllm:kv_cache_utilization 0.5`}, 3, none, 0.5, false},
		{"Triton", "", []string{`nv_trt_llm_request_metrics{model="m",request_type="waiting",version="1"} 1`, `nv_trt_llm_request_metrics{model="m",request_type="context",version="1"} 2`,
			`nv_trt_llm_request_metrics{model="m",request_type="scheduled",version="1"} 6`, `nv_trt_llm_request_metrics{model="m",request_type="max",version="1"} 512`,
			`nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="m"} 0.55`, `nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="used",model="m"} 3`,
			`nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max",model="m"} 4`, `nv_inference_pending_request_count{model="m"} 9`}, 6, 1, 0.55, false},
		{"old Triton", "no fraction; two models share it by their blocks",
			[]string{`nv_trt_llm_request_statistics{model="m",request_type="scheduled"} 2`,
				`nv_trt_llm_kv_cache_block_statistics{kv_cache_block_type="used",model="m"} 10`, `nv_trt_llm_kv_cache_block_statistics{kv_cache_block_type="max",model="m"} 100`,
				`nv_trt_llm_kv_cache_block_statistics{kv_cache_block_type="used",model="n"} 30`, `nv_trt_llm_kv_cache_block_statistics{kv_cache_block_type="max",model="n"} 60`}, 2, none, 0.25, false},
		{"Triton with another backend", "", []string{`nv_inference_pending_request_count{model="m"} 9`}, none, 9, none, false},
		{"TGI", "", []string{`tgi_batch_current_size 4`, `tgi_queue_size 7`, `tgi_batch_current_max_tokens 2048`}, 4, 7, none, false},
		{"llama.cpp", "", []string{`llamacpp:requests_processing 2`, `llamacpp:requests_deferred 1`, `llamacpp:kv_cache_usage_ratio 0.63`}, 2, 1, 0.63, false},
		{"new llama.cpp", "has no KV cache", []string{`llamacpp:requests_processing 0`, `llamacpp:requests_deferred 0`}, 0, 0, none, false},
		{"Dynamo front end", "", []string{`dynamo_frontend_inflight_requests{model="m"} 12`, `dynamo_frontend_active_requests{model="m"} 13`, `dynamo_frontend_queued_requests{model="m"} 3`}, 12, 3, none, true},
		{"Dynamo worker", "other endpoints of it serve no requests",
			[]string{`dynamo_component_inflight_requests{dynamo_endpoint="generate"} 5`, `dynamo_component_inflight_requests{dynamo_endpoint="clear_kv_blocks"} 1`,
				`dynamo_component_gpu_cache_usage_percent{dp_rank="0"} 0.5`, `dynamo_component_gpu_cache_usage_percent{dp_rank="1"} 0.25`}, 5, none, 0.375, false},
		{"old Dynamo worker", "", []string{`dynamo_component_kvstats_active_blocks 5`, `dynamo_component_kvstats_total_blocks 20`}, none, none, 0.25, false},
		{"worker with its engine", "the engine says more",
			[]string{`dynamo_component_inflight_requests{dynamo_endpoint="generate"} 5`, `vllm:num_requests_running 4`, `vllm:num_requests_waiting 1`}, 4, 1, none, false},
		{"no ratio", "a percentage where a ratio should be is not guessed at", []string{`vllm:kv_cache_usage_perc 55`, `vllm:num_requests_running -1`}, none, none, none, false},
		{"other metrics", "", []string{`process_cpu_seconds 4`, `vllm:num_preemptions 4`}, none, none, none, false},
	} {
		l := page(t, "http://x:8000/metrics", 1, c.samples...)
		r, err := readServer(l)
		if err != nil {
			t.Fatal(err)
		}
		want := serverReading{source: "http://x:8000/metrics", taken: at(1), front: c.front}
		for q, x := range []float64{c.running, c.waiting, c.kv} {
			if want.has[q] = x != none; !want.has[q] {
				r.value[q] = 0
				x = 0
			}
			want.value[q] = x
		}
		if diff := cmp.Diff(want, *r, cmp.AllowUnexported(serverReading{})); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.name, c.why, diff)
		}
		// What a page says does not depend on the order of its series.
		slices.Reverse(c.samples)
		back, _ := readServer(page(t, "http://x:8000/metrics", 1, c.samples...))
		if want.has[qKVCache] && back.value[qKVCache] != r.value[qKVCache] || back.has != r.has || back.value[qRunning] != r.value[qRunning] && r.has[qRunning] {
			t.Errorf("%s: read backwards it is %+v, not %+v", c.name, back, r)
		}
	}
}

// TestReadServerSkipsHistograms: what has no value, is a counter, or lies in
// strings is not taken for a gauge.
func TestReadServerSkipsHistograms(t *testing.T) {
	t.Parallel()
	l := record.Line{Header: record.Header{Time: at(1), Type: record.TypeServer, V: 1}, File: "test", Number: 1, Raw: []byte(`{"source":"x","series":[` +
		`{"name":"vllm:time_to_first_token_seconds","type":"histogram","count":3,"sum":2,"buckets":[[0.1,1],[0.2,2]]}, ` +
		`{"name":"vllm:num_requests_running","type":"gauge","labels":{"model_name":"a\"},{]\\"},"value":3},7,null,"}",[{"name":"vllm:num_requests_running","value":9}],` +
		`{"value":2,"name":"vllm:num_requests_waiting"},{"name":"vllm:num_requests_waiting","type":"counter","value":50}]}`)}
	r, err := readServer(l)
	if err != nil || r.value[qRunning] != 3 || r.value[qWaiting] != 2 || r.has[qKVCache] || r.taken != at(1) {
		t.Errorf("%+v, %v", r, err)
	}
	l.Raw = []byte(`{"source":"x","series":[{"name":"vllm:num_requests_running","value":"many"}]}`)
	if _, err := readServer(l); err == nil || !strings.Contains(err.Error(), "test:1") || !strings.Contains(err.Error(), `"value"`) {
		t.Errorf("error %v, want one that names line and key", err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://localhost:8000/v1/chat/completions", "http://127.0.0.1:8000/metrics", true},
		{"http://[::1]:8000/v1", "http://LOCALHOST:8000/metrics", true},
		{"http://0.0.0.0:8000/v1", "http://localhost:8000/metrics", true},
		{"http://[::ffff:127.0.0.1]:8000", "http://localhost:8000", true},
		{"http://node1/v1", "http://node1:80/metrics", true},
		{"https://node1./v1", "https://node1:443/metrics", true},
		{"http://node1:8000", "http://node1:8001", false},
		{"http://node1:8000", "http://node2:8000", false},
		{"https://node1", "http://node1", false},
		{"unix:///run/a.sock:/metrics", "unix:///run/b.sock:/metrics", false},
		{"%", "", false},
	} {
		if same := place(c.a) == place(c.b); same != c.same {
			t.Errorf("%s is at %q, %s at %q", c.a, place(c.a), c.b, place(c.b))
		}
	}
}

// FuzzReadServer: no panic, an error is a LineError, and what is read can be
// written.
func FuzzReadServer(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-23T12:00:00.000000000Z","type":"server","v":1,"source":"http://x","taken":"2026-11-23T12:00:00.000000000Z","series":[{"name":"vllm:num_requests_running","type":"gauge","labels":{"engine":"0"},"value":1}]}`))
	f.Add([]byte(`{"time":"2026-11-23T12:00:00.000000000Z","type":"server","v":1,"source":"x","series":[{"name":"sglang:num_running_reqs","labels":{"priority":"","tp_rank":"1"},"value":1e300},{"name":"sglang:token_usage","value":0.5}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for l, err := range record.Read(strings.NewReader(string(raw)), "fuzz") {
			if err != nil {
				continue
			}
			var s servers
			err := s.take(l)
			if err != nil && !isLineError(err) {
				t.Fatalf("%v is no LineError", err)
			}
			s.to(l.Time)
			a := s.snap()
			s.take(l)
			s.to(l.Time.Add(1))
			if state := s.between(a, s.snap(), "http://x"); state != nil {
				line(t, &record.Request{Server: state})
			}
		}
	})
}

// go test -run - -bench ReadServer -count 10 ./pkg/join | benchstat -
func BenchmarkReadServer(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	s := &record.Server{Source: "http://x:8000/metrics", Taken: at(0)}
	s.Time = at(0)
	for _, name := range []string{"vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds", "vllm:e2e_request_latency_seconds", "vllm:request_queue_time_seconds"} {
		h := record.Series{Name: name, Type: record.Histogram, Labels: map[string]string{"engine": "0", "model_name": "m"}}
		for i := range 20 {
			h.Buckets = append(h.Buckets, [2]float64{float64(i) / 10, float64(r.IntN(1000))})
		}
		s.Series = append(s.Series, h)
	}
	for _, name := range []string{"vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"} {
		x := r.Float64()
		s.Series = append(s.Series, record.Series{Name: name, Type: record.Gauge, Labels: map[string]string{"engine": "0", "model_name": "m"}, Value: &x})
	}
	l := line(b, s)
	b.SetBytes(int64(len(l.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readServer(l); err != nil {
			b.Fatal(err)
		}
	}
}
