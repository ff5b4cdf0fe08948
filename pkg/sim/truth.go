package sim

import (
	"encoding/json"
	"io"
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

// A TrueRequest is what really happened to a request. Instants are the
// simulator's own, which are the client's when both run on one machine.
type TrueRequest struct {
	record.Header
	ID      string      `json:"id"` // its X-Request-ID
	Arrived record.Time `json:"arrived"`
	Began   record.Time `json:"began,omitzero"` // had a place
	Ended   record.Time `json:"ended"`
	Sent    []float64   `json:"sent"` // when each chunk left, seconds since Arrived
	In      int         `json:"in"`
	Out     int         `json:"out"`
	Fault   string      `json:"fault,omitempty"`

	// Joules that each GPU had used since the start of the machine.
	EnergyArrived []float64 `json:"energy_arrived"`
	EnergyEnded   []float64 `json:"energy_ended"`
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
