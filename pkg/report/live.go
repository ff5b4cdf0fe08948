package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// A Live is what a [Builder] has been given until now. What it takes to make one
// does not depend on how much that is: percentiles are those of sketches, within
// 1 % of the report's.
type Live struct {
	Now       record.Time // of the latest record
	Phase     string      // that is going on; [PhaseOver] behind the last one, empty before the first
	Elapsed   float64     // seconds since the phase began
	Models    []string
	Requests  Counts // of the profiling phase, but for Warmup and InFlight
	Goal      Goal   // of the phase
	Recent    Rates  // since the Live before
	All       Rates  // over the time by which the report divides
	Latencies []Latency
	Errors    []ErrorClass
	GPUs      []Glance
	Unread    int // lines
	Ended     int // producers that have ended
	Producers int
}

// PhaseOver stands for the time behind the last phase.
const PhaseOver = "over"

// A Goal is how far a phase is to go, as far as the load has told; 0 where it
// has not.
type Goal struct {
	Requests int
	Seconds  float64
}

// Done is the part of the goal that was reached, and how many seconds are left at
// this pace; false if there is no goal.
func (l *Live) Done() (part, left float64, ok bool) {
	n := l.Requests.OK + l.Requests.Failed + l.Requests.Cancelled
	if l.Phase == record.Warmup {
		n = l.Requests.Warmup
	}
	if l.Goal.Requests > 0 {
		part = float64(n) / float64(l.Goal.Requests)
	}
	if l.Goal.Seconds > 0 {
		part = max(part, l.Elapsed/l.Goal.Seconds)
	}
	part = min(part, 1)
	left = math.NaN()
	if part > 0 {
		left = l.Elapsed * (1 - part) / part
	}
	return part, left, l.Goal.Requests > 0 || l.Goal.Seconds > 0
}

// Rates are what finished in some time.
type Rates struct {
	Seconds  float64
	Requests int // successful ones
	In, Out  float64
}

// Per is x a second; NaN over no time.
func (r Rates) Per(x float64) float64 {
	if !(r.Seconds > 0) {
		return math.NaN()
	}
	return x / r.Seconds
}

// A Latency is a metric of successful requests.
type Latency struct {
	Tag, Header string
	Unit        Unit
	All, Recent stat.Summary
}

// A Glance is the latest that was read of a GPU.
type Glance struct {
	GPU
	Last      map[string]float64 // fields, in base units
	Age       float64            // seconds since the reading was taken
	Energy    float64            // J, since the profiling phase began; NaN without a counter
	Throttled bool               // a violation counter moved since the Live before
}

// A watch is what a Builder keeps for Lives.
type watch struct {
	now, before record.Time // of the latest record, now and at the Live before
	phase       string
	from        record.Time // of the phase
	done        span        // of successful requests of the profiling phase
	recent, all Rates
	ok, warm    int
	metrics     []watched
	base        map[*series]float64 // energy counters at the beginning of the profiling phase
	held        map[*series]float64 // violation counters at the Live before
}

type watched struct {
	tag, header string
	unit        Unit
	of          func(o *Options, r *request) float64
	all, recent *stat.Sketch
}

// Watch lets [Builder.Live] be called. It is to be called before anything is
// added.
func (b *Builder) Watch() {
	b.watch = &watch{base: map[*series]float64{}, held: map[*series]float64{}}
	for _, m := range []watched{
		{tag: "time_to_first_token", header: "Time to First Token", unit: Milliseconds, of: func(o *Options, r *request) float64 {
			if o.any() {
				return r.firstByte + 0*r.ttft
			}
			return r.ttft
		}},
		{tag: "inter_token_latency", header: "Inter Token Latency", unit: Milliseconds, of: func(o *Options, r *request) float64 {
			n, first := r.out, r.ttft
			if o.chunk() {
				n = r.chunks
			}
			if o.any() {
				first = r.firstByte
			}
			if n < 2 {
				return math.NaN()
			}
			return (r.took - first) / float64(n-1)
		}},
		{tag: "request_latency", header: "Request Latency", unit: Milliseconds, of: func(_ *Options, r *request) float64 { return r.took }},
		{tag: "request_energy", header: "Energy of a Request", unit: Joules, of: func(_ *Options, r *request) float64 { return r.energy }},
	} {
		m.all, m.recent = new(stat.Sketch), new(stat.Sketch)
		b.watch.metrics = append(b.watch.metrics, m)
	}
}

// add takes a line into account that the builder has taken.
func (w *watch) add(b *Builder, l record.Line) {
	w.now = max(w.now, l.Time)
	switch l.Type {
	case record.TypePhase:
		var p record.Phase
		if l.Decode(&p) == nil {
			w.turn(b, p.Phase, p.Event == "end", l.Time)
		}
	case record.TypeRequest:
		w.request(b, &b.scratch)
	}
}

// turn begins or ends a phase.
func (w *watch) turn(b *Builder, phase string, end bool, at record.Time) {
	switch {
	case end:
		if w.phase == phase {
			w.phase = PhaseOver
		}
		return
	case phase == w.phase:
		return // of another load
	}
	w.phase, w.from = phase, at
	if phase == record.Profiling {
		for _, s := range b.gpus.list {
			if e, ok := s.latest(record.FieldEnergy); ok {
				w.base[s] = e
			}
		}
	}
}

