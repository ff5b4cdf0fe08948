package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"aiperf/pkg/record"
)

// Types of the lines of a truth.
const (
	TypeRequest = "sim.request"
	TypeLoad    = "sim.load"
	TypeEnd     = "sim.end"
)

// A TrueRequest is what really happened to a request, be it answered or refused.
// Instants are the simulator's own, which are the client's when both run on one
// machine.
type TrueRequest struct {
	record.Header
	ID      string      `json:"id"` // its X-Request-ID
	Arrived record.Time `json:"arrived"`
	Began   record.Time `json:"began,omitzero"` // had a place
	Ended   record.Time `json:"ended"`
	Sent    []float64   `json:"sent"` // when each chunk left, seconds since Arrived
	In      int         `json:"in"`   // tokens of the prompt, which are its words
	Out     int         `json:"out"`
	Fault   string      `json:"fault,omitempty"`

	// Joules that each GPU had used since the start of the machine.
	EnergyArrived []float64 `json:"energy_arrived"`
	EnergyEnded   []float64 `json:"energy_ended"`

	Path         string `json:"path"`
	Model        string `json:"model,omitempty"`        // that was asked for
	Conversation string `json:"conversation,omitempty"` // its X-Correlation-ID
	Server       string `json:"server,omitempty"`       // the address that it came to
	Remote       string `json:"remote,omitempty"`       // the address that it came from
	Conn         int64  `json:"conn,omitempty"`         // its connection, counted from 1; absent without [Machine.HTTP]
	Proto        string `json:"proto"`                  // HTTP/1.1 or HTTP/2.0
	TLS          bool   `json:"tls,omitempty"`
	Bytes        int    `json:"bytes"`               // of the body
	Body         string `json:"body"`                // the first 8 bytes of its SHA-256, in hex
	Stream       bool   `json:"stream,omitempty"`    // was asked for
	Asked        int    `json:"asked,omitempty"`     // tokens of the answer that were asked for
	Messages     int    `json:"messages,omitempty"`  // of the conversation
	Inputs       int    `json:"inputs,omitempty"`    // texts to embed or documents to rank
	Cached       int    `json:"cached,omitempty"`    // of In, by the prefix cache
	Reasoning    int    `json:"reasoning,omitempty"` // of Out
	Status       int    `json:"status,omitempty"`    // of a refusal; absent if it was answered
	Gone         bool   `json:"gone,omitempty"`      // the client left before the end
}

// tellOf is what the truth says of a request before it is answered. a is nil if
// the body cannot be read.
func (m *Machine) tellOf(r *http.Request, body []byte, a *ask, fault string, arrived time.Time) TrueRequest {
	sum := sha256.Sum256(body)
	t := TrueRequest{ID: r.Header.Get("X-Request-ID"), Arrived: m.truth.clock.At(arrived), Fault: fault,
		Path: r.URL.Path, Conversation: r.Header.Get("X-Correlation-ID"), Remote: r.RemoteAddr, Conn: connOf(r.Context()),
		Proto: r.Proto, TLS: r.TLS != nil, Bytes: len(body), Body: hex.EncodeToString(sum[:8])}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		t.Server = local.String()
	}
	if a != nil {
		t.Model, t.In, t.Stream, t.Asked, t.Messages = a.model, a.prompt.n, a.stream, a.output, a.messages
		if a.queries > 0 || r.URL.Path == "/v1/embeddings" {
			t.Inputs = a.inputs
		}
	}
	return t
}

// A TrueLoad is the state of the GPUs at an instant at which their load
// changed. Until the next one, dt seconds later, for each GPU
//
//	energy(dt) = Energy + Target·dt + (Power − Target)·Tau·(1 − exp(−dt/Tau))
//
// in joules since the start of the machine.
type TrueLoad struct {
	record.Header
	At     record.Time `json:"at"`
	UUID   []string    `json:"uuid"`
	Energy []float64   `json:"energy"`
	Power  []float64   `json:"power"`
	Target []float64   `json:"target"`
	Tau    float64     `json:"tau"`
}

// A TrueEnd closes a truth.
type TrueEnd struct {
	record.Header
	Requests int       `json:"requests"`
	Energy   []float64 `json:"energy"`
}

// truth writes what happens; nil writes nothing.
type truth struct {
	mu       sync.Mutex
	w        io.Writer
	clock    record.Clock
	requests int
	err      error
}

// WriteTruth makes the machine tell w what really happens, in lines of the
// record contract. It must be called before the first request, and EndTruth
// after the last.
func (m *Machine) WriteTruth(w io.Writer) {
	m.truth = &truth{w: w, clock: record.StartClock()}
	m.gpus.changed = func(s state) { m.truth.load(m, s) }
	m.gpus.changed(m.gpus.at(time.Now()))
}

// EndTruth writes the last line and gives the first error of writing.
func (m *Machine) EndTruth() error {
	if m.truth == nil {
		return nil
	}
	m.gpus.change(0, 0, 0)
	m.truth.write(&TrueEnd{Requests: m.truth.requests, Energy: m.gpus.at(time.Now()).energy}, TypeEnd)
	return m.truth.err
}

func (t *truth) load(m *Machine, s state) {
	l := &TrueLoad{At: t.clock.At(s.t), Energy: s.energy, Power: s.power, Target: s.target, Tau: m.cfg.Power.Tau.Seconds()}
	for i := range s.energy {
		l.UUID = append(l.UUID, m.UUID(i))
	}
	t.write(l, TypeLoad)
}

func (t *truth) request(r *TrueRequest) {
	t.write(r, TypeRequest)
}

func (t *truth) write(r interface{ Head() *record.Header }, kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kind == TypeRequest {
		t.requests++
	}
	*r.Head() = record.Header{Time: t.clock.Now(), Type: kind, V: record.Version}
	b, err := json.Marshal(r)
	if err == nil {
		_, err = t.w.Write(append(b, '\n'))
	}
	if t.err == nil {
		t.err = err
	}
}
