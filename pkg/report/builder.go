package report

import (
	"errors"
	"fmt"
	"slices"

	"aiperf/pkg/record"
)

// A Builder collects what a [Report] is made of. The zero value is ready. It is
// not for several goroutines at once.
type Builder struct {
	Options Options // not to be changed once something was added

	runs     record.Runs
	details  map[string]*Run
	twice    map[string]bool // runs that begin more than once
	scratch  request
	requests requests // of the profiling phase
	warm     requests // of the warm-up
	grouped  grouping
	gpus     gpus
	sources  sources
	energy   energies
	notes    notes
	story    *teller // nil unless it is asked for
	watch    *watch  // nil unless it is asked for
	filter   Filter

	elsewhere map[string]int // requests of other phases
	begun     map[string]int // by run: requests that began
	finished  counted        // by run: those that were over

	newer   int // lines of a later version of the contract
	skipped int // lines that could not be read
	cut     []string
}

// Add takes a line into account. Lines of types that it does not know are
// passed over. The error is a [*record.LineError]; the line is then left out
// and counted.
func (b *Builder) Add(l record.Line) error {
	if l.V > record.Version {
		b.newer++
	}
	if b.filter.Conditions = b.Options.Where; !b.filter.Keep(l) {
		b.skip(l)
		return nil
	}
	err := b.add(l)
	if err != nil {
		b.skipped++
	} else if b.story != nil {
		b.story.add(l)
	}
	if err == nil && b.watch != nil {
		b.watch.add(b, l)
	}
	return err
}

func (b *Builder) add(l record.Line) error {
	switch l.Type {
	case record.TypeRequest:
		return b.addRequest(l)
	case record.TypeBegin:
		return b.begin(l)
	case record.TypeGPU:
		return b.gpus.add(l)
	case record.TypeScrape:
		return b.sources.add(l)
	case record.TypeEnergy:
		return b.energy.add(l)
	case record.TypeNote:
		return b.notes.add(l)
	case record.TypeRun:
		return b.addRun(l)
	case record.TypeEnd:
		return b.runs.Add(l)
	}
	return nil
}

// addRequest puts a request where it belongs.
func (b *Builder) addRequest(l record.Line) error {
	r := &b.scratch
	if err := r.scan(l); err != nil {
		return err
	}
	b.finished.add(r.run)
	q := &b.requests
	switch string(r.phase) {
	case `"` + record.Profiling + `"`:
	case `"` + record.Warmup + `"`:
		q = &b.warm
	default:
		phase, _ := r.phase.Text()
		bump(&b.elsewhere, phase)
		return nil
	}
	q.opt = &b.Options
	return q.add(l, r, b.grouped.of(b, r))
}

func (b *Builder) begin(l record.Line) error {
	for key, v := range record.Keys(l.Raw) {
		if string(key) == "run" {
			run, _ := v.Text()
			bump(&b.begun, run)
		}
	}
	return nil
}

// bump counts key in a map that is made when it is needed.
func bump(m *map[string]int, key string) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[key]++
}

// Skip counts a line that could not be read, so that the report tells of it.
func (b *Builder) Skip(err error) {
	var line *record.LineError
	if errors.Is(err, record.ErrTruncated) && errors.As(err, &line) {
		b.cut = append(b.cut, line.File)
		return
	}
	b.skipped++
}

func (b *Builder) addRun(l record.Line) error {
	var r record.Run
	if err := l.Decode(&r); err != nil {
		return err
	}
	if err := b.runs.Add(l); err != nil {
		return err
	}
	if b.details == nil {
		b.details, b.twice = map[string]*Run{}, map[string]bool{}
	}
	if b.details[r.Run] != nil {
		b.twice[r.Run] = true
		return nil
	}
	b.details[r.Run] = &Run{ID: r.Run, Tool: r.Tool, Version: r.Version, Host: r.Host,
		Command: r.Command, Config: r.Config, Seed: r.Seed, File: l.File, Began: l.Time}
	return nil
}

// Report is the report on what was added until now. More may be added
// afterwards.
func (b *Builder) Report() *Report {
	r := &Report{Runs: b.producers(), Options: b.Options}
	b.requests.opt, b.warm.opt = &b.Options, &b.Options
	v, warm := b.requests.whole(), b.warm.whole()
	r.Window = b.window(v)
	r.Requests = b.counts(v, warm)
	r.Models, r.URLs = keys(b.requests.models.all()), keys(b.requests.urls.all())
	var l *load
	if b.requests.any() {
		r.Metrics = v.metrics()
		l = v.load()
		r.Metrics = append(r.Metrics, l.metrics(v.flight(), b.Options.Percentiles)...)
		r.Metrics = append(r.Metrics, b.schedule(v, r.Runs)...)
	}
	if b.warm.any() {
		r.Warmup = warm.metrics()
	}
	r.Errors, r.Stopped = b.requests.failed.classes(), b.requests.stopped.classes()
	r.Sources = b.sources.list(b, r.Runs)
	r.GPUs = b.gpus.summarize(r.Window, b.Options.Percentiles)
	r.Energy = b.energy.finish(r, v)
	r.Groups = b.groups(r)
	r.Slices = b.slices(l, v, r.Window)
	b.undivided(r)
	r.Verdicts = r.judge(b.Options.SLOs)
	r.Notes = b.remark(r, v)
	if b.story != nil {
		r.Story = b.story.finish(r.GPUs)
	}
	return r
}

func (b *Builder) counts(v, warm *view) Counts {
	c, w := v.counts(), warm.counts()
	c.Warmup = w.OK + w.Failed + w.Cancelled
	// Numbers of lines, and not ids, are compared: that costs nothing and does not
	// depend on their order. A run without begin lines was filtered.
	finished := b.finished.all()
	for run, begun := range b.begun {
		c.InFlight += max(0, begun-finished[run])
	}
	return c
}

// schedule tells how late requests were sent that were due at instants of a
// fixed schedule, beyond the least late of them.
func (b *Builder) schedule(v *view, runs []Run) []Metric {
	fixed := slices.ContainsFunc(runs, func(r Run) bool { return r.Config["fixed-schedule"] == "true" })
	s, ok := v.of("credit_to_start_latency")
	if !fixed || !ok {
		return nil
	}
	least := s.Min
	var t singles
	for _, p := range []float64{50, 90, 99} {
		x, _ := s.Percentile(p)
		t.add(fmt.Sprintf("replay_sched_lag_p%g", p), fmt.Sprintf("Replay Schedule Lag p%g", p), Milliseconds, 0, x-least)
	}
	degraded := 0.0
	if t[2].Value() > mostLag {
		degraded = 1
	}
	t.add("replay_sched_degraded", "Replay Schedule Degraded", Count, 0, degraded)
	return t
}

// mostLag is the p99 from which AIPerf calls the replay of a schedule degraded.
const mostLag = 0.5

// producers are the runs that a run record or an end record told of.
func (b *Builder) producers() []Run {
	var list []Run
	for _, s := range b.runs.All() {
		r := Run{ID: s.Run, Tool: s.Tool, Host: s.Host, File: s.File}
		if d := b.details[s.Run]; d != nil {
			r = *d
		}
		r.End = s.End
		list = append(list, r)
	}
	return list
}

// window is that of the requests, or else all that was read.
func (b *Builder) window(v *view) *Window {
	if w := v.between(); w != nil {
		return w
	}
	return b.gpus.span()
}
