package scrape

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// textOf writes series for people: a line each.
func textOf(series []record.Series) string {
	var b strings.Builder
	for _, s := range series {
		fmt.Fprintf(&b, "%s %s", s.Type, s.Name)
		for _, k := range sortedKeys(s.Labels) {
			fmt.Fprintf(&b, " %s=%s", k, s.Labels[k])
		}
		if s.Value != nil {
			fmt.Fprintf(&b, " = %g", *s.Value)
		}
		if s.Count != nil {
			fmt.Fprintf(&b, " count %g", *s.Count)
		}
		if s.Sum != nil {
			fmt.Fprintf(&b, " sum %g", *s.Sum)
		}
		for _, p := range s.Buckets {
			fmt.Fprintf(&b, " %g:%g", p[0], p[1])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

const vllmPage = `# HELP python_gc_objects_collected_total Objects collected.
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{generation="0"} 1.0
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m \"x\" \\ y"} 3.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="m"} NaN
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="m"} 1.234e+06
# TYPE vllm:prompt_tokens_created gauge
vllm:prompt_tokens_created{engine="0",model_name="m"} 1.7e+09
# TYPE vllm:request_success_total counter
vllm:request_success_total{finished_reason="stop",model_name="m"} 7.0
vllm:request_success_total{finished_reason="length",model_name="m"} 2.0
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",engine="0"} 1.0
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{le="0.5",model_name="m"} 5.0
vllm:time_to_first_token_seconds_bucket{le="0.1",model_name="m"} 2.0
vllm:time_to_first_token_seconds_bucket{le="+Inf",model_name="m"} 9.0
vllm:time_to_first_token_seconds_count{model_name="m"} 9.0
vllm:time_to_first_token_seconds_sum{model_name="m"} 3.25
# TYPE vllm:time_to_first_token_seconds_created gauge
vllm:time_to_first_token_seconds_created{model_name="m"} 1.7e+09
`

func TestSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, page, engine string
		globs             []string
		want              string
	}{
		{"vLLM, what is worth it", vllmPage, "vllm", nil, `gauge vllm:num_requests_running engine=0 model_name=m "x" \ y = 3
counter vllm:prompt_tokens_total engine=0 model_name=m = 1.234e+06
counter vllm:request_success_total finished_reason=stop model_name=m = 7
counter vllm:request_success_total finished_reason=length model_name=m = 2
histogram vllm:time_to_first_token_seconds model_name=m count 9 sum 3.25 0.1:2 0.5:5
`},
		{"all but the instants of creation", vllmPage, "vllm", []string{"*"}, `counter python_gc_objects_collected_total generation=0 = 1
counter process_cpu_seconds_total = 12.5
gauge vllm:num_requests_running engine=0 model_name=m "x" \ y = 3
counter vllm:prompt_tokens_total engine=0 model_name=m = 1.234e+06
counter vllm:request_success_total finished_reason=stop model_name=m = 7
counter vllm:request_success_total finished_reason=length model_name=m = 2
gauge vllm:cache_config_info block_size=16 engine=0 = 1
histogram vllm:time_to_first_token_seconds model_name=m count 9 sum 3.25 0.1:2 0.5:5
`},
		{"globs, also without _total", vllmPage, "vllm", []string{"vllm:prompt_tokens", "*config*"},
			"counter vllm:prompt_tokens_total engine=0 model_name=m = 1.234e+06\ngauge vllm:cache_config_info block_size=16 engine=0 = 1\n"},
		{"SGLang", "# TYPE sglang:num_queue_reqs gauge\nsglang:num_queue_reqs{model_name=\"m\"} 4\nsglang:token_usage 0.5\nsglang:utilization 1\n", "sglang", nil,
			"gauge sglang:num_queue_reqs model_name=m = 4\nuntyped sglang:token_usage = 0.5\n"},
		{"TensorRT-LLM", "# TYPE trtllm_kv_cache_utilization gauge\ntrtllm_kv_cache_utilization 0.25\npython_info 1\n", "tensorrt-llm", nil, "gauge trtllm_kv_cache_utilization = 0.25\n"},
		{"Triton", "# TYPE nv_trt_llm_request_metrics gauge\nnv_trt_llm_request_metrics{request_type=\"waiting\"} 2\nnv_gpu_power_usage 3\n", "triton", nil,
			"gauge nv_trt_llm_request_metrics request_type=waiting = 2\n"},
		{"llama.cpp", "# TYPE llamacpp:requests_deferred gauge\nllamacpp:requests_deferred 2\n", "llama.cpp", nil, "gauge llamacpp:requests_deferred = 2\n"},
		{"a front end with the engine's own", "dynamo_frontend_requests_total 3\nvllm:num_requests_waiting 1\n", "vllm", nil, "untyped vllm:num_requests_waiting = 1\n"},
		{"a server that is not known", "# TYPE go_threads gauge\ngo_threads 7\nqueue_depth 3\nprocess_uptime 1\nserver_uptime_seconds 4\n", "", nil, "untyped queue_depth = 3\n"},
		{"a summary has no buckets", "# TYPE vllm:x_seconds summary\nvllm:x_seconds{quantile=\"0.5\"} 1\nvllm:x_seconds_sum 10\nvllm:x_seconds_count 4\n", "vllm", nil, "summary vllm:x_seconds count 4 sum 10\n"},
		{"a counter's family in OpenMetrics", "# TYPE vllm:prompt_tokens counter\nvllm:prompt_tokens_total 3 # {trace_id=\"a\"} 1 2\n# EOF\n", "vllm", nil, "counter vllm:prompt_tokens_total = 3\n"},
		{"no type, blanks and a time stamp", "  vllm:num_requests_running { a = \"b\" , }\t3 1700000000000 \r\n", "vllm", nil, "untyped vllm:num_requests_running a=b = 3\n"},
		{"a histogram without its count", "# TYPE vllm:a_seconds histogram\nvllm:a_seconds_bucket{le=\"+Inf\"} 3\n", "vllm", nil, "histogram vllm:a_seconds count 3\n"},
		{"no number of JSON", "vllm:num_requests_running +Inf\nvllm:num_requests_waiting -Inf\nvllm:num_requests_swapped 0\n", "vllm", nil, "untyped vllm:num_requests_swapped = 0\n"},
	} {
		b := newBoard(c.globs)
		found, err := b.look([]byte(c.page))
		if found != news || err != nil || b.page.rejected > 0 {
			t.Errorf("%s: finding %v, %v, %d lines rejected (%v)", c.why, found, err, b.page.rejected, b.page.reason)
		}
		if diff := gocmp.Diff(c.want, textOf(b.page.series)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
		engine := ""
		if b.engine != nil {
			engine = b.engine.name
		}
		if engine != c.engine {
			t.Errorf("%s: taken for %q, want %q", c.why, engine, c.engine)
		}
		if found, err := b.look([]byte(c.page)); found != repeat || err != nil {
			t.Errorf("%s: the same page again is finding %v, %v", c.why, found, err)
		}
	}
}

// A bad line costs itself, and the reason names it.
func TestBadSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{`{"quoted.name"} 1`, "it begins with no metric's name"},
		{`9lives 1`, "it begins with no metric's name"},
		{`vllm:num_requests_waiting`, "its value is no number"},
		{`vllm:num_requests_waiting N/A`, "its value is no number"},
		{`vllm:num_requests_waiting 0x10`, "its value is no number"},
		{`vllm:num_requests_waiting 1e999`, "its value is no number"},
		{`vllm:num_requests_waiting{a="b" 1`, "its labels make no sense"},
		{`vllm:num_requests_waiting{a=b} 1`, "its labels make no sense"},
		{`vllm:num_requests_waiting{a="b"c="d"} 1`, "its labels make no sense"},
		{`vllm:num_requests_waiting{a="b\x"} 1`, "its labels make no sense"},
		{`vllm:num_requests_waiting{a="b} 1`, "its labels make no sense"},
		{`vllm:num_requests_waiting{a="1",a="2"} 1`, "its labels make no sense"},
		{"vllm:num_requests_waiting{a=\"\xff\"} 1", "its labels make no sense"},
		{`vllm:a_seconds_bucket 1`, "its labels make no sense"},
		{`vllm:a_seconds_bucket{le="x"} 1`, "its labels make no sense"},
		{`other{a="b"} x`, "its value is no number"},
	} {
		b := newBoard(nil)
		page := "# TYPE vllm:a_seconds histogram\n" + c.line + "\nvllm:num_requests_running 3\n"
		_, err := b.look([]byte(page))
		want := "line 2: " + c.want
		if err != nil || b.page.rejected != 1 || b.page.reason.Error() != want || textOf(b.page.series) != "untyped vllm:num_requests_running = 3\n" {
			t.Errorf("%s: %v, %d rejected (%v, want %s), series:\n%s", c.line, err, b.page.rejected, b.page.reason, want, textOf(b.page.series))
		}
	}
	b := newBoard(nil)
	if _, err := b.look([]byte("vllm:num_requests_running 3\nvllm:num_requests_waiting 12")); err != nil || b.page.rejected != 1 || len(b.page.series) != 1 {
		t.Errorf("a number that may go on was taken: %v, %v", err, b.page)
	}
	if _, err := newBoard(nil).look([]byte("hello you\n")); !errors.Is(err, dcgm.ErrNotPage) {
		t.Errorf("no page at all: %v", err)
	}
	if found, err := newBoard(nil).look([]byte("# nothing\n")); found != empty || err != nil {
		t.Errorf("an empty page: %v, %v", found, err)
	}
}

