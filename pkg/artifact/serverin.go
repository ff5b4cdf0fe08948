package artifact

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// page makes a record of a line of server_metrics_export.jsonl. AIPerf takes
// _total off the names and does not keep the types of the metrics: what has
// buckets is a histogram, anything else untyped.
func page(line []byte) (*record.Server, error) {
	s := &record.Server{}
	var sent, first, stamp record.Time
	var err error
	for key, v := range record.Keys(line) {
		if v.Null() {
			continue
		}
		switch string(key) {
		case "endpoint_url":
			text, _ := v.Text()
			s.Source = source(text)
		case "timestamp_ns":
			stamp, err = instant("timestamp_ns", v)
		case "request_sent_ns":
			sent, err = instant("request_sent_ns", v)
		case "first_byte_ns":
			first, err = instant("first_byte_ns", v)
		case "metrics":
			s.Series = series(v)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case stamp == 0:
		return nil, errors.New("a page without timestamp_ns")
	case s.Source == "":
		return nil, errors.New("a page without endpoint_url")
	case len(s.Series) == 0:
		return nil, errors.New("a page without metrics")
	}
	s.Time, s.Taken = stamp, stamp
	if 0 < sent && sent <= first && first.Sub(sent) < maxSeconds {
		half := first.Sub(sent) / 2
		s.Taken, s.Within = sent+(first-sent)/2, &half
		s.Time = first
	}
	s.Server = engine(s.Series)
	return s, nil
}

// engine names the server by how its metrics begin.
func engine(list []record.Series) string {
	for _, e := range [][2]string{
		{"vllm:", "vllm"}, {"sglang:", "sglang"}, {"sglang_", "sglang"}, {"trtllm_", "tensorrt-llm"},
		{"nv_trt_llm_", "triton"}, {"llamacpp:", "llama.cpp"}, {"tgi_", "tgi"}, {"dynamo_", "dynamo"},
	} {
		if slices.ContainsFunc(list, func(s record.Series) bool { return strings.HasPrefix(s.Name, e[0]) }) {
			return e[1]
		}
	}
	return ""
}

func series(metrics record.Value) []record.Series {
	var list []record.Series
	for name, v := range record.Keys(metrics) {
		var elements []json.RawMessage
		if json.Unmarshal(v, &elements) != nil {
			continue
		}
		for _, e := range elements {
			if s, ok := oneSeries(string(name), record.Value(e)); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

// oneSeries is false for what has no number.
func oneSeries(name string, v record.Value) (record.Series, bool) {
	s := record.Series{Name: name, Type: record.Untyped}
	for key, v := range record.Keys(v) {
		switch string(key) {
		case "labels":
			for name, v := range record.Keys(v) {
				if text, ok := v.Text(); ok {
					if s.Labels == nil {
						s.Labels = map[string]string{}
					}
					s.Labels[string(name)] = text
				}
			}
		case "value":
			s.Value = number(v)
		case "sum":
			s.Sum = number(v)
		case "count":
			s.Count = number(v)
		case "buckets":
			s.Type = record.Histogram
			s.Buckets = buckets(v)
		}
	}
	return s, s.Value != nil || s.Sum != nil && s.Count != nil
}

func buckets(v record.Value) [][2]float64 {
	var list [][2]float64
	for le, v := range record.Keys(v) {
		bound, err := strconv.ParseFloat(string(le), 64)
		n, ok := v.Number()
		if err == nil && ok && bound-bound == 0 { // the last one, +Inf, is left out
			list = append(list, [2]float64{bound, n})
		}
	}
	slices.SortFunc(list, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	return list
}

func number(v record.Value) *float64 {
	x, ok := v.Number()
	if !ok {
		return nil
	}
	return &x
}
