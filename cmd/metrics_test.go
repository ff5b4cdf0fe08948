package cmd_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every number of the demo's report is computed here again, from the decoded
// lines by the formulas of AIPerf's documentation, and by none of the code
// that made the report.
func TestMetricsByAnotherPath(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	values := map[string][]float64{}
	add := func(tag string, x float64) { values[tag] = append(values[tag], x) }
	var first, last time.Time
	in, out, energy := 0.0, 0.0, 0.0
	var flight flight
	var lastStart time.Time
	for line := range strings.Lines(string(text)) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r["type"] == "energy" && r["scope"] == "total" {
			energy = r["energy"].(float64)
		}
		if r["type"] != "request" || r["phase"] != "profiling" {
			continue
		}
		start, err := time.Parse(time.RFC3339Nano, r["start"].(string))
		if err != nil {
			t.Fatal(err)
		}
		took, ttft := r["took"].(float64), r["ttft"].(float64)
		tokens := r["tokens"].(map[string]any)
		isl, osl := tokens["in"].(float64), tokens["out"].(float64)
		if end := start.Add(time.Duration(math.Round(took * 1e9))); end.After(last) {
			last = end
		}
		if first.IsZero() || start.Before(first) {
			first = start
		}
		if start.After(lastStart) {
			lastStart = start
		}
		in, out = in+isl, out+osl
		flight.add(took, ttft, isl, osl, r["gaps"].([]any))
		below(add, r["http"].(map[string]any), r["bytes"].(map[string]any), took)
		add("usage_prompt_tokens", isl)
		add("usage_completion_tokens", osl)
		add("usage_total_tokens", isl+osl)
		add("output_token_count", osl)
		add("time_to_first_output_token", 1e3*ttft)
		add("request_latency", 1e3*took)
		add("time_to_first_token", 1e3*ttft)
		add("decode_duration", 1e3*(took-ttft))
		add("input_sequence_length", isl)
		add("output_sequence_length", osl)
		add("prefill_throughput_per_user", isl/ttft)
		add("e2e_output_token_throughput", osl/took)
		if osl > 1 {
			add("inter_token_latency", 1e3*(took-ttft)/(osl-1))
			add("output_token_throughput_per_user", (osl-1)/(took-ttft))
		}
		for i, g := range r["gaps"].([]any) {
			switch i {
			case 0:
			case 1:
				add("time_to_second_token", 1e3*g.(float64))
				fallthrough
			default:
				add("inter_chunk_latency", 1e3*g.(float64))
			}
		}
	}
	n := float64(len(values["request_latency"]))
	d := last.Sub(first).Seconds()
	for tag, x := range values {
		for stat, v := range naive(x) {
			want[tag+"."+stat] = v
		}
	}
	for tag, v := range map[string]float64{
		"request_count": n, "benchmark_duration": d, "request_throughput": n / d,
		"input_token_throughput": in / d, "output_token_throughput": out / d, "total_token_throughput": (in + out) / d,
		"total_isl": in, "total_osl": out,
		"nvidia_total_gpu_energy": energy, "nvidia_average_gpu_power": energy / d,
		"nvidia_output_tokens_per_joule": out / energy, "nvidia_energy_per_output_token": 1e3 * energy / out,
		"nvidia_energy_per_total_token": 1e3 * energy / (in + out), "nvidia_energy_per_request": energy / n,
		"nvidia_performance_per_watt": n / d / (energy / d), "nvidia_output_tps_per_watt": out / d / (energy / d),
		"nvidia_energy_delay_product": energy / n * naive(values["request_latency"])["avg"] / 1e3,
	} {
		want[tag+".avg"] = v
	}
	for tag, v := range map[string]float64{
		"achieved_request_rate": (n - 1) / lastStart.Sub(first).Seconds(), "error_request_count": 0, "completed_request_count": n, "request_error_rate": 0,
		"total_usage_prompt_tokens": in, "total_usage_completion_tokens": out, "total_usage_total_tokens": in + out,
	} {
		want[tag+".avg"] = v
	}
	if len(want) < 350 {
		t.Errorf("only %d numbers were compared", len(want))
	}
	compare(t, want, 1e-9)
	// Instants of what was in flight are rounded to 256 ns.
	compare(t, flight.means(d), 1e-5)
}

