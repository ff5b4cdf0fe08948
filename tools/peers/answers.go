package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// An answer is what a client has recorded of one request, or what the
// simulator says of it.
type answer struct {
	start  int64   // nanoseconds: the client sent it, or the simulator saw it
	chunks []int64 // nanoseconds at which each chunk arrived, or left
}

// A line is any line of aiperf-load, of the simulator's truth, of AIPerf's
// profile_export.jsonl, or of peers raw.
type line struct {
	Type  string          `json:"type"`
	Run   string          `json:"run"`
	ID    string          `json:"id"`
	Start time.Time       `json:"start"`
	Gaps  []float64       `json:"gaps"` // seconds
	Error json.RawMessage `json:"error"`

	Arrived time.Time `json:"arrived"`
	Sent    []float64 `json:"sent"` // seconds since Arrived

	Metadata *struct {
		ID    string `json:"x_request_id"`
		Start int64  `json:"request_start_ns"`
	} `json:"metadata"`
	Metrics struct {
		TTFT struct {
			Value *float64 `json:"value"` // milliseconds
		} `json:"time_to_first_token"`
		Gaps struct {
			Value []float64 `json:"value"` // milliseconds
		} `json:"inter_chunk_latency"`
	} `json:"metrics"`

	StartNS int64   `json:"start_ns"`
	Events  []int64 `json:"events_ns"`
}

// answers reads a file of any of the four kinds, by the requests' ids.
func answers(name string) (map[string]answer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[string]answer{}
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var l line
		if err := d.Decode(&l); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if id, a, ok := l.answer(); ok {
			all[id] = a
		}
	}
}

func (l *line) answer() (id string, a answer, ok bool) {
	switch {
	case len(l.Error) > 0 && string(l.Error) != "null":
		return "", a, false
	case l.Metadata != nil:
		a.start = l.Metadata.Start
		if first := l.Metrics.TTFT.Value; first != nil {
			a.add(append([]float64{*first}, l.Metrics.Gaps.Value...), 1e6)
		}
		return l.Metadata.ID, a, true
	case l.StartNS != 0:
		return l.ID, answer{l.StartNS, arrival{Events: l.Events}.content()}, true
	case l.Type == "request":
		a.start = l.Start.UnixNano()
		a.add(l.Gaps, 1e9)
		return l.Run + "-" + l.ID, a, true
	case l.Type == "sim.request":
		a.start = l.Arrived.UnixNano()
		for _, s := range l.Sent {
			a.chunks = append(a.chunks, a.start+int64(s*1e9))
		}
		return l.ID, a, true
	}
	return "", a, false
}

// add makes instants of gaps in the given unit, in nanoseconds.
func (a *answer) add(gaps []float64, unit float64) {
	sum := 0.0
	for _, gap := range gaps {
		sum += gap * unit
		a.chunks = append(a.chunks, a.start+int64(sum))
	}
}
