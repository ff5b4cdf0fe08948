package sim

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Server is the model server. Behind an [http.Server] of the caller's own it
// does all but number connections; see [Machine.HTTP].
func (m *Machine) Server() http.Handler {
	mux := http.NewServeMux()
	for path, e := range endpoints {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { m.serve(e, w, r) })
	}
	mux.HandleFunc("POST /tokenize", m.tokenize)
	mux.HandleFunc("POST /detokenize", m.detokenize)
	mux.HandleFunc("POST /reset_prefix_cache", func(http.ResponseWriter, *http.Request) {
		if m.cache != nil {
			m.cache.clear()
		}
	})
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []any{
			map[string]any{"id": m.cfg.Model, "object": "model", "owned_by": "sim"},
		}})
	})
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /metrics", m.metrics)
	return mux
}

// An endpoint is a form, and what it needs.
type endpoint struct {
	form    func() form
	missing func(*ask) string // why a request cannot be answered; empty if it can
	stream  *bool             // nil if the request decides
}

func needs(given func(*ask) bool, why string) func(*ask) string {
	return func(a *ask) string {
		if given(a) {
			return ""
		}
		return why
	}
}

var (
	hasInput    = func(a *ask) bool { return a.inputs > 0 }
	hasMessages = func(a *ask) bool { return a.messages > 0 }
	canRank     = needs(func(a *ask) bool { return a.queries > 0 && a.inputs > 0 }, "there is nothing to rank: query or documents is missing")
	rank        = func(style string) endpoint {
		return endpoint{func() form { return ranking{style: style} }, canRank, new(false)}
	}
)

var endpoints = map[string]endpoint{
	"/v1/chat/completions": {func() form { return chat{} }, needs(hasMessages, "there is nothing to answer: messages or prompt is missing"), nil},
	"/v1/completions":      {func() form { return completion{} }, needs(hasInput, "there is nothing to answer: messages or prompt is missing"), nil},
	"/v1/responses":        {func() form { return &responses{} }, needs(hasInput, "there is nothing to answer: input is missing"), nil},
	"/v1/messages": {func() form { return &messages{} }, func(a *ask) string {
		switch {
		case a.output <= 0:
			return "max_tokens: Field required"
		case a.messages == 0:
			return "messages: Field required"
		}
		return ""
	}, nil},
	"/v1/embeddings":   {func() form { return embeddings{} }, needs(hasInput, "there is nothing to embed: input is missing"), new(false)},
	"/v1/rerank":       rank(cohere),
	"/v2/rerank":       rank(cohere),
	"/rerank":          rank(tei),
	"/v1/ranking":      rank(nim),
	"/generate":        {func() form { return generate{} }, needs(hasInput, "missing field inputs"), new(false)},
	"/generate_stream": {func() form { return generate{} }, needs(hasInput, "missing field inputs"), new(true)},
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// maxBody is how many bytes a request may have.
const maxBody = 64 << 20

// readBody reads a request's body; false if that was refused or the client has gone.
// net/http notices that a client has gone only behind the body's end.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	var b []byte
	if n := r.ContentLength; n > 0 && n <= maxBody {
		b = make([]byte, n)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			return nil, false
		}
		io.ReadFull(r.Body, make([]byte, 1)) // the end
		return b, true
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
	}
	return b, err == nil
}

// serve answers one request.
func (m *Machine) serve(e endpoint, w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	rng := m.random(r.Header.Get("X-Request-ID"))
	v := &visit{Machine: m, form: e.form(), fault: m.fault(r, rng), rng: rng, arrived: arrived,
		ctx: r.Context(), id: r.Header.Get("X-Request-ID")}
	a, err := parse(body, m.cache != nil)
	if err == nil && e.stream != nil {
		a.stream = *e.stream
	}
	if m.truth != nil {
		v.told = m.tellOf(r, body, a, v.fault.kind, arrived)
	}
	switch {
	case m.cfg.Key != "" && r.Header.Get("Authorization") != "Bearer "+m.cfg.Key && r.Header.Get("X-Api-Key") != m.cfg.Key:
		v.refuse(w, http.StatusUnauthorized, faultMessage(http.StatusUnauthorized))
		return
	case err != nil:
		v.refuse(w, http.StatusBadRequest, err.Error())
		return
	case e.missing(a) != "":
		v.refuse(w, http.StatusBadRequest, e.missing(a))
		return
	case v.fault.status != 0:
		if v.fault.has(FaultRetryAfter) {
			w.Header().Set("Retry-After", "1")
		}
		v.refuse(w, v.fault.status, faultMessage(v.fault.status))
		return
	case v.fault.has(FaultHTML):
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><body>Welcome to the proxy</body></html>")
		v.refused(http.StatusOK)
		return
	}
	v.ask, v.in = a, a.prompt.n
	v.talk, _ = v.form.(speaker)
	if v.fault.has(StyleStale) {
		if s, err := newStale(w, r.Context()); err == nil {
			defer s.close()
			v.ctx, v.wire = s.ctx, newWire(s, &v.fault)
			v.run()
			s.finish()
			return
		}
	}
	v.wire = newWire(w, &v.fault)
	v.run()
}

// refuse answers with a status, and tells the truth of that.
func (v *visit) refuse(w http.ResponseWriter, status int, why string) {
	writeJSON(w, status, v.form.refusal(status, why))
	v.refused(status)
}

func (v *visit) refused(status int) {
	if v.truth == nil {
		return
	}
	now := time.Now()
	v.told.Status, v.told.Ended, v.told.Sent = status, v.truth.clock.At(now), []float64{}
	v.told.EnergyArrived, v.told.EnergyEnded = v.gpus.at(v.arrived).energy, v.gpus.at(now).energy
	v.truth.request(&v.told)
}

// random gives the random numbers of one request. They depend on the seed and
// on what stands behind the last dash of its id, which is its number in a run,
// so that neither the run nor the order of arrival changes them.
func (m *Machine) random(id string) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, id[strings.LastIndexByte(id, '-')+1:])
	return rand.New(rand.NewPCG(uint64(m.cfg.Seed), h.Sum64()))
}
