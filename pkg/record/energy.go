package record

// Scopes and verdicts of energy.
const (
	ScopeGPU   = "gpu"
	ScopeTotal = "total"

	Valid   = "valid"
	Invalid = "invalid"
)

// An Energy is what a join found for one GPU, or for all, over a phase.
type Energy struct {
	Header
	Scope     string   `json:"scope"`
	UUID      string   `json:"uuid,omitempty"`
	Host      string   `json:"host,omitempty"`
	GPU       *int     `json:"gpu,omitempty"`
	Model     string   `json:"model,omitempty"`
	MIG       string   `json:"mig,omitempty"`
	GPUs      int      `json:"gpus,omitempty"` // total: how many were added
	Phase     string   `json:"phase"`
	From      Time     `json:"from"`
	To        Time     `json:"to"`
	Took      float64  `json:"took"`                 // To − From, seconds
	Energy    *float64 `json:"energy,omitempty"`     // J, from the better source
	Source    string   `json:"source,omitempty"`     // "counter", "integral", "mixed" (total)
	Counter   *float64 `json:"counter,omitempty"`    // J, by the energy counter
	Integral  *float64 `json:"integral,omitempty"`   // J, by power over time
	PlusMinus *float64 `json:"plus_minus,omitempty"` // J, half-width
	Requests  *float64 `json:"requests,omitempty"`   // J charged to the phase's finished requests
	Others    *float64 `json:"others,omitempty"`     // J charged to any other request inside the window
	Idle      *float64 `json:"idle,omitempty"`       // J while nothing was in flight
	Share     string   `json:"share,omitempty"`      // the convention of Requests, Others and of the shares
	Refresh   *float64 `json:"refresh,omitempty"`    // median seconds between distinct readings
	Lag       *Lag     `json:"lag,omitempty"`
	Regime    *Regime  `json:"regime,omitempty"` // total: what the phase looks like
	Readings  int      `json:"readings"`
	Verdict   string   `json:"verdict"`
	Reasons   []string `json:"reasons"`
}

// A Lag is by how much a GPU's telemetry follows the load, found by
// cross-correlation.
type Lag struct {
	Seconds     float64  `json:"seconds"`           // above 0 if telemetry is behind
	Correlation float64  `json:"correlation"`       // Pearson's r at that delay
	Clear       bool     `json:"clear"`             // sure enough to act on
	Applied     *float64 `json:"applied,omitempty"` // seconds taken off the readings' instants before
}

// Names of regimes.
const (
	RegimeIdle         = "idle"          // nothing was in flight
	RegimeThrottled    = "throttled"     // power or temperature held the clocks down
	RegimeQueueBound   = "queue-bound"   // requests waited for a place
	RegimeComputeBound = "compute-bound" // the SMs were busy and the memory was not
	RegimeMemoryBound  = "memory-bound"  // the other way round
	RegimeBalanced     = "balanced"      // both were busy
	RegimeUnderused    = "underutilised" // neither was
	RegimeUnknown      = "unknown"       // too little was measured
)

// Severities of throttling, by the share of time for which it was on.
const (
	ThrottlingNone         = "none"
	ThrottlingTransient    = "transient"    // less than 1 %
	ThrottlingIntermittent = "intermittent" // less than 10 %
	ThrottlingSignificant  = "significant"  // less than 50 %
	ThrottlingSevere       = "severe"
)

// A Regime is what a stretch of time looks like, and the numbers that say so:
// time-weighted means, those of GPUs over all of them. What was not measured is
// absent.
type Regime struct {
	Name    string   `json:"name"`
	Also    []string `json:"also,omitempty"` // other regimes whose conditions hold, that say less
	From    Time     `json:"from,omitzero"`
	Seconds float64  `json:"seconds,omitempty"`

	SM     *float64 `json:"sm,omitempty"`     // 0..1, by the field of the GPU that is first in Basis
	Memory *float64 `json:"memory,omitempty"` // 0..1, by the one that is last in Basis
	// Basis are the fields that SM and Memory are from. Those that count the
	// time in which anything was running, gpu_utilization and
	// memory_utilization, are used where there is no activity of units; they are
	// high long before the units are busy.
	Basis []string `json:"basis,omitempty"`

	PowerViolation   *float64 `json:"power_violation,omitempty"`   // share of time, 0..1
	ThermalViolation *float64 `json:"thermal_violation,omitempty"` // share of time, 0..1
	Throttling       string   `json:"throttling,omitempty"`        // how severe the worse of them is
	Clock            *float64 `json:"clock,omitempty"`             // SM clock / the highest that was seen
	Temperature      *float64 `json:"temperature,omitempty"`       // °C

	InFlight *float64 `json:"in_flight,omitempty"` // requests, as the client knows them
	Idle     *float64 `json:"idle,omitempty"`      // share of time in which there were none
	Running  *float64 `json:"running,omitempty"`   // requests, as the server knows them
	Waiting  *float64 `json:"waiting,omitempty"`
	KVCache  *float64 `json:"kv_cache,omitempty"` // 0..1

	Thresholds string `json:"thresholds,omitempty"` // that the name was found by
}
