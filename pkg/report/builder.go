package report

import (
	"errors"

	"aiperf/pkg/record"
)

// A Builder collects what a [Report] is made of. The zero value is ready. It is
// not for several goroutines at once.
type Builder struct {
	runs     record.Runs
	details  map[string]*Run
	twice    map[string]bool // runs that begin more than once
	requests requests
	gpus     gpus
	sources  sources
	energy   energies
	notes    notes
	story    *teller // nil unless it is asked for

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
	err := b.add(l)
	if err != nil {
		b.skipped++
	} else if b.story != nil {
		b.story.add(l)
	}
	return err
}

func (b *Builder) add(l record.Line) error {
	switch l.Type {
	case record.TypeRequest:
		return b.requests.add(l)
	case record.TypeBegin:
		return b.requests.begin(l)
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
	r := &Report{Runs: b.producers()}
	r.Window = b.window()
	r.Requests = b.requests.counts()
	if b.requests.any() {
		r.Metrics = b.requests.metrics(r.Window)
	}
	r.Errors = b.requests.errorClasses()
	r.Sources = b.sources.list(b, r.Runs)
	r.GPUs = b.gpus.summarize(r.Window)
	r.Energy = b.energy.finish(r, &b.requests)
	r.Notes = b.remark(r)
	if b.story != nil {
		r.Story = b.story.finish(r.GPUs)
	}
	return r
}

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
func (b *Builder) window() *Window {
	if w := b.requests.window(); w != nil {
		return w
	}
	return b.gpus.span()
}
