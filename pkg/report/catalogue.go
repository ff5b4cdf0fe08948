package report

// A measure is a metric that a request has a value of.
type measure struct {
	tag, header string
	unit        Unit
	table       string
	order       int  // in its table; 0 if it is for files only
	larger      bool // more is better
	of          func(q *requests, row int) (float64, bool)
}

// Tables in which metrics are shown.
const (
	TableMain = ""     // the metrics of requests
	TableLoad = "load" // what was in flight, over time
	TableHTTP = "http" // what happened below requests

	TableServer = "server" // what the server said of itself meanwhile
)

// measures are the record metrics, in AIPerf's order.
var measures = []measure{
	{"time_to_first_token", "Time to First Token", Milliseconds, TableMain, 100, false, value(colTTFT)},
	{"time_to_second_token", "Time to Second Token", Milliseconds, TableMain, 200, false, value(colSecond)},
	{"time_to_first_output_token", "Time to First Output Token", Milliseconds, TableMain, 210, false, value(colTTFO)},
	{"request_latency", "Request Latency", Milliseconds, TableMain, 300, false, value(colTook)},
	{"decode_duration", "Decode Duration", Milliseconds, TableMain, 350, false, (*requests).decode},
	{"inter_token_latency", "Inter Token Latency", Milliseconds, TableMain, 400, false, (*requests).interToken},
	{"output_token_throughput_per_user", "Output Token Throughput Per User", TokensPerUser, TableMain, 500, true, func(q *requests, i int) (float64, bool) {
		itl, ok := q.interToken(i)
		return 1 / itl, ok && itl > 0
	}},
	{"e2e_output_token_throughput", "E2E Output Token Throughput", TokensPerUser, TableMain, 510, true, func(q *requests, i int) (float64, bool) {
		out, took := q.get(colOut, i), q.get(colTook, i)
		return out / took, out > 0 && took > 0
	}},
	{"prefill_throughput_per_user", "Prefill Throughput Per User", TokensPerUser, TableMain, 0, true, func(q *requests, i int) (float64, bool) {
		in, ttft := q.get(colIn, i), q.get(colTTFT, i)
		return in / ttft, in > 0 && ttft > 0
	}},
	{"output_sequence_length", "Output Sequence Length", Tokens, TableMain, 600, true, some(colOut)},
	{"input_sequence_length", "Input Sequence Length", Tokens, TableMain, 700, true, value(colIn)},
	{"output_token_count", "Output Token Count", Tokens, TableMain, 0, true, func(q *requests, i int) (float64, bool) {
		out, reasoning := q.get(colOut, i), q.get(colReasoning, i)
		if reasoning > 0 {
			out -= reasoning
		}
		return out, out > 0
	}},
	{"reasoning_token_count", "Reasoning Token Count", Tokens, TableMain, 0, true, some(colReasoning)},
	{"osl_mismatch_diff_pct", "OSL Mismatch Diff %", Percent, TableMain, 0, false, func(q *requests, i int) (float64, bool) {
		asked, out := q.get(colAsked, i), q.get(colOut, i)
		return (out - asked) / asked, asked > 0 && out > 0
	}},
	{"credit_to_start_latency", "Credit-to-Start Latency", Milliseconds, TableMain, 0, false, value(colLate)},
	{"effective_latency", "Effective Latency (CO-aware)", Milliseconds, TableMain, 0, false, func(q *requests, i int) (float64, bool) {
		return known(q.get(colTook, i) + q.get(colLate, i))
	}},

	{"usage_prompt_tokens", "Usage Prompt Tokens", Tokens, TableMain, 0, true, (*requests).usagePrompt},
	{"usage_prompt_cache_read_tokens", "Usage Prompt Cache Read Tokens", Tokens, TableMain, 0, true, value(colCached)},
	{"usage_completion_tokens", "Usage Completion Tokens", Tokens, TableMain, 0, true, usage(colOut)},
	{"usage_reasoning_tokens", "Usage Reasoning Tokens", Tokens, TableMain, 0, true, usage(colReasoning)},
	{"usage_total_tokens", "Usage Total Tokens", Tokens, TableMain, 0, true, func(q *requests, i int) (float64, bool) {
		in, ok := q.usagePrompt(i)
		out, ok2 := usage(colOut)(q, i)
		return in + out, ok && ok2
	}},

	{"http_req_blocked", "HTTP Blocked", Milliseconds, TableHTTP, 2000, false, below(phase(colBlocked))},
	{"http_req_dns_lookup", "HTTP DNS Lookup", Milliseconds, TableHTTP, 2010, false, below(phase(colDNS))},
	{"http_req_connecting", "HTTP Connecting", Milliseconds, TableHTTP, 2020, false, below(phase(colConnect))},
	{"http_req_sending", "HTTP Sending", Milliseconds, TableHTTP, 2030, false, below(value(colSent))},
	{"http_req_waiting", "HTTP Waiting (TTFB)", Milliseconds, TableHTTP, 2040, false, below(func(q *requests, i int) (float64, bool) {
		return known(q.get(colFirstByte, i) - q.get(colSent, i))
	})},
	{"http_req_receiving", "HTTP Receiving", Milliseconds, TableHTTP, 2050, false, below(func(q *requests, i int) (float64, bool) {
		return known(q.get(colTook, i) - q.get(colFirstByte, i))
	})},
	{"http_req_connection_reused", "HTTP Connection Reused", Ratio, TableHTTP, 2060, false, below(func(q *requests, i int) (float64, bool) {
		if q.is(i, reusing) {
			return 1, true
		}
		return 0, true
	})},
	{"http_req_data_sent", "HTTP Data Sent", Kibibytes, TableHTTP, 2070, false, value(colBytesSent)},
	{"http_req_data_received", "HTTP Data Received", Kibibytes, TableHTTP, 2090, false, value(colBytesReceived)},
	{"http_req_connection_overhead", "HTTP Connection Overhead", Milliseconds, TableHTTP, 2110, false, below((*requests).overhead)},
	{"http_req_duration", "HTTP Duration (excl. conn)", Milliseconds, TableHTTP, 2120, false, below(value(colTook))},
	{"http_req_total", "HTTP Total Time", Milliseconds, TableHTTP, 2130, false, below(func(q *requests, i int) (float64, bool) {
		x, _ := q.overhead(i)
		return known(x + q.get(colTook, i))
	})},

	{"server_requests_waiting", "Requests Waiting at the Server", Requests, TableServer, 3000, false, value(colWaiting)},
	{"server_requests_running", "Requests Running at the Server", Requests, TableServer, 3010, false, value(colRunning)},
	{"server_kv_cache", "KV Cache in Use", Percent, TableServer, 3020, false, value(colKVCache)},
}