func (w *watch) request(b *Builder, r *request) {
	phase := string(r.phase)
	if phase == `"`+record.Warmup+`"` {
		w.warm++
		if w.phase == "" {
			w.turn(b, record.Warmup, false, r.start)
		}
		return
	}
	if phase != `"`+record.Profiling+`"` {
		return
	}
	if w.phase == "" || w.phase == record.Warmup {
		w.turn(b, record.Profiling, false, r.start)
	}
	if len(r.failure) > 0 {
		return
	}
	if w.ok++; r.took != r.took {
		return
	}
	w.done.add(r.start, r.start.Add(r.took))
	for _, rates := range []*Rates{&w.recent, &w.all} {
		rates.Requests++
		rates.In += float64(max(0, r.in))
		rates.Out += float64(max(0, r.out))
	}
	for _, m := range w.metrics {
		if x := m.of(&b.Options, r); x == x {
			m.all.Add(x)
			m.recent.Add(x)
		}
	}
}

// Live is what was added until now; now is the present by the clock of the
// records, or 0 if that is the latest of them. It returns nil if [Builder.Watch]
// was not called.
func (b *Builder) Live(now record.Time) *Live {
	w := b.watch
	if w == nil {
		return nil
	}
	now = max(now, w.now)
	l := &Live{Now: now, Phase: w.phase, Models: keys(b.requests.models.all()), Unread: b.skipped + len(b.cut),
		Errors: b.requests.failed.classes(), All: w.all, Recent: w.recent}
	l.Requests = Counts{OK: w.ok, Failed: b.requests.failed.total, Cancelled: b.requests.stopped.total, Warmup: w.warm}
	finished := b.finished.all()
	for run, begun := range b.begun {
		l.Requests.InFlight += max(0, begun-finished[run])
	}
	for _, r := range b.producers() {
		l.Producers++
		if r.End != "" {
			l.Ended++
		}
		l.Goal = l.Goal.plus(goalOf(r, w.phase))
	}
	if w.done.n > 0 {
		l.All.Seconds = w.done.to.Sub(w.done.from)
	}
	if w.from > 0 {
		l.Elapsed = now.Sub(w.from)
	}
	since := w.before
	if since == 0 {
		since = w.from
	}
	if since > 0 {
		l.Recent.Seconds = now.Sub(since)
	}
	for i := range w.metrics {
		m := &w.metrics[i]
		if m.all.Len() > 0 {
			l.Latencies = append(l.Latencies, Latency{m.tag, m.header, m.unit, m.all.Summary(stat.Population), m.recent.Summary(stat.Population)})
		}
		m.recent = new(stat.Sketch)
	}
	l.GPUs = w.glances(b, now)
	w.recent, w.before = Rates{}, now
	return l
}

func (g Goal) plus(o Goal) Goal {
	return Goal{g.Requests + o.Requests, max(g.Seconds, o.Seconds)}
}

// goalOf is how far a load was told to go.
func goalOf(r Run, phase string) Goal {
	if r.Tool != "aiperf-load" || r.Config == nil {
		return Goal{}
	}
	number := func(key string) int {
		s, _ := r.Config[key].(string)
		n, _ := strconv.Atoi(s)
		return n
	}
	seconds := func(key string) float64 {
		s, _ := r.Config[key].(string)
		d, err := time.ParseDuration(s)
		if err != nil {
			x, _ := strconv.ParseFloat(s, 64)
			return x
		}
		return d.Seconds()
	}
	var g Goal
	if phase == record.Warmup {
		g = Goal{number("warmup-request-count"), seconds("warmup-duration")}
	} else {
		g = Goal{number("request-count"), seconds("benchmark-duration")}
	}
	if phase != record.Warmup && g == (Goal{}) && !slices.ContainsFunc(keys(r.Config), func(k string) bool {
		return strings.Contains(k, "conversation") || strings.Contains(k, "file") || strings.Contains(k, "dataset") || strings.Contains(k, "schedule")
	}) {
		g.Requests = max(10, 2*number("concurrency")) // as aiperf-load does
	}
	if text, ok := r.Config["shard"].(string); ok {
		index, of, _ := strings.Cut(text, "/")
		i, ierr := strconv.Atoi(index)
		n, nerr := strconv.Atoi(of)
		if ierr == nil && nerr == nil && n > 0 {
			// Of k requests the shard has those whose number is i modulo n.
			g.Requests = (g.Requests - i + n - 1) / n
		}
	}
	return g
}

// latest is the last value of a field.
func (s *series) latest(field string) (float64, bool) {
	col := s.fields[field]
	for i := len(col) - 1; i >= 0; i-- {
		if x, ok := known(col[i]); ok {
			return x, true
		}
	}
	return 0, false
}

// glances gives each GPU once, by the source that was read last.
func (w *watch) glances(b *Builder, now record.Time) []Glance {
	best := map[device]*series{}
	for _, s := range b.gpus.list {
		if have := best[s.id.device()]; have == nil || s.last() > have.last() {
			best[s.id.device()] = s
		}
	}
	var list []Glance
	for _, s := range best {
		g := Glance{GPU: s.gpu, Last: map[string]float64{}, Age: now.Sub(s.last()), Energy: math.NaN()}
		for name := range s.fields {
			if x, ok := s.latest(name); ok {
				g.Last[name] = x
			}
		}
		if e, ok := g.Last[record.FieldEnergy]; ok {
			if _, ok := w.base[s]; !ok {
				w.base[s] = e
			}
			g.Energy = e - w.base[s]
		}
		held := g.Last[record.FieldPowerViol] + g.Last[record.FieldThermalViol]
		before, seen := w.held[s]
		g.Throttled = seen && held > before
		w.held[s] = held
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b Glance) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(place(a.GPU), place(b.GPU)), cmp.Compare(a.UUID, b.UUID), cmp.Compare(a.MIG, b.MIG))
	})
	return list
}

// last is when the latest reading was taken; readings come in order.
func (s *series) last() record.Time {
	if len(s.taken) == 0 {
		return 0
	}
	return s.taken[len(s.taken)-1]
}