// TestSeriesChange: only what is asked for makes a page new, and a type that
// changes is followed.
func TestSeriesChange(t *testing.T) {
	t.Parallel()
	b := newBoard(nil)
	for i, c := range []struct {
		page string
		want finding
		text string
	}{
		{"vllm:num_requests_running 1\nprocess_cpu_seconds_total 1\n", news, "untyped vllm:num_requests_running = 1\n"},
		{"vllm:num_requests_running 1\nprocess_cpu_seconds_total 2\n", repeat, "untyped vllm:num_requests_running = 1\n"},
		{"vllm:num_requests_running 2\nprocess_cpu_seconds_total 2\n", news, "untyped vllm:num_requests_running = 2\n"},
		{"", empty, ""},
		{"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 3\n", news, "gauge vllm:num_requests_running = 3\n"},
	} {
		found, err := b.look([]byte(c.page))
		if found != c.want || err != nil || textOf(b.page.series) != c.text {
			t.Errorf("page %d: %v, %v, %s; want %v, %s", i, found, err, textOf(b.page.series), c.want, c.text)
		}
	}
}

// slowSeries reads a page by expfmt, which is one of the format's own readers;
// false if that refuses it.
func slowSeries(page []byte) ([]record.Series, bool) {
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return nil, false
	}
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	var all []record.Series
	for name, f := range families {
		for _, m := range f.Metric {
			s := record.Series{Name: name}
			for _, l := range m.Label {
				if s.Labels == nil {
					s.Labels = map[string]string{}
				}
				s.Labels[l.GetName()] = l.GetValue()
			}
			switch {
			case m.Counter != nil:
				s.Type, s.Value = record.Counter, finite(m.Counter.GetValue())
			case m.Gauge != nil:
				s.Type, s.Value = record.Gauge, finite(m.Gauge.GetValue())
			case m.Untyped != nil:
				s.Type, s.Value = record.Untyped, finite(m.Untyped.GetValue())
			default:
				return nil, false // its histograms hold whole counts only
			}
			if s.Value != nil && !strings.HasSuffix(name, "_created") {
				all = append(all, s)
			}
		}
	}
	return all, true
}

