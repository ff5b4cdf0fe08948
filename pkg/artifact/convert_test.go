package artifact

import (
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// one is what a line becomes, without its first three keys and the run; or the
// error.
func one(line string) string {
	for l, err := range Records(strings.NewReader(line+"\n"), "f") {
		if err != nil {
			text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "f:1: "), `: "{`)
			return text
		}
		if l.Type == record.TypeRun {
			continue
		}
		_, rest, _ := strings.Cut(string(l.Raw), `"v":1,`)
		if l.Type == record.TypeRequest {
			rest = rest[strings.Index(rest, `,"id"`)+1:]
		}
		return strings.TrimSuffix(rest, "}")
	}
	return ""
}

const (
	second    = `"metadata":{"session_num":7,"x_request_id":"a","request_start_ns":1764000000000000000,"request_end_ns":1764000001000000000,"benchmark_phase":"profiling"`
	converted = `"id":"a","phase":"profiling","start":"2025-11-24T16:00:00.000000000Z"`
)

func TestRequest(t *testing.T) {
	t.Parallel()
	metrics := func(m string) string { return `{` + second + `},"metrics":{` + m + `}}` }
	for _, c := range []struct{ why, in, want string }{
		{"nothing but instants: it took until its end", metrics(``), converted + `,"took":1`},
		{"latency is to the last content, and end is behind that", metrics(`"request_latency":{"value":999.123456,"unit":"ms"}`), converted + `,"took":0.999123456`},
		{"a unit of seconds", metrics(`"request_latency":{"value":0.5,"unit":"sec"}`), converted + `,"took":0.5`},
		{"a unit of microseconds", metrics(`"request_latency":{"value":1500,"unit":"us"}`), converted + `,"took":0.0015`},
		{"a unit of nanoseconds", metrics(`"request_latency":{"value":1500,"unit":"ns"}`), converted + `,"took":0.0000015`},
		{"float64 dust is no time", metrics(`"request_latency":{"value":10.270833999999999,"unit":"ms"}`), converted + `,"took":0.010270834`},
		{"the order of keys does not matter", metrics(`"request_latency":{"unit":"ms","value":5}`), converted + `,"took":0.005`},
		{"chunks", metrics(`"time_to_first_token":{"value":50,"unit":"ms"},"inter_chunk_latency":{"value":[10.5, 9],"unit":"ms"}`),
			converted + `,"took":1,"ttft":0.05,"gaps":[0.05,0.0105,0.009],"chunks":3`},
		{"one chunk", metrics(`"time_to_first_token":{"value":50,"unit":"ms"}`), converted + `,"took":1,"ttft":0.05,"gaps":[0.05],"chunks":1`},
		{"arrivals that run backwards are kept", metrics(`"time_to_first_token":{"value":50,"unit":"ms"},"inter_chunk_latency":{"value":[-1],"unit":"ms"}`),
			converted + `,"took":1,"ttft":0.05,"gaps":[0.05,-0.001],"chunks":2`},
		{"no reasoning: the first output token is the first token",
			metrics(`"time_to_first_token":{"value":50,"unit":"ms"},"time_to_first_output_token":{"value":50,"unit":"ms"}`),
			converted + `,"took":1,"ttft":0.05,"gaps":[0.05],"chunks":1`},
		{"reasoning", metrics(`"time_to_first_token":{"value":50,"unit":"ms"},"time_to_first_output_token":{"value":90,"unit":"ms"},"reasoning_token_count":{"value":4,"unit":"tokens"},"output_token_count":{"value":3,"unit":"tokens"}`),
			converted + `,"took":1,"ttft":0.05,"ttfo":0.09,"gaps":[0.05],"chunks":1,"tokens":{"out":7,"reasoning":4,"source":"tokenizer"}`},
		{"tokens", metrics(`"input_sequence_length":{"value":5,"unit":"tokens"},"output_sequence_length":{"value":6,"unit":"tokens"},"osl_mismatch_diff_pct":{"value":-25.0,"unit":"%"}`),
			converted + `,"took":1,"tokens":{"in":5,"out":6,"asked":8,"source":"tokenizer"}`},
		{"tokens that the server counted", metrics(`"output_sequence_length":{"value":6,"unit":"tokens"},"usage_completion_tokens":{"value":6,"unit":"tokens"},"usage_prompt_cache_read_tokens":{"value":2,"unit":"tokens"}`),
			converted + `,"took":1,"tokens":{"cached":2,"out":6,"source":"usage"}`},
		{"tokens that AIPerf counted beside the server", metrics(`"output_sequence_length":{"value":6,"unit":"tokens"},"usage_completion_tokens":{"value":6,"unit":"tokens"},"usage_completion_tokens_diff_pct":{"value":0,"unit":"%"}`),
			converted + `,"took":1,"tokens":{"out":6,"source":"tokenizer"}`},
		{"no number of tokens", metrics(`"output_sequence_length":{"value":1.5,"unit":"tokens"}`), converted + `,"took":1`},
		{"bodies in KB of 1024", metrics(`"http_req_data_sent":{"value":0.3759765625,"unit":"KB"},"http_req_data_received":{"value":5.091796875,"unit":"KB"}`),
			converted + `,"took":1,"bytes":{"sent":385,"received":5214}`},
		{"steps without a trace", metrics(`"http_req_connection_reused":{"value":1,"unit":"ratio"},"http_req_connecting":{"value":0.0,"unit":"ms"},"http_req_sending":{"value":1,"unit":"ms"},"http_req_waiting":{"value":40,"unit":"ms"}`),
			converted + `,"took":1,"http":{"reused":true,"sent":0.001,"first_byte":0.041}`},
		{"no id, and a turn", `{"metadata":{"session_num":7,"turn_index":2,"conversation_id":"c","request_start_ns":1764000000000000000,"request_end_ns":1764000001000000000,"benchmark_phase":"warmup","credit_issued_ns":1763999999999000000},"metrics":{},"error":null}`,
			`"id":"7.2","phase":"warmup","conversation":"c","turn":2,"start":"2025-11-24T16:00:00.000000000Z","late":0.001,"took":1`},
		{"a trace", `{` + second + `,"request_ack_ns":1764000000040000000},"metrics":{},"trace_data":{"request_send_start_ns":1764000000000100000,"request_send_end_ns":1764000000002000000,"response_status_code":200,"remote_ip":"127.0.0.1","remote_port":8000}}`,
			converted + `,"took":1,"http":{"status":200,"reused":false,"remote":"127.0.0.1:8000","sent":0.002,"first_byte":0.04}`},

		{"a status: AIPerf takes no end, so that it is not told", `{"metadata":{"session_num":7,"x_request_id":"a","request_start_ns":1764000000000000000,"request_end_ns":1764000000000000000,"benchmark_phase":"profiling"},"metrics":{"error_isl":{"value":30,"unit":"tokens"}},"error":{"code":503,"type":"Service Unavailable","message":"no"}}`,
			converted + `,"tokens":{"in":30},"error":{"class":"status","code":503,"message":"no"}`},
		{"a status with a trace, which has the end", `{"metadata":{"session_num":7,"x_request_id":"a","request_start_ns":1764000000000000000,"request_end_ns":1764000000000000000,"benchmark_phase":"profiling"},"metrics":{},"trace_data":{"response_status_code":503,"response_receive_end_ns":1764000000250000000},"error":{"code":503,"type":"Service Unavailable","message":"no"}}`,
			converted + `,"took":0.25,"http":{"status":503,"reused":false},"error":{"class":"status","code":503,"message":"no"}`},
		{"cancelled: what AIPerf calls the start is the end, as the trace shows", `{"metadata":{"session_num":7,"x_request_id":"a","request_start_ns":1764000000100000000,"request_end_ns":1764000000200000000,"benchmark_phase":"profiling","was_cancelled":true},"metrics":{},"trace_data":{"request_send_start_ns":1764000000000100000},"error":{"code":499,"type":"RequestCancellationError","message":"m"}}`,
			converted + `,"took":0.1,"error":{"class":"cancelled","code":499,"message":"m"}`},
		{"the same by the credit", `{"metadata":{"session_num":7,"x_request_id":"a","credit_issued_ns":1763999999999000000,"request_start_ns":1764000000100000000,"request_end_ns":1764000000200000000,"benchmark_phase":"profiling","was_cancelled":true},"metrics":{},"error":{"code":499,"type":"RequestCancellationError","message":"m"}}`,
			converted + `,"late":0.001,"took":0.1,"error":{"class":"cancelled","code":499,"message":"m"}`},
		{"cancelled, with a start that may be one", `{"metadata":{"session_num":7,"x_request_id":"a","credit_issued_ns":1763999999999000000,"request_start_ns":1764000000000000000,"request_end_ns":1764000000200000000,"benchmark_phase":"profiling","was_cancelled":true},"metrics":{},"error":{"code":499,"type":"RequestCancellationError","message":"m"}}`,
			converted + `,"late":0.001,"took":0.2,"error":{"class":"cancelled","code":499,"message":"m"}`},

		{"no start", `{"metadata":{"session_num":7,"request_end_ns":1764000000000000000,"benchmark_phase":"profiling"},"metrics":{}}`, "a request without request_start_ns and request_end_ns"},
		{"a start that is no instant", `{"metadata":{"request_start_ns":1.5},"metrics":{}}`, `request_start_ns is no instant in nanoseconds: "1.5"`},
		{"no phase", `{"metadata":{"session_num":7,"request_start_ns":1764000000000000000,"request_end_ns":1764000000000000000},"metrics":{}}`, "a request without benchmark_phase"},
		{"an end before the start", `{"metadata":{"session_num":7,"request_start_ns":1764000000000000000,"request_end_ns":1763999999000000000,"benchmark_phase":"profiling"},"metrics":{}}`, "a request that ends -1 s after its start"},
		{"metadata that is none", `{"metadata":3,"metrics":{}}`, "a request without request_start_ns and request_end_ns"},
		{"a latency in tokens", metrics(`"request_latency":{"value":5,"unit":"tokens"}`), `request_latency: its unit is "tokens", which is none of time`},
		{"a latency of eras", metrics(`"request_latency":{"value":1e300,"unit":"ms"}`), `request_latency: it is no length of time: "1e300"`},
		{"a negative latency", metrics(`"request_latency":{"value":-1,"unit":"ms"}`), `request_latency: it is negative: "-1"`},
		{"a latency of words", metrics(`"request_latency":{"value":"long","unit":"ms"}`), `request_latency: it is no length of time: "\"long\""`},
		{"gaps of words", metrics(`"inter_chunk_latency":{"value":["a"],"unit":"ms"}`), `inter_chunk_latency: it is no length of time: "\"a\""`},
	} {
		if diff := cmp.Diff(c.want, one(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in        string
		cancelled bool
		status    int
		want      record.Error
	}{
		{`{"code":499,"type":"RequestCancellationError","message":"m"}`, true, 200, record.Error{Class: record.ClassCancelled, Code: 499, Message: "m"}},
		{`{"code":429,"type":"Too Many Requests","message":"m"}`, false, 429, record.Error{Class: record.ClassStatus, Code: 429, Message: "m"}},
		{`{"code":500,"type":"Internal Server Error","message":""}`, false, 0, record.Error{Class: record.ClassStatus, Code: 500, Message: "Internal Server Error"}},
		{`{"code":404,"message":"m"}`, false, 0, record.Error{Class: record.ClassStatus, Code: 404, Message: "m"}},
		{`{"type":"TimeoutError","message":"TimeoutError()"}`, false, 0, record.Error{Class: record.ClassTimeout, Message: "TimeoutError()"}},
		{`{"code":0,"type":"RequestSendTimeout","message":"m"}`, false, 0, record.Error{Class: record.ClassTimeout, Message: "m"}},
		{`{"type":"ClientConnectorError","message":"m"}`, false, 0, record.Error{Class: record.ClassConnect, Message: "m"}},
		{`{"type":"ClientConnectorDNSError","message":"m"}`, false, 0, record.Error{Class: record.ClassConnect, Message: "m"}},
		{`{"type":"ClientConnectorCertificateError","message":"m"}`, false, 0, record.Error{Class: record.ClassTLS, Message: "m"}},
		{`{"type":"ConnectionTimeoutError","message":"m"}`, false, 0, record.Error{Class: record.ClassTimeout, Message: "m"}},
		{`{"type":"ClientPayloadError","message":"m"}`, false, 200, record.Error{Class: record.ClassTruncated, Code: 200, Message: "m"}},
		{`{"type":"ServerDisconnectedError","message":"m"}`, false, 0, record.Error{Class: record.ClassTruncated, Message: "m"}},
		{`{"code":502,"type":"SSEResponseError","message":"m"}`, false, 200, record.Error{Class: record.ClassStream, Code: 200, Message: "m"}},
		{`{"type":"InvalidInferenceResultError","message":"x: No responses with actual content"}`, false, 0, record.Error{Class: record.ClassEmpty, Message: "x: No responses with actual content"}},
		{`{"type":"InvalidInferenceResultError","message":"m"}`, false, 0, record.Error{Class: record.ClassDecode, Message: "m"}},
		{`{"code":500,"type":"CreditProcessingError","message":"m"}`, false, 0, record.Error{Class: record.ClassDecode, Message: "m"}},
		{`{}`, false, 0, record.Error{Class: record.ClassDecode}},
		{`"text"`, false, 0, record.Error{Class: record.ClassDecode}},
	} {
		if diff := cmp.Diff(c.want, *failure(record.Value(c.in), c.cancelled, c.status)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.in, diff)
		}
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	const (
		open  = `{"timestamp_ns":1764000000500000000,"gpu_index":0,"gpu_uuid":"GPU-1",`
		known = `"gpu":0,"uuid":"GPU-1","taken":"2025-11-24T16:00:00.500000000Z","fields":{`
	)
	for _, c := range []struct{ why, in, want string }{
		{"names as they were", open + `"dcgm_url":"http://n:9400/metrics","gpu_model_name":"H100","hostname":"n","telemetry_data":{"gpu_power_usage":1.5,"energy_consumption":32.627571906,"gpu_utilization":29.0,"mem_utilization":7,"gpu_memory_used":49.66055936,"gpu_temperature":40,"sm_utilization":60.0,"decoder_utilization":1,"encoder_utilization":2,"jpg_utilization":3,"xid_errors":79,"power_violation":1500}}`,
			`"source":"http://n:9400/metrics","host":"n","platform":"nvidia","gpu":0,"uuid":"GPU-1","model":"H100","taken":"2025-11-24T16:00:00.500000000Z","fields":{"decoder_utilization":0.01,"encoder_utilization":0.02,"energy_consumption":32627571.906,"gpu_utilization":0.29,"jpeg_utilization":0.03,"memory_used":49660559360,"memory_utilization":0.07,"power_usage":1.5,"power_violation":0.0015,"sm_utilization":0.6,"temperature":40,"xid_errors":79}`},
		{"names as they are", open + `"telemetry_source_url":"http://n:9400/metrics","platform":"nvidia","namespace":"prod","pod_name":"vllm-0","telemetry_data":{"nvidia_power_usage":1.5,"nvidia_memory_utilization":7,"nvidia_memory_used":60.817408,"nvidia_temperature":40}}`,
			`"source":"http://n:9400/metrics","platform":"nvidia","gpu":0,"uuid":"GPU-1","labels":{"namespace":"prod","pod":"vllm-0"},"taken":"2025-11-24T16:00:00.500000000Z","fields":{"memory_used":60817408000,"memory_utilization":0.07,"power_usage":1.5,"temperature":40}`},
		{"AMD", open + `"telemetry_source_url":"amdsmi://localhost","telemetry_data":{"amd_power":300,"amd_energy_consumption":1,"amd_gfx_activity":50,"amd_umc_activity":25,"amd_mm_activity":1,"amd_memory_used":2,"amd_temperature":50,"amd_ecc_uncorrectable":1,"amd_throttle_status":0}}`,
			`"source":"amdsmi://localhost","platform":"amd",` + known + `"amd_mm_activity":1,"amd_throttle_status":0,"ecc_uncorrectable":1,"energy_consumption":1000000,"gpu_utilization":0.5,"memory_used":2000000000,"memory_utilization":0.25,"power_usage":300,"temperature":50}`},
		{"fields that were asked for", open + `"dcgm_url":"u","telemetry_data":{"nvidia_sm_clock":1980,"nvidia_thermal_violation":5000000000,"nvidia_fb_free":7,"nvidia_":1}}`,
			`"source":"u","platform":"nvidia",` + known + `"nvidia_":1,"nvidia_fb_free":7,"sm_clock":1980000000,"thermal_violation":5}`},
		{"what is null or no number is left out", open + `"dcgm_url":"u","platform":"unknown","pod_name":null,"telemetry_data":{"a":null,"b":"x","c":3}}`,
			`"source":"u",` + known + `"c":3}`},
		{"a password", open + `"dcgm_url":"http://me:secret@n/metrics","telemetry_data":{"c":3}}`, `"source":"http://n/metrics",` + known + `"c":3}`},
		{"a password in what is no URL", open + `"dcgm_url":"%:secret@n/metrics","telemetry_data":{"c":3}}`, `"source":"n/metrics",` + known + `"c":3}`},
		{"too large for a number", open + `"dcgm_url":"u","telemetry_data":{"energy_consumption":1e308,"c":3}}`, `"source":"u","platform":"nvidia",` + known + `"c":3}`},
		{"no source", open + `"telemetry_data":{"c":3}}`, "a reading without telemetry_source_url or dcgm_url"},
		{"no GPU", `{"timestamp_ns":1764000000500000000,"dcgm_url":"u","telemetry_data":{"c":3}}`, "a reading without gpu_uuid and gpu_index"},
		{"no number", open + `"dcgm_url":"u","telemetry_data":{"c":"x"}}`, "a reading without a number in telemetry_data"},
		{"no instant", `{"timestamp_ns":"now","dcgm_url":"u","gpu_index":0,"telemetry_data":{"c":3}}`, `timestamp_ns is no instant in nanoseconds: "\"now\""`},
	} {
		if diff := cmp.Diff(c.want, one(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	const open = `{"endpoint_url":"http://n:8000/metrics","timestamp_ns":1764000000500000000,`
	for _, c := range []struct{ why, in, want string }{
		{"a gauge and a histogram", open + `"metrics":{"vllm:num_requests_running":[{"labels":{"model_name":"m"},"value":3.0}],"vllm:e2e_request_latency_seconds":[{"buckets":{"0.5":1.0,"0.3":0.0,"+Inf":2.0},"sum":4.5,"count":2.0}]},"request_sent_ns":1764000000400000000,"first_byte_ns":1764000000500000000}`,
			`"source":"http://n:8000/metrics","server":"vllm","taken":"2025-11-24T16:00:00.450000000Z","within":0.05,"series":[{"name":"vllm:num_requests_running","type":"untyped","labels":{"model_name":"m"},"value":3},{"name":"vllm:e2e_request_latency_seconds","type":"histogram","count":2,"sum":4.5,"buckets":[[0.3,0],[0.5,1]]}]`},
		{"no instants but one, and a server that is not known", open + `"metrics":{"x":[{"value":1},{"value":null},{"labels":{}}],"y":3}}`,
			`"source":"http://n:8000/metrics","taken":"2025-11-24T16:00:00.500000000Z","series":[{"name":"x","type":"untyped","value":1}]`},
		{"no metric", open + `"metrics":{}}`, "a page without metrics"},
		{"no source", `{"endpoint_url":null,"timestamp_ns":1764000000500000000,"metrics":{"x":[{"value":1}]}}`, "a page without endpoint_url"},
	} {
		if diff := cmp.Diff(c.want, one(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// Fields that are read back are written under AIPerf's names again.
func TestFieldNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ platform, name string }{
		{"nvidia", "nvidia_power_usage"}, {"nvidia", "nvidia_energy_consumption"}, {"nvidia", "nvidia_memory_utilization"}, {"nvidia", "nvidia_fb_free"},
		{"amd", "amd_power"}, {"amd", "amd_gfx_activity"}, {"amd", "amd_umc_activity"}, {"amd", "amd_throttle_status"},
	} {
		f, platform := fieldOf(c.name)
		if got := fieldName(platform, f.name); got != c.name || platform != c.platform {
			t.Errorf("%s becomes %s of platform %s, and %s when it is written", c.name, f.name, platform, got)
		}
	}
}