// A flight adds up what was in flight, by the time for which it was.
type flight struct{ flying, prefill, in, decoded, tokens float64 }

func (f *flight) add(took, ttft, isl, osl float64, gaps []any) {
	f.flying += took
	f.prefill += ttft
	f.in += isl
	f.decoded += osl - 1
	f.tokens += isl*took + (took - ttft)
	left := took - ttft
	for _, g := range gaps[1:] {
		left -= g.(float64)
		f.tokens += left * (osl - 1) / float64(len(gaps)-1)
	}
}

func (f *flight) means(d float64) map[string]float64 {
	want := map[string]float64{}
	for tag, v := range map[string]float64{
		"effective_concurrency": f.flying, "effective_prefill_concurrency": f.prefill, "effective_decode_concurrency": f.flying - f.prefill,
		"effective_prefill_throughput": f.in, "effective_decode_throughput": f.decoded, "effective_total_throughput": f.in + f.decoded,
		"tokens_in_flight": f.tokens,
	} {
		want[tag+".avg"] = v / d
	}
	return want
}

// below adds what happened below a request.
func below(add func(string, float64), http, bytes map[string]any, took float64) {
	of := func(key string) float64 { x, _ := http[key].(float64); return x }
	overhead := of("blocked") + of("dns") + of("connect") + of("tls")
	reused := 0.0
	if http["reused"] == true {
		reused = 1
	}
	add("http_req_blocked", 1e3*of("blocked"))
	add("http_req_dns_lookup", 1e3*of("dns"))
	add("http_req_connecting", 1e3*(of("connect")+of("tls")))
	add("http_req_sending", 1e3*of("sent"))
	add("http_req_waiting", 1e3*(of("first_byte")-of("sent")))
	add("http_req_receiving", 1e3*(took-of("first_byte")))
	add("http_req_duration", 1e3*took)
	add("http_req_connection_overhead", 1e3*overhead)
	add("http_req_total", 1e3*(overhead+took))
	add("http_req_connection_reused", reused)
	add("http_req_data_sent", bytes["sent"].(float64)/1024)
	add("http_req_data_received", bytes["received"].(float64)/1024)
}

// naive computes statistics in the most direct way: population standard
// deviation, percentiles at q/100·(n−1) with linear interpolation.
func naive(x []float64) map[string]float64 {
	x = slices.Sorted(slices.Values(x))
	n := float64(len(x))
	sum, squares := 0.0, 0.0
	for _, v := range x {
		sum += v
	}
	for _, v := range x {
		squares += (v - sum/n) * (v - sum/n)
	}
	s := map[string]float64{"avg": sum / n, "sum": sum, "min": x[0], "max": x[len(x)-1], "std": math.Sqrt(squares / n), "count": n}
	for name, q := range map[string]float64{"p1": 1, "p5": 5, "p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99} {
		at := q / 100 * (n - 1)
		i := int(at)
		s[name] = x[i]
		if i+1 < len(x) {
			s[name] += (at - float64(i)) * (x[i+1] - x[i])
		}
	}
	return s
}

// compare allows a relative difference.
func compare(t *testing.T, want map[string]float64, within float64) {
	t.Helper()
	text, err := os.ReadFile("testdata/demo/report.json")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for key, v := range want {
		tag, stat, _ := strings.Cut(key, ".")
		var m map[string]any
		json.Unmarshal(got[tag], &m)
		g, ok := m[stat].(float64)
		if !ok || math.Abs(g-v) > within*math.Abs(v)+1e-7 {
			t.Errorf("%s = %v, want %v", key, m[stat], v)
		}
	}
}
