package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"aiperf/pkg/record"
)

// An ask is what the simulator reads of a request's body. All endpoints share
// one: a key means the same wherever it is known.
type ask struct {
	model     string
	stream    bool
	output    int // tokens asked for; 0 leaves it to the server
	minTokens int
	ignoreEOS bool

	usage      bool // stream_options.include_usage
	everyUsage bool // stream_options.continuous_usage_stats
	details    bool // parameters.details of TGI
	tool       string

	prompt   counter
	messages int
	queries  int // queries of a ranking: 0 or 1
	inputs   int // texts to embed, or documents to rank
	topN     int
	dims     int
	base64   bool
}

// parse reads a body. With blocks it also hashes the prompt for the prefix cache.
func parse(body []byte, blocks bool) (*ask, error) {
	if !json.Valid(body) {
		var v json.RawMessage
		return nil, fmt.Errorf("the body is not JSON: %w", json.Unmarshal(body, &v))
	}
	if b := bytes.TrimLeft(body, " \t\r\n"); b[0] != '{' {
		return nil, errors.New("the body is not a JSON object")
	}
	a := &ask{prompt: counter{blocks: blocks}}
	for key, v := range record.Keys(body) {
		if !v.Null() {
			a.key(string(key), v)
		}
	}
	return a, nil
}

func (a *ask) key(key string, v record.Value) {
	switch key {
	case "model":
		a.model, _ = v.Text()
	case "stream":
		a.stream = truthy(v)
	case "max_tokens", "max_completion_tokens", "max_output_tokens":
		n, _ := v.Int()
		a.output = max(a.output, n)
	case "min_tokens":
		a.minTokens, _ = v.Int()
	case "ignore_eos":
		a.ignoreEOS = truthy(v)
	case "top_n":
		a.topN, _ = v.Int()
	case "dimensions":
		a.dims, _ = v.Int()
	case "encoding_format":
		a.base64 = string(v) == `"base64"`
	case "messages":
		a.messages += size(v)
		a.inputs++
		a.prompt.add(v, 0)
	case "prompt", "instructions", "system":
		a.inputs++
		a.prompt.add(v, 0)
	case "query":
		a.queries++
		a.prompt.add(v, 0)
	case "input", "inputs", "documents", "texts", "passages":
		a.inputs += texts(v)
		if isMessages(v) {
			a.messages += size(v)
		}
		a.prompt.add(v, 0)
	case "tools":
		a.tool = toolName(v)
	case "stream_options":
		for k, v := range record.Keys(v) {
			a.usage = a.usage || string(k) == "include_usage" && truthy(v)
			a.everyUsage = a.everyUsage || string(k) == "continuous_usage_stats" && truthy(v)
		}
	case "parameters":
		for k, v := range record.Keys(v) {
			a.parameter(string(k), v)
		}
	}
}

// parameter is one of text-generation-inference's.
func (a *ask) parameter(key string, v record.Value) {
	switch key {
	case "max_new_tokens":
		n, _ := v.Int()
		a.output = max(a.output, n)
	case "details":
		a.details = truthy(v)
	case "ignore_eos_token":
		a.ignoreEOS = truthy(v)
	}
}

func truthy(v record.Value) bool { return string(v) == "true" }

// size is how many elements an array has.
func size(v record.Value) (n int) {
	items(v, func(record.Value) bool { n++; return true })
	return n
}

// texts is how many texts v stands for: itself, a list of token numbers or of
// messages count as one.
func texts(v record.Value) int {
	n := 0
	items(v, func(e record.Value) bool {
		if e[0] == '"' || e[0] == '[' || e[0] == '{' {
			n++
		}
		return true
	})
	return max(1, n)
}

func isMessages(v record.Value) (yes bool) {
	items(v, func(e record.Value) bool {
		for k := range record.Keys(e) {
			yes = yes || string(k) == "role"
		}
		return false
	})
	return yes
}

// toolName is the name of the first tool, as chat, or as messages and responses
// tell it.
func toolName(v record.Value) (name string) {
	items(v, func(e record.Value) bool {
		for k, v := range record.Keys(e) {
			switch string(k) {
			case "name":
				name, _ = v.Text()
			case "function":
				for k, v := range record.Keys(v) {
					if string(k) == "name" {
						name, _ = v.Text()
					}
				}
			}
		}
		return false
	})
	return name
}
