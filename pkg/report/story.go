package report

import (
	"aiperf/pkg/record"
)

// A Story is what happened when: what charts are drawn from, in base units. Its
// size is bounded, whatever the stream's: what was thinned out says of how many
// things it stands for. Instants are those of the records.
type Story struct {
	Requests []Told   // of the profiling phase, by start; all, or a uniform sample
	Of       int      // how many there were
	Slowest  []Slow   // the slowest successful ones, the slowest first
	Load     *Load    // requests of all phases over time; nil without requests
	Phases   []Span   // of a load, named "warmup", "profiling", …
	GPUs     []Gauges // in the order of Report.GPUs
	Servers  []Queue  // inference servers' own metrics, by source
	Marks    []Mark   // errors, notes, XIDs and regimes, by time
	MarksOf  int      // how many there were
}

// A Span is a stretch of time with a name.
type Span struct {
	From, To record.Time
	Name     string
}

// A Mark is a thing that happened at an instant.
type Mark struct {
	At   record.Time
	Kind string // "error", "note", "regime" or "xid"
	Text string
}

// mostMarks bounds the marks of each kind, and mostText what each says.
const (
	mostMarks = 500
	mostText  = 300
)

// A teller collects a Story.
type teller struct {
	requests sample
	grid     grid
	phases   phases
	gpus     chroniclers
	servers  queues
	marks    []Mark
	marked   map[string]int // by kind
}

// Tell makes the builder collect what [Report.Story] is made of. It has to be
// called before the first Add.
func (b *Builder) Tell() { b.story = &teller{} }

// add takes a line that the builder has accepted, so what cannot be decoded here
// says nothing that is new.
func (t *teller) add(l record.Line) {
	switch l.Type {
	case record.TypeRequest:
		var r brief
		if l.Decode(&r) == nil {
			t.request(&r)
		}
	case record.TypePhase:
		var p record.Phase
		if l.Decode(&p) == nil {
			t.phases.add(&p)
		}
	case record.TypeGPU:
		var g record.GPU
		if l.Decode(&g) == nil {
			t.gpus.add(&g, t.mark)
		}
	case record.TypeServer:
		var s record.Server
		if l.Decode(&s) == nil {
			t.servers.add(&s)
		}
	case record.TypeNote:
		var n record.Note
		if l.Decode(&n) == nil {
			t.note(&n)
		}
	}
}

func (t *teller) request(r *brief) {
	t.grid.request(r)
	if r.Phase != record.Profiling {
		return
	}
	t.requests.add(r)
	if e := r.Error; e != nil {
		text := e.Class
		if e.Message != "" {
			text += ": " + e.Message
		}
		t.mark(r.end(), "error", "request "+r.ID+": "+text)
	}
}

// note marks warnings, and what is told of regimes.
func (t *teller) note(n *record.Note) {
	switch {
	case n.Code == "regime":
		t.mark(n.Time, n.Code, n.Message)
	case n.Level == record.Warning:
		t.mark(n.Time, "note", n.Message)
	}
}

func (t *teller) mark(at record.Time, kind, text string) {
	if t.marked == nil {
		t.marked = map[string]int{}
	}
	t.marked[kind]++
	if t.marked[kind] <= mostMarks {
		t.marks = append(t.marks, Mark{at, kind, clip(text, mostText)})
	}
}

// clip is the beginning of a text.
func clip(s string, most int) string {
	for i := range s {
		if i > most {
			return s[:i] + "…"
		}
	}
	return s
}

func (t *teller) finish(gpus []GPU) *Story {
	s := &Story{Of: t.requests.of, Slowest: t.requests.slowest(), Requests: t.requests.list(), Load: t.grid.load(),
		Phases: t.phases.list(), GPUs: t.gpus.list(gpus), Servers: t.servers.list(), Marks: sortedMarks(t.marks)}
	for _, n := range t.marked {
		s.MarksOf += n
	}
	return s
}
