package record

// Reasons of an end.
const (
	Complete    = "complete"
	Interrupted = "interrupted"
	Failed      = "failed"
)

// An End closes the stream of a producer.
type End struct {
	Header
	Run    string           `json:"run"`
	Reason string           `json:"reason"`
	Counts map[string]int64 `json:"counts,omitempty"`
	Health *Health          `json:"health,omitempty"`

	// Of a scraper: what it cost its sources, and this machine.
	Sources []SourceCost `json:"sources,omitempty"`
	Process *Process     `json:"process,omitempty"`
}

// A SourceCost is what visiting one source took, so that the effect of the
// observer on what it observes is known. Durations are seconds.
type SourceCost struct {
	Source   string   `json:"source"`
	Requests int64    `json:"requests"`
	Failures int64    `json:"failures,omitempty"`
	Repeats  int64    `json:"repeats,omitempty"`
	Bytes    int64    `json:"bytes"`               // of bodies, as they came
	TookMean *float64 `json:"took_mean,omitempty"` // of visits that gave a page
	TookP99  *float64 `json:"took_p99,omitempty"`  // to 5 %
	LateP99  *float64 `json:"late_p99,omitempty"`  // from when visits were due to their beginning; to 5 %
	Refresh  *float64 `json:"refresh,omitempty"`   // median between readings that said something new, of the latest 65
}

// Process is what a process used of its machine.
type Process struct {
	Took   float64 `json:"took"`             // s, that it ran
	CPU    float64 `json:"cpu"`              // s, of all processors together, user and system
	Share  float64 `json:"share"`            // CPU / Took: 0.02 is a fiftieth of one processor
	Memory int64   `json:"memory,omitempty"` // bytes, resident, at most
	// LateP99 is, in seconds and to 5 %, how late what this process was to do at
	// an instant began.
	LateP99 *float64 `json:"late_p99,omitempty"`
}

// Verdicts on the health of a client.
const (
	Healthy     = "healthy"
	ClientBound = "client-bound" // what was measured is this client rather than the server
)

// Health tells whether a load generator kept up with its schedule and its
// streams. Durations are seconds.
type Health struct {
	Verdict    string   `json:"verdict"`
	Reasons    []string `json:"reasons"`               // why it is client-bound
	LateP99    *float64 `json:"late_p99,omitempty"`    // of requests that were due at an instant and had to wait for nothing but the client
	Stall      float64  `json:"stall"`                 // the longest time that a goroutine which was due did not run
	Scheduling float64  `json:"scheduling_p99"`        // 99th percentile of the time that goroutines which could run waited for a processor
	GCPause    float64  `json:"gc_pause"`              // the longest stop of all goroutines for garbage collection
	CPU        float64  `json:"cpu"`                   // share of the processors that it could use
	OutputWait float64  `json:"output_wait"`           // how long requests waited for the reader of the records
	Files      int      `json:"files,omitempty"`       // descriptors that were open at most
	FileLimit  int      `json:"files_limit,omitempty"` // and that may be
}
