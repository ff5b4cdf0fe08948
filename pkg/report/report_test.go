package report

import (
	"strings"
	"testing"
)

func build(t testing.TB, stream string) *Report {
	t.Helper()
	return buildWith(t, Options{}, stream)
}

const (
	at       = `{"time":"2026-11-23T12:00:05.000000000Z",`
	profiled = at + `"type":"request","v":1,"run":"R","id":"1","phase":"profiling","model":"m","start":"2026-11-23T12:00:00.000000000Z",`
	good     = profiled + `"took":2,"ttft":0.5,"gaps":[0.5,0.5,1],"chunks":3,"tokens":{"in":10,"out":4,"source":"usage"}}` + "\n"
	single   = profiled + `"took":1,"ttft":1,"gaps":[1],"chunks":1,"tokens":{"in":10,"out":1,"source":"usage"}}` + "\n"
	failed   = profiled + `"took":1,"error":{"class":"status","code":500,"message":"HTTP 500: oops"}}` + "\n"
	whole    = profiled + `"took":1,"tokens":{"in":10,"out":4,"source":"usage"}}` + "\n"
)

// What cannot be measured is absent, not zero.
func TestAbsentIsNotZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, stream string
		has, hasNot string // tags
	}{
		{"nothing", "", "", "request_latency time_to_first_token request_throughput"},
		{"a good request", good, "request_latency time_to_first_token time_to_second_token inter_token_latency inter_chunk_latency", ""},
		{"a request of one token has no gap", single, "time_to_first_token request_latency", "inter_token_latency time_to_second_token inter_chunk_latency output_token_throughput_per_user"},
		{"a request that was not streamed has no first token", whole, "request_latency e2e_output_token_throughput", "time_to_first_token inter_token_latency decode_duration"},
		{"failures alone measure nothing", failed, "error_request_count", "request_latency request_throughput output_token_throughput"},
		{"warm-up is not measured", strings.ReplaceAll(good, "profiling", "warmup"), "", "request_latency request_count"},
		{"another version is not known", strings.ReplaceAll(good, `"v":1`, `"v":9`), "", ""},
	} {
		r := build(t, c.stream)
		for tag := range strings.FieldsSeq(c.has) {
			if _, ok := r.Metric(tag); !ok {
				t.Errorf("%s: %s is missing", c.why, tag)
			}
		}
		for tag := range strings.FieldsSeq(c.hasNot) {
			if m, ok := r.Metric(tag); ok && m.Value() != 0 {
				t.Errorf("%s: %s is %v", c.why, tag, m.Value())
			}
		}
	}
}

// Failed requests do not touch the figures of those that succeeded.
func TestFailuresDoNotDilute(t *testing.T) {
	t.Parallel()
	alone, mixed := build(t, good), build(t, failed+good+failed)
	for _, tag := range []string{"request_latency", "time_to_first_token", "request_throughput", "benchmark_duration", "output_token_throughput"} {
		a, _ := alone.Metric(tag)
		m, ok := mixed.Metric(tag)
		if !ok || a.Value() != m.Value() {
			t.Errorf("%s: %v alone, %v among failures", tag, a.Value(), m.Value())
		}
	}
	if rate, _ := mixed.Metric("request_error_rate"); rate.Shown().Mean < 66.6 || rate.Shown().Mean > 66.7 {
		t.Errorf("the error rate is %v %%", rate.Shown().Mean)
	}
}

// Whatever the lines say, a report comes of it.
func FuzzAdd(f *testing.F) {
	f.Add(good + failed + single)
	f.Add(at + `"type":"gpu","v":1,"source":"s","uuid":"u","taken":"2026-11-23T12:00:01.000000000Z","fields":{"power_usage":1e308,"energy_consumption":-5}}` + "\n" + good)
	f.Add(at + `"type":"energy","v":1,"scope":"total","phase":"profiling","energy":0,"verdict":"valid","reasons":[]}` + "\n" + good)
	f.Add(at + `"type":"run","v":1,"run":"R"}` + "\n" + at + `"type":"scrape","v":1,"source":"s","status":500}` + "\n" + at + `"type":"end","v":1,"run":"R","reason":"failed"}`)
	f.Fuzz(func(t *testing.T, stream string) {
		r := build(t, stream)
		for _, m := range r.Metrics {
			if s := m.Shown(); s.N < 0 || s.N > 0 && s.Min > s.Max {
				t.Errorf("%s: %+v", m.Tag, s)
			}
		}
	})
}