// Nothing makes it panic; of a page that expfmt takes, it has the same series
// with the same values.
func FuzzSeries(f *testing.F) {
	f.Add([]byte(vllmPage))
	f.Add([]byte("a{b=\"c\\n\\\"\\\\\",} 1 2\n# HELP a b\n# TYPE a gauge\nb{} +Inf\n"))
	f.Add([]byte("# TYPE a counter\na_total 3 # {x=\"y\"} 1\na 0x1\na{b=\"c\",b=\"d\"} 2\n"))
	f.Add([]byte("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n"))
	f.Fuzz(func(t *testing.T, page []byte) {
		b := newBoard([]string{"*"})
		_, err := b.look(page)
		if err != nil && !errors.Is(err, dcgm.ErrNotPage) {
			t.Fatalf("error %v", err)
		}
		for _, s := range b.page.series {
			if s.Value == nil && s.Count == nil && s.Sum == nil && s.Buckets == nil {
				t.Errorf("%s has nothing", s.Name)
			}
			if !slices.IsSortedFunc(s.Buckets, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) }) {
				t.Errorf("%s has buckets %v", s.Name, s.Buckets)
			}
		}
		want, ok := slowSeries(page)
		if !ok {
			return
		}
		got := map[string]float64{}
		for _, s := range b.page.series {
			if s.Value != nil {
				got[s.Name+fmt.Sprint(s.Labels)] = *s.Value
			}
		}
		seen := map[string]bool{}
		for _, s := range want {
			key := s.Name + fmt.Sprint(s.Labels)
			if seen[key] {
				continue // the first of the same series counts, whose order is lost there
			}
			seen[key] = true
			if v, ok := got[key]; !ok || v != *s.Value && !slices.ContainsFunc(want, func(o record.Series) bool { return o.Name+fmt.Sprint(o.Labels) == key && *o.Value == v }) {
				t.Errorf("%s is %v (%v), by expfmt %v", key, v, ok, *s.Value)
			}
		}
	})
}
