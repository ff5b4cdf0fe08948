package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"

	"github.com/spf13/pflag"
)

// serverFlags say where requests go and how they are spoken.
type serverFlags struct {
	models       []string
	selection    string
	weights      []string
	urls         []string
	urlStrategy  string
	endpointType string
	endpoint     string
	streaming    bool
	apiKey       string
	headers      []string
	timeout      float64
	legacyMax    bool
	serverCounts bool
	extra        []string
	contentType  string
	reuse        string
	version      string
	caCert       string
	insecure     bool
	cancelRate   float64
	cancelDelay  cli.Seconds
}

func (s *serverFlags) register(f *pflag.FlagSet) {
	f.StringArrayVarP(&s.models, "model", "m", nil, "`name` of the model (required); several by commas or by repeating")
	f.StringVar(&s.selection, "model-selection-strategy", "round_robin", "`how` conversations choose among models: round_robin, random or weighted")
	f.StringArrayVar(&s.weights, "model-weights", nil, "`numbers`, one for each model, for weighted")
	f.StringArrayVarP(&s.urls, "url", "u", []string{"http://localhost:8000"}, "`URL` of the server; http:// may be left out; requests go round several")
	f.StringVar(&s.urlStrategy, "url-strategy", "round_robin", "`how` requests choose among servers: round_robin")
	f.StringVar(&s.endpointType, "endpoint-type", "chat", "`shape` of requests and answers: "+strings.Join(openai.Names(), ", "))
	f.StringVar(&s.endpoint, "endpoint", "", "`path` on the server (default that of the endpoint type, such as /v1/chat/completions)")
	f.BoolVar(&s.streaming, "streaming", false, "ask for a stream of events; without it there is no time to first token")
	f.StringVar(&s.apiKey, "api-key", "", "send `key` as Authorization: Bearer, or as the endpoint type has it (default $OPENAI_API_KEY)")
	f.StringArrayVarP(&s.headers, "header", "H", nil, "send the header `Name:Value` with each request; may be repeated")
	f.StringArrayVar(&s.extra, "extra-inputs", nil, "`key:value` for the body of each request, or a JSON object; may be repeated")
	f.BoolVar(&s.legacyMax, "use-legacy-max-tokens", false, "ask for a length by max_tokens instead of max_completion_tokens")
	f.BoolVar(&s.serverCounts, "use-server-token-count", false, "take token counts from the server's usage alone: an answer without has none")
	f.StringVar(&s.contentType, "request-content-type", "application/json", "`type` of the body: application/json or multipart/form-data")
	f.Float64Var(&s.timeout, "request-timeout-seconds", 21600, "`seconds` that a whole request may take")
	f.StringVar(&s.reuse, "connection-reuse-strategy", "pooled", "`which` requests share a connection: pooled, never, or sticky-user-sessions (the turns of a conversation)")
	f.StringVar(&s.version, "http-version", "1.1", "`version` of HTTP: 1.1, or 2, which is over TLS, or without by prior knowledge")
	f.StringVar(&s.caCert, "ca-cert", "", "trust the certificates in the PEM `FILE` too")
	f.BoolVar(&s.insecure, "insecure", false, "do not verify the server's certificate")
	f.Float64Var(&s.cancelRate, "request-cancellation-rate", 0, "cancel this `percentage` of the requests")
	f.Var(&s.cancelDelay, "request-cancellation-delay", "`time` between the end of sending such a request and its end")
}

func (o *options) checkServer() error {
	s := &o.server
	s.models, s.urls, s.weights = splitList(s.models), splitList(s.urls), splitList(s.weights)
	switch {
	case len(s.models) == 0 || s.models[0] == "":
		return cli.Hint(cli.Usagef("--model is missing"), "the server lists its models at /v1/models")
	case s.urlStrategy != "round_robin":
		return cli.Usagef("--url-strategy %q is not known; there is round_robin", s.urlStrategy)
	case s.version != "1.1" && s.version != "2":
		return cli.Usagef("--http-version %q is not known; there are 1.1 and 2", s.version)
	case s.contentType != "application/json" && s.contentType != "multipart/form-data":
		return cli.Usagef("--request-content-type %q is not known; there are application/json and multipart/form-data", s.contentType)
	case s.reuse != "pooled" && s.reuse != string(load.Never) && s.reuse != string(load.Sticky):
		return cli.Usagef("--connection-reuse-strategy %q is not known; there are pooled, %s and %s", s.reuse, load.Never, load.Sticky)
	case s.reuse != "pooled" && s.version == "2":
		return cli.Usagef("--connection-reuse-strategy %s does not go with --http-version 2, in which requests share connections", s.reuse)
	case s.timeout*1e9 >= 1<<63:
		return cli.Usagef("--request-timeout-seconds %g is too long", s.timeout)
	}
	return firstError(
		checkBounds(bound{"request-timeout-seconds", s.timeout, 0, 0}, bound{"request-cancellation-rate", s.cancelRate, 0, 100}),
		o.needs("request-cancellation-delay", "request-cancellation-rate"),
		o.needs("model-weights", "model-selection-strategy"),
	)
}

