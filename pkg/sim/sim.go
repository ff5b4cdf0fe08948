// Package sim is a model server whose GPUs react to load, the exporter that
// watches them, faults on demand, and the truth about both. It serves tests and
// examples only.
//
// Time is the process's: in a testing/synctest bubble everything happens at
// exact instants, and elsewhere each chunk is scheduled at an instant of its
// own, so that delays do not add up.
package sim

import (
	"fmt"
	"sync/atomic"
	"time"
)

// A Config says how a simulated machine behaves. Zero values are replaced by
// those of [Defaults].
type Config struct {
	Model string // the name of the model
	Host  string // the name of the machine
	Seed  int64  // of jitter and early ends
	Key   string // the API key to ask for; none if empty

	// A request that has a place waits TTFT and PerToken for each token of its
	// prompt, and then ITL between tokens. Jitter is by how much, at most, a
	// gap is off in either direction: 0.1 is 10 %.
	TTFT     time.Duration
	PerToken time.Duration
	ITL      time.Duration
	Jitter   float64
	Batch    int     // requests that are served at once; others queue in order
	Output   int     // tokens of an answer that is not asked for a length
	EOS      float64 // probability that a token is the last, unless ignore_eos
	PerChunk int     // tokens in a chunk

	Reasoning      int    // the first so many tokens of an answer are reasoning
	ReasoningField string // the key that chat has them under: reasoning_content or reasoning
	ToolCall       bool   // what follows the reasoning is a tool call
	NoUsage        bool   // the server never tells usage
	PrefixCache    bool   // what a prompt has in common with an earlier one, in blocks of 16 tokens, costs no time

	GPUs     int
	GPUModel string
	Power    Power
	Refresh  time.Duration // of the exporter's page
	Layout   Layout
	Drop     time.Duration // the energy counters start anew so long after the start; 0 never

	Faults []Fault
}

// Power says how a GPU's power follows its work. Powers are watts.
type Power struct {
	Idle    float64
	Prefill float64       // added while prompts are being processed, at most
	Decode  float64       // added while tokens are being made, at most
	Limit   float64       // the demand beyond it is a power violation
	Tau     time.Duration // the time constant with which power follows
	Spread  float64       // the last GPU works by this share less than the first
}

// Defaults are those of a middling model on one H100.
var Defaults = Config{
	Model: "sim-model", Host: "sim-node",
	TTFT: 40 * time.Millisecond, PerToken: 50 * time.Microsecond, ITL: 8 * time.Millisecond,
	Batch: 64, Output: 128, PerChunk: 1, ReasoningField: "reasoning_content",
	GPUs: 1, GPUModel: "NVIDIA H100 80GB HBM3",
	Power:   Power{Idle: 70, Prefill: 380, Decode: 320, Limit: 700, Tau: 150 * time.Millisecond},
	Refresh: 33 * time.Millisecond, Layout: Template,
}

func (c Config) withDefaults() Config {
	d := Defaults
	orString := func(p *string, x string) {
		if *p == "" {
			*p = x
		}
	}
	orTime := func(p *time.Duration, x time.Duration) {
		if *p == 0 {
			*p = x
		}
	}
	orInt := func(p *int, x int) {
		if *p == 0 {
			*p = x
		}
	}
	orString(&c.Model, d.Model)
	orString(&c.Host, d.Host)
	orString(&c.GPUModel, d.GPUModel)
	orString(&c.ReasoningField, d.ReasoningField)
	orString((*string)(&c.Layout), string(d.Layout))
	orTime(&c.TTFT, d.TTFT)
	orTime(&c.PerToken, d.PerToken)
	orTime(&c.ITL, d.ITL)
	orTime(&c.Refresh, d.Refresh)
	orInt(&c.Batch, d.Batch)
	orInt(&c.Output, d.Output)
	orInt(&c.PerChunk, d.PerChunk)
	orInt(&c.GPUs, d.GPUs)
	if c.Power == (Power{}) {
		c.Power = d.Power
	}
	return c
}

// Check finds what cannot be simulated.
func (c Config) Check() error {
	c = c.withDefaults()
	switch p := c.Power; {
	case c.TTFT < 0 || c.PerToken < 0 || c.ITL < 0 || c.Refresh < 0:
		return fmt.Errorf("durations must not be negative")
	case c.Batch < 1 || c.Output < 1 || c.PerChunk < 1 || c.GPUs < 1 || c.GPUs > 1024:
		return fmt.Errorf("batch, output, tokens per chunk and GPUs must be at least 1, GPUs at most 1024")
	case c.Reasoning < 0:
		return fmt.Errorf("reasoning tokens must not be negative")
	case !(c.Jitter >= 0 && c.Jitter < 1) || !(c.EOS >= 0 && c.EOS <= 1):
		return fmt.Errorf("jitter must be at least 0 and less than 1, the probability of an early end from 0 to 1")
	case !(p.Idle >= 0 && p.Prefill >= 0 && p.Decode >= 0 && p.Limit >= p.Idle && p.Tau > 0 && p.Spread >= 0 && p.Spread <= 1):
		return fmt.Errorf("powers must not be negative, the limit not below idle, the time constant positive, the spread from 0 to 1")
	case c.Layout != Template && c.Layout != Sorted:
		return fmt.Errorf("layout %q is unknown; there are %q and %q", c.Layout, Template, Sorted)
	}
	for _, f := range c.Faults {
		if _, err := f.read(); err != nil {
			return err
		}
	}
	return nil
}

// A Machine is one simulated node: a model server and GPUs.
type Machine struct {
	cfg        Config
	troubles   []trouble
	gpus       *gpus
	batch      *batch
	truth      *truth
	stats      *stats
	cache      *prefixes // nil if there is none
	vocabulary *vocabulary
	conns      atomic.Int64 // that [Machine.HTTP] has seen
}

// New starts a machine. The configuration must pass [Config.Check].
func New(cfg Config) *Machine {
	if err := cfg.Check(); err != nil {
		panic("sim: " + err.Error())
	}
	cfg = cfg.withDefaults()
	g := newGPUs(cfg, time.Now())
	m := &Machine{cfg: cfg, gpus: g, batch: newBatch(cfg.Batch, g), stats: newStats(), vocabulary: newVocabulary()}
	for _, f := range cfg.Faults {
		t, _ := f.read()
		m.troubles = append(m.troubles, t)
	}
	if cfg.PrefixCache {
		m.cache = newPrefixes()
	}
	return m
}

// UUID is the name of a GPU.
func (m *Machine) UUID(gpu int) string { return uuid(m.cfg, gpu) }

// Energy is what a GPU has used from the start of the machine until t, in
// joules: the exact integral of its power. t must not lie in the future, nor
// more than 131,072 changes of load in the past.
func (m *Machine) Energy(gpu int, t time.Time) float64 { return m.gpus.at(t).energy[gpu] }

// Power is what a GPU draws at t, in watts.
func (m *Machine) Power(gpu int, t time.Time) float64 { return m.gpus.at(t).power[gpu] }
