package artifact

import (
	"bytes"
	"encoding/json"
	"io"

	"aiperf/pkg/record"
)

// A form is what a file or a line holds.
type form byte

const (
	formOurs      form = iota // records, or nothing that is known here
	formRequests              // profile_export.jsonl
	formTelemetry             // gpu_telemetry_export.jsonl
	formServer                // server_metrics_export.jsonl
	formRaw                   // profile_export_raw.jsonl
	formSummary               // profile_export_aiperf.json and others like it
	formTable                 // profile_export_aiperf.csv
	formInputs                // inputs.json
)

// wanted says of forms that hold no single requests or readings what they are.
var wanted = map[form]string{
	formRaw:     "these are AIPerf's requests with all their chunks (profile_export_raw.jsonl); give profile_export.jsonl, which lies beside it and has their measurements",
	formSummary: "this is a summary of AIPerf's, which does not tell of single requests or readings; give profile_export.jsonl and gpu_telemetry_export.jsonl, which lie beside it",
	formTable:   "this is AIPerf's table of results, which does not tell of single requests or readings; give profile_export.jsonl and gpu_telemetry_export.jsonl, which lie beside it",
	formInputs:  "these are the inputs of a run of AIPerf (inputs.json); give profile_export.jsonl, which has its requests",
}

// lineForm tells what a JSON object that is known to be valid is.
func lineForm(object []byte) form {
	const (
		metadata = 1 << iota
		metrics
		chunks
		stamp
		readings
		endpoint
		version
		data
	)
	has := 0
	for key := range record.Keys(object) {
		switch string(key) {
		case "metadata":
			has |= metadata
		case "metrics", "error":
			has |= metrics
		case "responses", "start_perf_ns", "payload":
			has |= chunks
		case "timestamp_ns":
			has |= stamp
		case "telemetry_data":
			has |= readings
		case "endpoint_url":
			has |= endpoint
		case "aiperf_version":
			has |= version
		case "data":
			has |= data
		case "type":
			return formOurs
		}
	}
	all := func(bits int) bool { return has&bits == bits }
	switch {
	case all(metadata | chunks):
		return formRaw
	case all(metadata | metrics):
		return formRequests
	case all(stamp | readings):
		return formTelemetry
	case all(stamp | endpoint | metrics):
		return formServer
	case all(version):
		return formSummary
	case has == data && bytes.Contains(object, []byte(`"payloads"`)):
		return formInputs
	}
	return formOurs
}

// A peeked reader gives what was read ahead, then the rest.
type peeked struct {
	r    io.Reader
	head []byte
	err  error // behind head
}

func (p *peeked) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	p.head = nil
	if p.err != nil {
		return 0, p.err
	}
	return p.r.Read(b)
}

// more reads ahead; false at the end.
func (p *peeked) more() bool {
	for range 100 {
		if p.err != nil {
			return false
		}
		if cap(p.head)-len(p.head) == 0 {
			p.head = append(make([]byte, 0, max(blockSize, 2*len(p.head))), p.head...)
		}
		var n int
		n, p.err = p.r.Read(p.head[len(p.head):cap(p.head)])
		p.head = p.head[:len(p.head)+n]
		if n > 0 {
			return true
		}
	}
	return false
}

// isRecord begins the lines that the commands write.
var isRecord = []byte(`{"time":`)

// sniff tells what p holds by its first line that is not blank. Of an object
// that is written over several lines, which no stream of records has, it looks
// at a few.
func sniff(p *peeked) form {
	from, seen := 0, 0 // where the line begins, and how far its end was looked for
	for {
		for from < len(p.head) && bytes.IndexByte([]byte(" \t\r\n"), p.head[from]) >= 0 {
			from++
		}
		b := p.head[from:]
		seen = max(seen, from)
		end := bytes.IndexByte(p.head[seen:], '\n')
		switch {
		case len(b) > 0 && b[0] != '{' && b[0] != 'M', bytes.HasPrefix(b, isRecord):
			return formOurs
		case end >= 0:
			line := bytes.TrimSpace(p.head[from : seen+end])
			if string(line) != "{" {
				return firstLine(line)
			}
			rest := p.head[seen+end:]
			if f, ok := spread(rest); ok || len(rest) > 4<<10 {
				return f
			}
		default:
			seen = len(p.head)
		}
		if !p.more() {
			return firstLine(bytes.TrimSpace(p.head[from:]))
		}
	}
}

func firstLine(line []byte) form {
	switch {
	case bytes.HasPrefix(line, []byte("Metric,avg,")):
		return formTable
	case bytes.HasPrefix(line, []byte{'{'}) && json.Valid(line):
		return lineForm(line)
	}
	return formOurs
}

// spread tells what an object is whose first lines, without its brace, these
// are; false if they are too few to tell.
func spread(b []byte) (form, bool) {
	switch {
	case bytes.Contains(b, []byte(`"aiperf_version"`)):
		return formSummary, true
	case bytes.Contains(b, []byte(`"session_id"`)) && bytes.Contains(b, []byte(`"data"`)):
		return formInputs, true
	}
	return formOurs, bytes.Count(b, []byte{'\n'}) >= 4
}