func (o *options) cancelDelay() time.Duration { return time.Duration(o.server.cancelDelay) }

// chooser chooses the model of a conversation; nil if there is one model.
func (o *options) chooser() (func(int) string, error) {
	m := prompt.Models{Names: o.server.models, Strategy: o.server.selection, Seed: o.input.seed}
	for _, w := range o.server.weights {
		var x float64
		if err := json.Unmarshal([]byte(w), &x); err != nil {
			return nil, cli.Usagef("--model-weights %q is no number", w)
		}
		m.Weights = append(m.Weights, x)
	}
	if err := m.Check(); err != nil {
		return nil, cli.Usagef("--model: %w", err)
	}
	if len(m.Names) == 1 {
		return nil, nil
	}
	return m.Pick, nil
}

func (o *options) target() (load.Target, error) {
	s := &o.server
	endpoint, err := openai.Lookup(s.endpointType)
	if err != nil {
		return load.Target{}, cli.Usagef("--endpoint-type: %w", err)
	}
	extra, err := parseExtra(s.extra)
	if err != nil {
		return load.Target{}, err
	}
	header, err := o.header(endpoint)
	if err != nil {
		return load.Target{}, err
	}
	trust, err := o.trust()
	if err != nil {
		return load.Target{}, err
	}
	t := load.Target{
		Endpoint: endpoint,
		Options: openai.Options{Model: s.models[0], Streaming: s.streaming && endpoint.Streams, Extra: extra,
			LegacyMaxTokens: s.legacyMax},
		Header:  header,
		Timeout: time.Duration(s.timeout * 1e9),
		HTTP2:   s.version == "2",
		TLS:     trust,
	}
	if s.contentType != "application/json" {
		t.ContentType = s.contentType
	}
	if s.streaming && !endpoint.Streams {
		o.env.Warnf("--streaming is left out: endpoint type %s has no streams", endpoint.Name)
	}
	for _, base := range s.urls {
		where := endpoint.URL(base, s.endpoint)
		if t.Options.Streaming {
			where = endpoint.StreamURL(base, s.endpoint)
		}
		u, err := url.Parse(where)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return t, cli.Usagef("--url %q is not the address of a server, such as http://localhost:8000", cli.RedactURL(base))
		}
		t.URLs = append(t.URLs, where)
	}
	return t, nil
}

func (o *options) header(endpoint openai.Endpoint) (http.Header, error) {
	h := http.Header{}
	for _, s := range o.server.headers {
		name, value, ok := strings.Cut(s, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name+value, "\r\n") || strings.ContainsAny(name, " \t") {
			return nil, cli.Usagef("--header %q is not Name:Value", cli.RedactHeader(s))
		}
		h.Add(name, strings.TrimSpace(value))
	}
	key := o.server.apiKey
	given := o.set("api-key")
	switch {
	case given && h.Get("Authorization") != "":
		return nil, cli.Usagef("--api-key and --header Authorization contradict each other")
	case !given:
		key = o.env.Getenv("OPENAI_API_KEY")
	}
	if strings.ContainsAny(key, "\r\n") {
		return nil, cli.Usagef("the API key has a line break in it")
	}
	if key != "" && h.Get("Authorization") == "" {
		for name, value := range endpoint.Key(key) {
			h.Set(name, value)
		}
	}
	return h, nil
}

// parseExtra reads "key:value" pairs, whose values are JSON or else text, and
// JSON objects.
func parseExtra(inputs []string) (openai.Fields, error) {
	extra := map[string]any{}
	for _, s := range inputs {
		if strings.HasPrefix(strings.TrimSpace(s), "{") {
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(s), &object); err != nil {
				return nil, cli.Usagef("--extra-inputs %q is not a JSON object: %w", s, err)
			}
			for k, v := range object {
				extra[k] = v
			}
			continue
		}
		key, value, ok := strings.Cut(s, ":")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, cli.Hint(cli.Usagef("--extra-inputs %q is not key:value", s), "such as --extra-inputs ignore_eos:true")
		}
		if json.Valid([]byte(value)) {
			extra[key] = json.RawMessage(strings.TrimSpace(value))
		} else {
			extra[key] = value
		}
	}
	if _, ok := extra["stream"]; ok {
		return nil, cli.Usagef("--extra-inputs stream contradicts --streaming, which decides it")
	}
	if len(extra) == 0 {
		return nil, nil
	}
	object, err := json.Marshal(extra)
	if err != nil {
		return nil, cli.Usagef("--extra-inputs: %w", err)
	}
	return openai.ParseFields(object)
}
