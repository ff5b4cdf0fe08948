package sim

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Server is the OpenAI-compatible model server.
func (m *Machine) Server() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", m.serve(true))
	mux.HandleFunc("POST /v1/completions", m.serve(false))
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []any{
			map[string]any{"id": m.cfg.Model, "object": "model", "owned_by": "sim"},
		}})
	})
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /metrics", m.metrics)
	return mux
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"message": message, "type": "sim_error", "code": status}})
}

// An ask is the body of a request.
type ask struct {
	Model    string `json:"model"`
	Messages []struct {
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	Prompt              json.RawMessage `json:"prompt"`
	Stream              bool            `json:"stream"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	MinTokens           int             `json:"min_tokens"`
	IgnoreEOS           bool            `json:"ignore_eos"`
	StreamOptions       struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// promptTokens are the words of the prompt: what lies between white space.
func (a *ask) promptTokens() int {
	n := 0
	count := func(raw json.RawMessage) {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw) // parts, or a list of tokens
		}
		n += len(strings.Fields(text))
	}
	for _, m := range a.Messages {
		count(m.Content)
	}
	if len(a.Prompt) > 0 {
		count(a.Prompt)
	}
	return n
}

func (m *Machine) serve(chat bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		arrived := time.Now()
		// net/http notices that a client has gone only behind the body's end.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
		if err != nil {
			return
		}
		rng := m.random(r.Header.Get("X-Request-ID"))
		fault := m.fault(r, rng)
		var a ask
		switch err := json.Unmarshal(body, &a); {
		case m.cfg.Key != "" && r.Header.Get("Authorization") != "Bearer "+m.cfg.Key:
			refuse(w, http.StatusUnauthorized, faultMessage(http.StatusUnauthorized))
			return
		case err != nil:
			refuse(w, http.StatusBadRequest, "the body is not JSON: "+err.Error())
			return
		case chat && len(a.Messages) == 0, !chat && len(a.Prompt) == 0:
			refuse(w, http.StatusBadRequest, "there is nothing to answer: messages or prompt is missing")
			return
		case fault.status() != 0:
			refuse(w, fault.status(), faultMessage(fault.status()))
			return
		case fault.Kind == FaultHTML:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html><body>Welcome to the proxy</body></html>")
			return
		}
		v := &visit{Machine: m, ask: a, chat: chat, fault: fault.Kind, rng: rng, arrived: arrived,
			w: w, ctx: r.Context(), in: a.promptTokens(), id: r.Header.Get("X-Request-ID")}
		v.run()
	}
}

// random gives the random numbers of one request. They depend on the seed and
// on what stands behind the last dash of its id, which is its number in a run,
// so that neither the run nor the order of arrival changes them.
func (m *Machine) random(id string) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, id[strings.LastIndexByte(id, '-')+1:])
	return rand.New(rand.NewPCG(uint64(m.cfg.Seed), h.Sum64()))
}

// length draws how many tokens the answer has, and why it ends.
func (v *visit) length() (n int, reason string) {
	n = v.cfg.Output
	if asked := max(v.ask.MaxTokens, v.ask.MaxCompletionTokens); asked > 0 {
		n = asked
	}
	if v.ask.IgnoreEOS || v.cfg.EOS == 0 {
		return n, "length"
	}
	for i := max(1, v.ask.MinTokens); i < n; i++ {
		if v.rng.Float64() < v.cfg.EOS {
			return i, "stop"
		}
	}
	return n, "length"
}

// vary is d with the jitter of one gap.
func (v *visit) vary(d time.Duration) time.Duration {
	if v.cfg.Jitter == 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + v.cfg.Jitter*(2*v.rng.Float64()-1)))
}

// tell writes the truth about the visit.
func (v *visit) tell() {
	now := time.Now()
	v.stats.finished(v, now)
	if v.truth == nil {
		return
	}
	c := v.truth.clock
	t := &TrueRequest{ID: v.id, Arrived: c.At(v.arrived), Ended: c.At(now), In: v.in, Out: v.out, Fault: v.fault,
		Sent: v.sent, EnergyArrived: v.gpus.at(v.arrived).energy, EnergyEnded: v.gpus.at(now).energy}
	if !v.began.IsZero() {
		t.Began = c.At(v.began)
	}
	v.truth.request(t)
}
