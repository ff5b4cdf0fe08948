package report

import (
	"bytes"
	"encoding/json"
	"math"

	"aiperf/pkg/record"
)

// A request is what counts of a record.Request. It is used again for the next
// line, so that reading one allocates nothing. NaN and −1 stand for what is not
// there.
type request struct {
	run, phase, model, url, endpoint, finish, turn, conversation record.Value

	start                    record.Time
	took, ttft, ttfo, late   float64
	energy                   float64
	gaps                     []int64 // ns
	silent                   bool    // all its content is reasoning
	chunks                   int
	in, cached, out          int
	reasoning, asked         int
	source, inSource         record.Value
	sentBytes, receivedBytes float64
	http                     bool
	reused                   bool
	status                   int
	blocked, dns, connect    float64
	sent, firstByte          float64
	throttled                bool
	waiting, running, cache  float64      // at the server
	failure                  record.Value // null or empty if it succeeded
}

func (r *request) reset() {
	nan := math.NaN()
	*r = request{gaps: r.gaps[:0], took: nan, ttft: nan, ttfo: nan, late: nan, energy: nan, chunks: -1,
		in: -1, cached: -1, out: -1, reasoning: -1, asked: -1, sentBytes: nan, receivedBytes: nan,
		blocked: nan, dns: nan, connect: nan, sent: nan, firstByte: nan,
		waiting: nan, running: nan, cache: nan}
}

// scan reads a line by its keys, without decoding the rest. The error names the
// key whose value makes no sense.
func (r *request) scan(l record.Line) error {
	r.reset()
	for key, v := range record.Keys(l.Raw) {
		if v.Null() {
			continue
		}
		ok := true
		switch string(key) {
		case "run":
			r.run, ok = text(v)
		case "phase":
			r.phase, ok = text(v)
		case "model":
			r.model, ok = text(v)
		case "url":
			r.url, ok = text(v)
		case "endpoint":
			r.endpoint, ok = text(v)
		case "finish":
			r.finish, ok = text(v)
		case "conversation":
			r.conversation, ok = text(v)
		case "turn":
			r.turn = v
		case "start":
			r.start, ok = v.Time()
		case "took":
			r.took, ok = lasting(v)
		case "ttft":
			r.ttft, ok = lasting(v)
		case "ttfo":
			r.ttfo, ok = lasting(v)
		case "late":
			r.late, ok = number(v)
		case "gaps":
			ok = r.scanGaps(v)
		case "kinds":
			r.silent = len(v) > 2 && len(bytes.Trim(v, `"r0123456789`)) == 0
		case "chunks":
			r.chunks, ok = v.Int()
		case "tokens":
			ok = r.scanTokens(v)
		case "bytes":
			ok = r.scanBytes(v)
		case "http":
			ok = r.scanHTTP(v)
		case "gpu":
			ok = r.scanShare(v)
		case "server":
			ok = r.scanServer(v)
		case "error":
			r.failure = v
		}
		if !ok {
			return l.Errorf("%q of a request makes no sense: %s", key, short(v))
		}
	}
	return nil
}

// short is the beginning of v, for messages.
func short(v record.Value) string {
	const most = 40
	if len(v) > most {
		return string(v[:most]) + "…"
	}
	return string(v)
}

// text is v if it is a string.
func text(v record.Value) (record.Value, bool) { return v, len(v) >= 2 && v[0] == '"' }

// longest is what an int64 of nanoseconds can hold.
const longest = math.MaxInt64 / 1e9

// lasting is v if it is a time that something can have taken.
func lasting(v record.Value) (float64, bool) {
	x, ok := number(v)
	return x, ok && 0 <= x && x < longest
}

// scanGaps reads all gaps but the first, which is the way to the first chunk.
func (r *request) scanGaps(v record.Value) bool {
	if len(v) < 2 || v[0] != '[' {
		return false
	}
	b := v[1 : len(v)-1]
	all := 0
	for i := 0; i < len(b); {
		ns, n := short64(b[i:])
		if n == 0 {
			if n = bytes.IndexByte(b[i:], ','); n < 0 {
				n = len(b) - i
			}
			var ok bool
			if ns, ok = nanoseconds(b[i : i+n]); !ok {
				return false
			}
		}
		if all++; all > 1 {
			r.gaps = append(r.gaps, ns)
		}
		i += n + 1
	}
	r.chunks = max(r.chunks, all)
	return true
}

func (r *request) scanTokens(v record.Value) bool {
	if v[0] != '{' {
		return false
	}
	for key, v := range record.Keys([]byte(v)) {
		switch string(key) {
		case "in":
			r.in = count(v)
		case "cached":
			r.cached = count(v)
		case "out":
			r.out = count(v)
		case "reasoning":
			r.reasoning = count(v)
		case "asked":
			r.asked = count(v)
		case "source":
			r.source, _ = text(v)
		case "in_source":
			r.inSource, _ = text(v)
		}
	}
	return true
}

func (r *request) scanBytes(v record.Value) bool {
	if v[0] != '{' {
		return false
	}
	for key, v := range record.Keys([]byte(v)) {
		switch string(key) {
		case "sent":
			r.sentBytes = loose(v)
		case "received":
			r.receivedBytes = loose(v)
		}
	}
	return true
}

func (r *request) scanHTTP(v record.Value) bool {
	if v[0] != '{' {
		return false
	}
	r.http = true
	var connect, tls float64
	for key, v := range record.Keys([]byte(v)) {
		switch string(key) {
		case "status":
			r.status, _ = v.Int()
		case "reused":
			r.reused = string(v) == "true"
		case "blocked":
			r.blocked = loose(v)
		case "dns":
			r.dns = loose(v)
		case "connect":
			connect = loose(v)
		case "tls":
			tls = loose(v)
		case "sent":
			r.sent = loose(v)
		case "first_byte":
			r.firstByte = loose(v)
		}
	}
	if connect+tls > 0 {
		r.connect = connect + tls
	}
	return true
}

func (r *request) scanShare(v record.Value) bool {
	if v[0] != '{' {
		return false
	}
	for key, v := range record.Keys([]byte(v)) {
		if string(key) == "throttled" {
			r.throttled = string(v) == "true"
		}
		if string(key) == "energy" && !v.Null() {
			x, ok := number(v)
			if !ok {
				return false
			}
			r.energy = x
		}
	}
	return true
}

// failed is the request's error; nil if it succeeded.
func (r *request) failed(l record.Line) (*record.Error, error) {
	if len(r.failure) == 0 {
		return nil, nil
	}
	var e record.Error
	if err := json.Unmarshal(r.failure, &e); err != nil {
		return nil, l.Errorf("error of a request: %w", err)
	}
	return &e, nil
}
