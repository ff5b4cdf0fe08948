package artifact

import (
	"errors"
	"fmt"
	"math"

	"aiperf/pkg/record"
)

// A metadata is what is needed of a request's metadata. Instants are zero where
// there is none.
type metadata struct {
	session, id, conversation string
	turn                      *int
	phase                     string
	cancelled                 bool

	issued, start, ack, end record.Time
}

func metadataOf(v record.Value) (m metadata, err error) {
	for key, v := range record.Keys(v) {
		if v.Null() {
			continue
		}
		switch string(key) {
		case "session_num":
			m.session = string(v)
		case "x_request_id":
			m.id, _ = v.Text()
		case "conversation_id":
			m.conversation, _ = v.Text()
		case "turn_index":
			if n, ok := v.Int(); ok {
				m.turn = &n
			}
		case "benchmark_phase":
			m.phase, _ = v.Text()
		case "was_cancelled":
			m.cancelled = string(v) == "true"
		case "credit_issued_ns":
			m.issued, err = instant("credit_issued_ns", v)
		case "request_start_ns":
			m.start, err = instant("request_start_ns", v)
		case "request_ack_ns":
			m.ack, err = instant("request_ack_ns", v)
		case "request_end_ns":
			m.end, err = instant("request_end_ns", v)
		}
		if err != nil {
			return m, err
		}
	}
	switch {
	case m.start == 0 || m.end == 0:
		return m, errors.New("a request without request_start_ns and request_end_ns")
	case m.end < m.start || m.end.Sub(m.start) > maxSeconds:
		return m, fmt.Errorf("a request that ends %v s after its start", m.end.Sub(m.start))
	case m.phase == "":
		return m, errors.New("a request without benchmark_phase")
	}
	if m.id == "" {
		m.id = m.session
		if m.turn != nil {
			m.id += fmt.Sprintf(".%d", *m.turn)
		}
	}
	return m, nil
}

// request makes a record of a line of profile_export.jsonl. AIPerf measures in
// nanoseconds and writes milliseconds, from which they are had back; instants
// it writes in nanoseconds.
func request(line []byte) (*record.Request, error) {
	var meta, metrics, trace, failed record.Value
	for key, v := range record.Keys(line) {
		switch {
		case v.Null():
		case string(key) == "metadata":
			meta = v
		case string(key) == "metrics":
			metrics = v
		case string(key) == "trace_data":
			trace = v
		case string(key) == "error":
			failed = v
		}
	}
	m, err := metadataOf(meta)
	if err != nil {
		return nil, err
	}
	x, err := measuredOf(metrics)
	if err != nil {
		return nil, err
	}
	t := traceOf(trace)
	r := &record.Request{ID: m.id, Phase: m.phase, Conversation: m.conversation, Turn: m.turn}
	if failed != nil {
		r.Error = failure(failed, m.cancelled, t.status)
	}
	m.times(r, &x, &t)
	x.fill(r)
	r.HTTP = t.http(&m, &x, r.Start)
	return r, nil
}

// times sets the instants of r and how long it took.
//
// A request that AIPerf itself has stopped is written with the instant of its
// end as its start, and an end as long after that as it has lasted; which shows
// in its first byte having left before. Of one that was answered with an error
// status AIPerf takes no end, and writes the start again.
func (m *metadata) times(r *record.Request, x *measured, t *trace) {
	start, end := m.start, m.end
	lasted := end - start
	if r.Error != nil && stopped(r.Error) && lasted > 0 && (t.sendStart > 0 && t.sendStart < start || t.sendStart == 0 && m.issued > 0 && m.issued <= start-lasted) {
		start, end = start-lasted, start
	}
	took := end.Sub(start)
	switch {
	case r.Error == nil && x.latency != nil:
		took = *x.latency
	case r.Error != nil && took == 0 && t.receiveEnd > start:
		end = t.receiveEnd
		took = end.Sub(start)
	}
	r.Start, r.Time = start, end
	if r.Error == nil || took > 0 {
		r.Took = &took
	}
	if late := start.Sub(m.issued); m.issued > 0 && 0 <= late && late < maxSeconds {
		r.Late = &late
	}
}

// A measured is what is needed of the metrics of a request. Durations are
// seconds; nil is what was not there.
type measured struct {
	latency, ttft, ttfo *float64
	gaps                record.Gaps

	in, failedIn, out, answer, reasoning, cached *int

	mismatch                *float64 // of out to what was asked for, in percent of this
	completion, usageDiffer bool     // the server told the number, and it was compared

	reused, connecting, blocked, dns, sending, waiting *float64
	sent, received                                     *int64
}

