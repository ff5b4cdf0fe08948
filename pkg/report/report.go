package report

import (
	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// A Report is what was found. It is plain data, in base units; nothing in it
// changes later.
type Report struct {
	Runs     []Run    // the producers of the stream
	Window   *Window  // nil if there were neither requests nor readings
	Models   []string // of the requests, by name
	URLs     []string // that requests went to
	Requests Counts   // of the profiling phase
	Metrics  []Metric // of requests, in the order of the catalogue
	Errors   []ErrorClass
	Stopped  []ErrorClass // requests that were cancelled on purpose, which is no failure
	Warmup   []Metric     // of the requests of the warm-up, for files only
	Groups   []Group      // that were asked for, in the order of their keys
	Slices   []Slice      // of the window, that were asked for
	Options  Options      // what was asked for
	Sources  []Source     // exporters, by URL
	GPUs     []GPU        // by host, index and instance
	Energy   *Energy      // nil without energy records
	Verdicts []Verdict    // on the objectives that were asked for
	Notes    []Note       // what was mixed, missing or partial
	// Comparison is what changed against a baseline. A Builder knows of none.
	Comparison *Comparison
	Story      *Story // nil unless [Builder.Tell] asked for it
}

// Empty tells whether there is nothing that a table could show.
func (r *Report) Empty() bool {
	return r.Requests.OK+r.Requests.Failed+r.Requests.Cancelled == 0 && len(r.GPUs) == 0
}

// Metric looks a metric up by its tag, those of energy included.
func (r *Report) Metric(tag string) (Metric, bool) {
	lists := [][]Metric{r.Metrics}
	if r.Energy != nil {
		lists = append(lists, r.Energy.Metrics)
	}
	for _, list := range lists {
		if m, ok := find(list, tag); ok {
			return m, true
		}
	}
	return Metric{}, false
}

// A Run is a producer of the stream.
type Run struct {
	ID, Tool, Version, Host string
	Command                 []string
	Config                  map[string]any
	Seed                    *int64
	File                    string
	Began                   record.Time
	End                     string // the reason of its end; empty if the stream is partial
}

// A Window is what rates and GPU summaries are about.
type Window struct{ From, To record.Time }

// Seconds is the length of the window.
func (w Window) Seconds() float64 { return w.To.Sub(w.From) }

// Counts are numbers of requests.
type Counts struct {
	OK, Failed int
	Cancelled  int // on purpose: by the load's own plan, or by its end
	Warmup     int
	InFlight   int // begun, and not finished in this stream
}

// Kinds of metrics.
const (
	Distribution = iota // one value a request or chunk
	Single              // one value
	Instant             // one instant
	Weighted            // a distribution over time: of what was in flight
)

// A Metric is a number or a distribution.
type Metric struct {
	Tag    string // AIPerf's
	Header string
	Unit   Unit
	Kind   int
	Table  string       // in which it is shown
	Order  int          // in its table; 0 if it is for files only
	Larger bool         // more is better
	Stat   stat.Summary // of a Single metric: Mean, with N = 1
	Time   record.Time  // of an Instant
}

// Value is what is shown first: the mean of a distribution.
func (m Metric) Value() float64 { return m.Stat.Mean }

// Shown is the summary in the unit that people are shown.
func (m Metric) Shown() stat.Summary { return m.Stat.Scale(m.Unit.Factor) }

// An ErrorClass counts the failed requests of one class and code.
type ErrorClass struct {
	Class   string
	Code    int // HTTP status; 0 if there was none
	Count   int
	Message string // the most frequent one
	Kinds   int    // how many different messages there were
}

// A Source is an exporter of GPU readings.
type Source struct {
	URL       string
	OK        int // visits that gave a page
	Failed    int
	Error     string // of the last failure
	GPUs      int    // on the last page
	server    bool   // an inference server's metrics, and no exporter of GPUs
	Default   bool   // tried because it always is, and not because it was asked for
	Reachable bool
}

// A GPU is one GPU or MIG instance over the window.
type GPU struct {
	Host, Source, Platform, UUID, Model string
	Index                               *int
	MIG, MIGProfile                     string
	Labels                              map[string]string
	Readings                            int  // in the window
	Covered                             bool // there are readings from before the window to behind it
	Fields                              []Field
	Others                              []string // sources that reported it too
	XIDs                                []int    // codes seen in the window that are not 0
	Resets                              []string // headers of counters that went backwards
}

// Field looks up a field by its name in the records.
func (g GPU) Field(name string) (Field, bool) {
	for _, f := range g.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// A Field is a quantity of a GPU.
type Field struct {
	Name    string // in the records
	Header  string
	Unit    Unit
	Counter bool
	Quiet   bool         // for files only
	Stat    stat.Summary // of a counter: Mean is the increase over the window
	Mean    float64      // time-weighted, of a gauge
}

// Shown is the summary in the unit that people are shown.
func (f Field) Shown() stat.Summary { return f.Stat.Scale(f.Unit.Factor) }

// An Energy is what a join found, and what follows from it.
type Energy struct {
	Total   record.Energy
	GPUs    []record.Energy
	Metrics []Metric // AIPerf's and per-request distributions
}

// Valid tells whether the join trusts the total.
func (e *Energy) Valid() bool { return e.Total.Verdict == record.Valid }

// IdleShare is the part of the energy that was spent while nothing was in
// flight; false if it is not known.
func (e *Energy) IdleShare() (float64, bool) {
	if e.Total.Idle == nil || e.Total.Energy == nil || *e.Total.Energy <= 0 {
		return 0, false
	}
	return *e.Total.Idle / *e.Total.Energy, true
}

// A Note is a thing to know when reading the report.
type Note struct {
	Level   string // record.Info or record.Warning
	Code    string
	Message string
}