// known is false for NaN, by which a table tells that it has no value.
func known(x float64) (float64, bool) { return x, x == x }

func value(c column) func(*requests, int) (float64, bool) {
	return func(q *requests, i int) (float64, bool) { return known(q.get(c, i)) }
}

// some takes no tokens for no value, as AIPerf does.
func some(c column) func(*requests, int) (float64, bool) {
	return func(q *requests, i int) (float64, bool) { x := q.get(c, i); return x, x > 0 }
}

// usage is a count of tokens that the server told.
func usage(c column) func(*requests, int) (float64, bool) {
	return func(q *requests, i int) (float64, bool) {
		x := q.get(c, i)
		return x, x == x && q.is(i, usageOut)
	}
}

func (q *requests) usagePrompt(i int) (float64, bool) {
	x := q.get(colIn, i)
	return x, x == x && q.is(i, usageIn)
}

// below is about requests of which it is known what happened below them.
func below(of func(*requests, int) (float64, bool)) func(*requests, int) (float64, bool) {
	return func(q *requests, i int) (float64, bool) {
		if !q.is(i, overHTTP) {
			return 0, false
		}
		return of(q, i)
	}
}

// phase is a part of a request that need not be.
func phase(c column) func(*requests, int) (float64, bool) {
	return func(q *requests, i int) (float64, bool) { return zero(q.get(c, i)), true }
}

// zero is 0 for NaN.
func zero(x float64) float64 {
	if x != x {
		return 0
	}
	return x
}

// overhead is what it took to have a connection.
func (q *requests) overhead(i int) (float64, bool) {
	return zero(q.get(colBlocked, i)) + zero(q.get(colDNS, i)) + zero(q.get(colConnect, i)), true
}

func (q *requests) decode(i int) (float64, bool) { return known(q.get(colTook, i) - q.get(colTTFT, i)) }

func (q *requests) interToken(i int) (float64, bool) {
	d, ok := q.decode(i)
	n := q.get(colOut, i)
	if q.opt.chunk() {
		n = q.get(colChunks, i)
	}
	return d / (n - 1), ok && n >= 2
}

// mismatched tells whether the answer's length is not what was asked for: off
// by more than 5 % or 50 tokens, whichever is less.
func (q *requests) mismatched(i int) bool {
	asked, out := q.get(colAsked, i), q.get(colOut, i)
	return asked > 0 && out > 0 && max(out-asked, asked-out) > min(0.05*asked, 50)
}
