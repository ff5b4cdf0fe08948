package artifact

import (
	"net"
	"strconv"

	"aiperf/pkg/record"
)

// A trace is what is needed of trace_data, which --export-http-trace writes.
type trace struct {
	sendStart, sendEnd, headers, receiveEnd record.Time
	status                                  int
	ip                                      string
	port                                    int
}

func traceOf(v record.Value) (t trace) {
	for key, v := range record.Keys(v) {
		switch string(key) {
		case "request_send_start_ns":
			t.sendStart, _ = instant("", v)
		case "request_send_end_ns":
			t.sendEnd, _ = instant("", v)
		case "response_headers_received_ns":
			t.headers, _ = instant("", v)
		case "response_receive_end_ns":
			t.receiveEnd, _ = instant("", v)
		case "response_status_code":
			if n, ok := v.Int(); ok && 100 <= n && n < 1000 {
				t.status = n
			}
		case "remote_ip":
			t.ip, _ = v.Text()
		case "remote_port":
			t.port, _ = v.Int()
		}
	}
	return t
}

// http is what is known below the request; nil if nothing is. AIPerf opens
// connections after a request's start, so that, unlike in the records of
// aiperf-load, "connect" is a part of "sent". Without a trace the steps are
// AIPerf's metrics, of which "sent" counts from a moment after the start.
func (t *trace) http(m *metadata, x *measured, start record.Time) *record.HTTP {
	h := &record.HTTP{Status: t.status, DNS: some(x.dns), Connect: some(x.connecting), Blocked: some(x.blocked), Sent: x.sending}
	if x.reused != nil {
		h.Reused = *x.reused == 1
	}
	if t.ip != "" && 0 < t.port && t.port < 1<<16 {
		h.Remote = net.JoinHostPort(t.ip, strconv.Itoa(t.port))
	}
	if d, ok := after(start, t.sendEnd); ok {
		h.Sent = &d
	}
	switch {
	case m.ack > 0:
		if d, ok := after(start, m.ack); ok {
			h.FirstByte = &d
		}
	case t.headers > 0:
		if d, ok := after(start, t.headers); ok {
			h.FirstByte = &d
		}
	case x.sending != nil && x.waiting != nil:
		d := *x.sending + *x.waiting
		h.FirstByte = &d
	}
	if *h == (record.HTTP{}) {
		return nil
	}
	return h
}

// some is a duration that is there: AIPerf writes 0 for a step that there was
// not.
func some(x *float64) *float64 {
	if x == nil || *x == 0 {
		return nil
	}
	return x
}

func after(from, to record.Time) (float64, bool) {
	d := to.Sub(from)
	return d, to > 0 && 0 <= d && d < maxSeconds
}