func measuredOf(v record.Value) (x measured, err error) {
	for key, v := range record.Keys(v) {
		switch string(key) {
		case "request_latency":
			x.latency, err = lasting(v)
		case "time_to_first_token":
			x.ttft, err = lasting(v)
		case "time_to_first_output_token":
			x.ttfo, err = lasting(v)
		case "inter_chunk_latency":
			x.gaps, err = gaps(v)
		case "http_req_connecting":
			x.connecting, err = lasting(v)
		case "http_req_blocked":
			x.blocked, err = lasting(v)
		case "http_req_dns_lookup":
			x.dns, err = lasting(v)
		case "http_req_sending":
			x.sending, err = lasting(v)
		case "http_req_waiting":
			x.waiting, err = lasting(v)
		default:
			x.number(key, v)
		}
		if err != nil {
			return x, fmt.Errorf("%s: %w", key, err)
		}
	}
	return x, nil
}

// number takes a metric that is no length of time. One that makes no sense
// counts as one that is not there.
func (x *measured) number(key []byte, v record.Value) {
	count := func(to **int) {
		if n, ok := quantityOf(v).count(); ok {
			*to = &n
		}
	}
	switch string(key) {
	case "input_sequence_length":
		count(&x.in)
	case "error_isl":
		count(&x.failedIn)
	case "output_sequence_length":
		count(&x.out)
	case "output_token_count":
		count(&x.answer)
	case "reasoning_token_count":
		count(&x.reasoning)
	case "usage_prompt_cache_read_tokens":
		count(&x.cached)
	case "usage_completion_tokens":
		x.completion = true
	case "usage_completion_tokens_diff_pct":
		x.usageDiffer = true
	case "osl_mismatch_diff_pct":
		x.mismatch = number(quantityOf(v).value)
	case "http_req_connection_reused":
		x.reused = number(quantityOf(v).value)
	case "http_req_data_sent":
		if n, ok := quantityOf(v).size(); ok {
			x.sent = &n
		}
	case "http_req_data_received":
		if n, ok := quantityOf(v).size(); ok {
			x.received = &n
		}
	}
}

// lasting is a metric that is a length of time.
func lasting(v record.Value) (*float64, error) {
	q := quantityOf(v)
	d, err := q.duration(q.value)
	if err == nil && d < 0 {
		err = fmt.Errorf("it is negative: %s", excerpt(q.value))
	}
	return &d, err
}

// gaps are the latencies between chunks. Negative ones stay: a report leaves
// such a request out, as AIPerf does.
func gaps(v record.Value) (record.Gaps, error) {
	q := quantityOf(v)
	list := record.Gaps{0}
	for v := range numbers(q.value) {
		d, err := q.duration(v)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// fill sets what the metrics tell of the answer.
func (x *measured) fill(r *record.Request) {
	r.TTFT = x.ttft
	if x.ttft != nil && x.ttfo != nil && *x.ttfo > *x.ttft {
		r.TTFO = x.ttfo
	}
	if x.ttft != nil {
		r.Gaps = x.gaps
		if r.Gaps == nil {
			r.Gaps = record.Gaps{0}
		}
		r.Gaps[0] = *x.ttft
		r.Chunks = len(r.Gaps)
	}
	if x.sent != nil && x.received != nil {
		r.Bytes = &record.Bytes{Sent: *x.sent, Received: *x.received}
	}
	t := record.Tokens{In: x.in, Cached: x.cached, Out: x.out, Reasoning: x.reasoning}
	if t.In == nil {
		t.In = x.failedIn
	}
	if t.Out == nil && (x.answer != nil || x.reasoning != nil) {
		n := value(x.answer) + value(x.reasoning)
		t.Out = &n
	}
	if t.Out != nil {
		// What the server counts is compared with AIPerf's own count, if AIPerf
		// makes one: not with --use-server-token-count.
		t.Source = record.FromTokenizer
		if x.completion && !x.usageDiffer {
			t.Source = record.FromUsage
		}
		if x.mismatch != nil && *x.mismatch > -100 {
			if n := math.Round(float64(*t.Out) / (1 + *x.mismatch/100)); n < math.MaxInt32 {
				asked := int(n)
				t.Asked = &asked
			}
		}
	}
	if t != (record.Tokens{}) {
		r.Tokens = &t
	}
}

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
