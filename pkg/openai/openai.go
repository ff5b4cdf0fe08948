// Package openai speaks the endpoint types of OpenAI-compatible servers: what
// to send for a prompt, and what each part of the answer means.
package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"aiperf/pkg/prompt"
)

// Options are what the requests of a run have in common.
type Options struct {
	Model     string
	Streaming bool
	Extra     map[string]any // keys for the body; they win over the endpoint's own
}

// An Endpoint is one request and response shape.
type Endpoint struct {
	Name string
	Path string // below the server's base URL

	// Body is the body of the request for a prompt.
	Body func(prompt.Prompt, Options) ([]byte, error)
	// Chunk reads the data of one event of a stream.
	Chunk func(data []byte) (Delta, error)
	// Reply reads a whole answer that is not streamed.
	Reply func(body []byte) (Delta, error)
}

// A Delta is what an event, or a whole answer, adds to what is known.
type Delta struct {
	Content   bool   // text, reasoning or a tool call: something a user waits for
	Reasoning bool   // all of that is reasoning
	Finish    string // finish_reason
	Usage     *Usage
	Done      bool  // the stream's terminator
	Err       error // the server's own report of a failure
}

// Usage are the server's token counts. Out includes Reasoning.
type Usage struct{ In, Out, Reasoning *int }

// Chat is /v1/chat/completions.
var Chat = Endpoint{
	Name:  "chat",
	Path:  "/v1/chat/completions",
	Body:  chatBody,
	Chunk: chatChunk,
	Reply: chatReply,
}

// Lookup finds an endpoint by its name.
func Lookup(name string) (Endpoint, error) {
	if name == Chat.Name {
		return Chat, nil
	}
	return Endpoint{}, fmt.Errorf("endpoint type %q is unknown; there is: chat", name)
}

// URL is where an endpoint's requests go: base is a server's URL, with or
// without a scheme (http is meant) and with or without the path's first part
// (such as /v1); an empty path means the endpoint's own.
func (e Endpoint) URL(base, path string) string {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	base = strings.TrimRight(base, "/")
	if path == "" {
		path = e.Path
	}
	path = "/" + strings.TrimLeft(path, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	if first, rest, ok := strings.Cut(path[1:], "/"); ok && strings.HasSuffix(base, "/"+first) {
		path = "/" + rest
	}
	return base + path
}

func chatBody(p prompt.Prompt, o Options) ([]byte, error) {
	body := map[string]any{"model": o.Model, "messages": p.Messages, "stream": o.Streaming}
	if o.Streaming {
		body["stream_options"] = map[string]any{"include_usage": true}
	}
	if p.Out != nil {
		body["max_completion_tokens"] = *p.Out
	}
	maps.Copy(body, o.Extra)
	return json.Marshal(body)
}

type choices struct {
	Choices []struct {
		Delta   *content `json:"delta"`
		Message *content `json:"message"`
		Finish  string   `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt     *int `json:"prompt_tokens"`
		Completion *int `json:"completion_tokens"`
		Details    *struct {
			Reasoning *int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type content struct {
	Content          string            `json:"content"`
	ReasoningContent string            `json:"reasoning_content"`
	Reasoning        string            `json:"reasoning"`
	Refusal          string            `json:"refusal"`
	ToolCalls        []json.RawMessage `json:"tool_calls"`
}

func chatChunk(data []byte) (Delta, error) {
	if d, ok := fastChunk(data); ok {
		return d, nil
	}
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		return Delta{Done: true}, nil
	}
	return chatReply(data)
}

func chatReply(body []byte) (Delta, error) {
	var c choices
	if err := json.Unmarshal(body, &c); err != nil {
		return Delta{}, fmt.Errorf("read %s: %w", excerpt(body), err)
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return Delta{Err: fmt.Errorf("%s", Message(body))}, nil
	}
	var d Delta
	var text, reasoning bool
	for _, choice := range c.Choices {
		if choice.Finish != "" {
			d.Finish = choice.Finish
		}
		for _, part := range []*content{choice.Delta, choice.Message} {
			if part != nil {
				text = text || part.Content != "" || part.Refusal != "" || len(part.ToolCalls) > 0
				reasoning = reasoning || part.ReasoningContent != "" || part.Reasoning != ""
			}
		}
	}
	d.Content = text || reasoning
	d.Reasoning = reasoning && !text
	if u := c.Usage; u != nil {
		d.Usage = &Usage{In: u.Prompt, Out: u.Completion}
		if u.Details != nil {
			d.Usage.Reasoning = u.Details.Reasoning
		}
	}
	return d, nil
}

// Message finds the server's own words in the body of an error, whose shape
// differs between servers; failing that it is the beginning of the body.
func Message(body []byte) string {
	var m struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &m) != nil {
		return excerpt(body)
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(m.Error, &inner) == nil && inner.Message != "":
		return inner.Message
	case json.Unmarshal(m.Error, &text) == nil && text != "":
		return text
	case m.Message != "":
		return m.Message
	case json.Unmarshal(m.Detail, &text) == nil && text != "":
		return text
	}
	return excerpt(body)
}

func excerpt(b []byte) string {
	const most = 200
	s := strings.ToValidUTF8(strings.Join(strings.Fields(string(b[:min(len(b), 4*most)])), " "), "\uFFFD")
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
