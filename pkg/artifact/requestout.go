package artifact

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// A RequestWriter writes request records as lines of profile_export.jsonl, those
// of the warm-up included. What AIPerf does not tell of single requests, and
// what our records do not hold (its trace_data), is not there.
type RequestWriter struct {
	W       io.Writer
	Options report.Options

	meter report.Meter
	n     int
}

// Add writes l if it is a request, and passes over anything else. An error about
// the line is a [*record.LineError].
func (x *RequestWriter) Add(l record.Line) error {
	if l.Type != record.TypeRequest {
		return nil
	}
	x.meter.Options = x.Options
	metrics, gaps, err := x.meter.Measure(l)
	if err != nil {
		return err
	}
	var r record.Request
	if err := l.Decode(&r); err != nil {
		return err
	}
	values := object{}
	for _, m := range metrics {
		if m.Tag == "effective_latency" || m.Tag == "credit_to_start_latency" {
			continue // AIPerf has them of whole runs only
		}
		values.set(m.Tag, object{{"value", single(m)}, {"unit", m.Unit.Shown}})
	}
	if len(gaps) > 0 {
		ms := make([]float64, len(gaps))
		for i, ns := range gaps {
			ms[i] = float64(ns) / 1e6
		}
		values.set("inter_chunk_latency", object{{"value", ms}, {"unit", "ms"}})
	}
	o := object{{"metadata", metadataOut(&r, x.n)}, {"metrics", values}}
	if r.Error != nil {
		o.set("error", failureOut(r.Error))
	}
	x.n++
	return line(x.W, o)
}

// single is a value in the unit that is shown: a whole number where it counts
// something, and milliseconds without the noise of their conversion.
func single(m report.Metric) any {
	v := m.Shown().Mean
	switch {
	case m.Unit == report.Tokens || m.Unit == report.Requests:
		return int64(v)
	case m.Unit == report.Milliseconds && m.Tag != "inter_token_latency":
		return math.Round(v*1e6) / 1e6 // it was measured in nanoseconds
	}
	return v
}

func line(w io.Writer, o object) error {
	b, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// metadataOut is AIPerf's metadata of a request, the n-th of its stream.
func metadataOut(r *record.Request, n int) object {
	session, err := strconv.Atoi(r.Conversation)
	if err != nil {
		session = n
	}
	end, ok := r.End()
	if !ok {
		end = r.Time
	}
	o := object{{"session_num", session}, {"x_request_id", r.ID}}
	if r.Conversation != "" {
		o.set("x_correlation_id", r.Conversation)
		o.set("conversation_id", r.Conversation)
	}
	turn := 0
	if r.Turn != nil {
		turn = *r.Turn
	}
	o.set("turn_index", turn)
	if r.Late != nil {
		o.set("credit_issued_ns", int64(r.Start.Add(-*r.Late)))
	}
	o.set("request_start_ns", int64(r.Start))
	if r.HTTP != nil && r.HTTP.FirstByte != nil {
		o.set("request_ack_ns", int64(r.Start.Add(*r.HTTP.FirstByte)))
	}
	o.set("request_end_ns", int64(max(end, r.Start)))
	o.set("worker_id", r.Run)
	o.set("record_processor_id", "aiperf-report")
	o.set("benchmark_phase", r.Phase)
	stopped := r.Error != nil && r.Error.Class == record.ClassCancelled
	o.set("was_cancelled", stopped)
	if stopped {
		o.set("cancellation_time_ns", int64(end))
	}
	return o
}

// exceptions are the names under which AIPerf has classes of errors.
var exceptions = map[string]string{
	record.ClassConnect:   "ClientConnectorError",
	record.ClassTLS:       "ClientConnectorSSLError",
	record.ClassTimeout:   "TimeoutError",
	record.ClassDecode:    "JSONDecodeError",
	record.ClassStream:    "SSEResponseError",
	record.ClassTruncated: "ClientPayloadError",
	record.ClassEmpty:     "InvalidInferenceResultError",
	record.ClassCancelled: "RequestCancellationError",
}

// codeStopped is the code that AIPerf gives to requests that it cancels.
const codeStopped = 499

// failureOut is an error in AIPerf's form.
func failureOut(e *record.Error) object {
	kind, code, message := exceptions[e.Class], e.Code, e.Message
	switch e.Class {
	case record.ClassStatus:
		kind = http.StatusText(code)
	case record.ClassCancelled:
		code = codeStopped
	case record.ClassEmpty:
		if !strings.Contains(message, "No responses") {
			message = strings.TrimSuffix("No responses: "+message, ": ")
		}
	}
	if kind == "" {
		kind = e.Class
	}
	var o object
	if code != 0 {
		o.set("code", code)
	}
	o.set("type", kind)
	o.set("message", message)
	return o
}
