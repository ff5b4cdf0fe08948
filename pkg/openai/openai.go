// Package openai speaks the endpoint types of inference servers, OpenAI's and
// those beside them: what to send for a turn of a conversation, and what each
// part of the answer means.
package openai

import (
	"fmt"
	"strings"

	"aiperf/pkg/prompt"
)

// Options are what the requests of a run have in common.
type Options struct {
	Model           string
	Streaming       bool
	LegacyMaxTokens bool // ask chat for max_tokens, not for max_completion_tokens
	NoUsage         bool // do not ask for token counts where they must be asked for

	// Extra are keys for each body. They win over the endpoint's own, and a
	// turn's own Extra wins over them.
	Extra Fields
}

// An Ask is what one request says: a turn, behind what was said before it.
type Ask struct {
	Model   string // wins over the turn's, which wins over the run's
	History []prompt.Message
	prompt.Turn
}

// An Endpoint is one request and response shape.
type Endpoint struct {
	Name       string // as AIPerf's --endpoint-type has it
	Path       string // below the server's base URL
	StreamPath string // of a streamed answer, where that is another one
	Streams    bool   // there is a streaming form; otherwise Options.Streaming changes nothing
	Tokens     bool   // answers are made of tokens

	Header map[string]string                  // what each request needs beside its content type
	Key    func(key string) map[string]string // the headers that carry an API key

	// Body appends the request's body to b. It fails if the turn has nothing
	// that the endpoint could send, or if its Extra is no object.
	Body func(b []byte, a Ask, o Options) ([]byte, error)
	// Chunk reads one event of a stream: its name, mostly empty, and its data.
	// The error says that the data are not of this endpoint; the server's own
	// report of a failure is Delta.Err.
	Chunk func(event string, data []byte) (Delta, error)
	// Reply reads a whole answer that is not streamed.
	Reply func(body []byte) (Delta, error)
	// Text is the answer's text in the data of one event, or in a whole answer:
	// what is said to the user, refusals included, without reasoning and tool
	// calls; of several choices one behind the other. It is "" if there is none
	// or the data cannot be read. Each byte that is not UTF-8, as when a server
	// cuts a character in two, gives one U+FFFD.
	Text func(data []byte) string
}

// A Kind is what an event or answer has in it that a user waits for.
type Kind uint8

const (
	None      Kind = iota // a role, an empty string, usage, a ping
	Content               // text, whatever is beside it; also a refusal, an embedding, a ranking
	Reasoning             // nothing but reasoning
	Tool                  // a tool call, without text
)

// A Delta is what an event, or a whole answer, adds to what is known.
type Delta struct {
	Kind   Kind
	N      int    // JSON values with a Kind in the event: 1 nearly always, 0 if Kind is None
	Finish string // why the answer ended, in the server's own word
	Usage  *Usage
	Done   bool  // the stream has said its last; the same event may have content, too
	Err    error // the server's own report of a failure
}

// add puts a value's delta behind those before it in the same event.
func (d *Delta) add(e Delta) {
	if e.Kind != None {
		d.N++
		if d.Kind == None || e.Kind == Content || e.Kind == Tool && d.Kind == Reasoning {
			d.Kind = e.Kind
		}
	}
	if e.Finish != "" {
		d.Finish = e.Finish
	}
	if d.Usage == nil {
		d.Usage = e.Usage
	} else {
		d.Usage.Update(e.Usage)
	}
	d.Done = d.Done || e.Done
	if d.Err == nil {
		d.Err = e.Err
	}
}

// kind is the kind of what has these in it.
func kind(text, tool, reasoning bool) Kind {
	switch {
	case text:
		return Content
	case tool:
		return Tool
	case reasoning:
		return Reasoning
	}
	return None
}

// URL is where an endpoint's requests go: base is a server's URL, with or
// without a scheme (http is meant) and with or without the path's first part
// (such as /v1); an empty path means the endpoint's own. The base's parameters
// go behind the path.
func (e Endpoint) URL(base, path string) string {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	base, query, _ := strings.Cut(base, "?")
	if query != "" {
		if before, own, ok := strings.Cut(path, "?"); ok {
			path, query = before, query+"&"+own
		}
		query = "?" + query
	}
	base = strings.TrimRight(base, "/")
	if path == "" {
		path = e.Path
	}
	if path == "" {
		return base + query
	}
	path = "/" + strings.TrimLeft(path, "/")
	if strings.HasSuffix(base, path) {
		return base + query
	}
	if first, rest, ok := strings.Cut(path[1:], "/"); ok && strings.HasSuffix(base, "/"+first) {
		path = "/" + rest
	}
	return base + path + query
}

// StreamURL is [Endpoint.URL] of requests for a streamed answer.
func (e Endpoint) StreamURL(base, path string) string {
	if path == "" {
		path = e.StreamPath
	}
	return e.URL(base, path)
}

// Names are the names of all endpoints.
func Names() []string {
	names := make([]string, len(endpoints))
	for i, e := range endpoints {
		names[i] = e.Name
	}
	return names
}

// Lookup finds an endpoint by its name.
func Lookup(name string) (Endpoint, error) {
	for _, e := range endpoints {
		if e.Name == name {
			return *e, nil
		}
	}
	return Endpoint{}, fmt.Errorf("endpoint type %q is unknown; there are: %s", name, strings.Join(Names(), ", "))
}
