package openai

import (
	"cmp"
	"errors"
	"fmt"

	"aiperf/pkg/prompt"
)

// DefaultMaxTokens is the length of answer that [Messages] asks for if a turn
// asks for none; it is AIPerf's, too.
const DefaultMaxTokens = 1024

type bodyFunc = func(b []byte, a Ask, o Options) ([]byte, error)

// orPayload sends a turn's payload as it is.
func orPayload(body bodyFunc) bodyFunc {
	return func(b []byte, a Ask, o Options) ([]byte, error) {
		if a.Payload != nil {
			return append(b, a.Payload...), nil
		}
		return body(b, a, o)
	}
}

func (a *Ask) model(o *Options) string { return cmp.Or(a.Model, a.Turn.Model, o.Model) }

// said is what has been said and what the turn adds to it: its messages, or its
// texts in one message of the user.
func (a *Ask) said(endpoint string) ([2][]prompt.Message, error) {
	now := a.Messages
	if len(now) == 0 && len(a.Texts) > 0 {
		now = []prompt.Message{{Role: "user", Content: joined(a.Texts)}}
	}
	if len(now) == 0 && len(a.History) == 0 {
		return [2][]prompt.Message{}, fmt.Errorf("make a request for %s: the turn has no messages", endpoint)
	}
	return [2][]prompt.Message{a.History, now}, nil
}

// begin begins the body of a request that sends what was said.
func begin(endpoint string, b []byte, a Ask, o Options) (w object, said [2][]prompt.Message, err error) {
	if said, err = a.said(endpoint); err == nil {
		w, err = start(b, a, o)
	}
	return w, said, err
}

func chatBody(b []byte, a Ask, o Options) ([]byte, error) {
	w, said, err := begin("chat", b, a, o)
	if err != nil {
		return nil, err
	}
	w.string("model", a.model(&o))
	w.messages("messages", said, true)
	if a.Out != nil && o.LegacyMaxTokens {
		w.int("max_tokens", *a.Out)
	} else if a.Out != nil {
		w.int("max_completion_tokens", *a.Out)
	}
	w.stream(&o)
	return w.finish(), nil
}

// stream asks for a stream and its usage as chat and completions do.
func (w *object) stream(o *Options) {
	w.bool("stream", o.Streaming)
	if o.Streaming && !o.NoUsage && w.key("stream_options") {
		w.b = append(w.b, `{"include_usage":true}`...)
	}
}

func completionsBody(b []byte, a Ask, o Options) ([]byte, error) {
	w, said, err := begin("completions", b, a, o)
	if err != nil {
		return nil, err
	}
	w.string("model", a.model(&o))
	w.contents("prompt", said)
	if a.Out != nil {
		w.int("max_tokens", *a.Out)
	}
	w.stream(&o)
	return w.finish(), nil
}

func responsesBody(b []byte, a Ask, o Options) ([]byte, error) {
	w, said, err := begin("responses", b, a, o)
	if err != nil {
		return nil, err
	}
	w.string("model", a.model(&o))
	w.messages("input", said, true)
	if a.Out != nil {
		w.int("max_output_tokens", *a.Out)
	}
	w.bool("stream", o.Streaming) // the last event has the usage without being asked
	return w.finish(), nil
}

func messagesBody(b []byte, a Ask, o Options) ([]byte, error) {
	w, said, err := begin("messages", b, a, o)
	if err != nil {
		return nil, err
	}
	w.string("model", a.model(&o))
	if a.Out != nil {
		w.int("max_tokens", *a.Out)
	} else {
		w.int("max_tokens", DefaultMaxTokens)
	}
	w.system(said)
	w.messages("messages", said, false)
	w.bool("stream", o.Streaming)
	return w.finish(), nil
}

func embeddingsBody(b []byte, a Ask, o Options) ([]byte, error) {
	texts := a.Texts
	if len(texts) == 0 {
		texts = contents(a.Messages)
	}
	if len(texts) == 0 {
		return nil, errors.New("make a request for embeddings: the turn has no texts and no messages")
	}
	w, err := start(b, a, o)
	if err != nil {
		return nil, err
	}
	w.string("model", a.model(&o))
	w.strings("input", texts)
	return w.finish(), nil
}

func cohereBody(b []byte, a Ask, o Options) ([]byte, error) {
	return rankingsBody(b, a, o, "cohere_rankings", "documents")
}

func teiBody(b []byte, a Ask, o Options) ([]byte, error) {
	return rankingsBody(b, a, o, "hf_tei_rankings", "texts")
}

// rankingsBody asks for the ranking of texts under the given key. A TEI server
// has one model, which is not named.
func rankingsBody(b []byte, a Ask, o Options, endpoint, texts string) ([]byte, error) {
	query := a.Query
	if query == "" {
		query = joined(contents(a.Messages))
	}
	if query == "" || len(a.Texts) == 0 {
		return nil, fmt.Errorf("make a request for %s: the turn needs a query and texts to rank by it", endpoint)
	}
	w, err := start(b, a, o)
	if err != nil {
		return nil, err
	}
	if endpoint == "cohere_rankings" {
		w.string("model", a.model(&o))
	}
	w.string("query", query)
	w.strings(texts, a.Texts)
	return w.finish(), nil
}

func generateBody(b []byte, a Ask, o Options) ([]byte, error) {
	w, said, err := begin("huggingface_generate", b, a, Options{})
	if err != nil {
		return nil, err
	}
	w.contents("inputs", said)
	if w.key("parameters") {
		in := object{b: append(w.b, '{'), run: o.Extra, empty: true}
		if a.Out != nil {
			in.int("max_new_tokens", *a.Out)
		}
		if !o.Streaming && !o.NoUsage { // a stream's last event has them without being asked
			in.bool("details", true)
		}
		w.b = in.finish()
	}
	return w.finish(), nil
}

func noBody(_ []byte, _ Ask, _ Options) ([]byte, error) {
	return nil, errors.New("make a raw request: the turn has no payload")
}
