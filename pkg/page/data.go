package page

import (
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// data is what the scripts read. Values are in base units; instants are seconds
// since the run's zero, which is the beginning of its window.
type data struct {
	Title   string    `json:"title"`
	Runs    []run     `json:"runs"`
	Changes []changed `json:"changes,omitempty"`
}

type changed struct {
	Tag     string   `json:"tag"`
	Stat    string   `json:"stat,omitempty"`
	Header  string   `json:"header"`
	Change  *float64 `json:"change"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Verdict string   `json:"verdict,omitempty"`
}

// judged is the verdict on an objective.
type judged struct {
	Name   string   `json:"name"`
	Bound  string   `json:"bound,omitempty"`
	Unit   unit     `json:"unit"`
	Value  *float64 `json:"value"`
	Text   string   `json:"text,omitempty"`
	Margin *float64 `json:"margin"`
	GPU    string   `json:"gpu,omitempty"`
	Met    bool     `json:"met"`
	Why    string   `json:"why,omitempty"`
}

type run struct {
	Name      string        `json:"name"`
	Zero      record.Time   `json:"zero"`
	Window    float64       `json:"window"` // its length
	Counts    report.Counts `json:"counts"`
	Metrics   []metric      `json:"metrics"`
	Verdicts  []judged      `json:"verdicts,omitempty"`
	Energy    *energy       `json:"energy,omitempty"`
	Devices   []device      `json:"devices"` // GPUs, summarized
	Errors    []errorClass  `json:"errors"`
	Notes     []note        `json:"notes"`
	Producers []producer    `json:"producers"`
	Sources   []source      `json:"sources"`
	Requests  *requests     `json:"requests,omitempty"`
	Slow      []slow        `json:"slow"`
	Load      *load         `json:"load,omitempty"`
	Gauges    []gauges      `json:"gauges"`
	Servers   []server      `json:"servers"`
	Phases    []span        `json:"phases"`
	Marks     []mark        `json:"marks"`
	MarksOf   int           `json:"marks_of"`
}

type unit struct {
	Shown  string  `json:"shown"`
	Factor float64 `json:"factor"`
}

type metric struct {
	Tag    string `json:"tag"`
	Header string `json:"header"`
	Unit   unit   `json:"unit"`
	summary
}

type summary struct {
	N   int                 `json:"n"`
	Avg *float64            `json:"avg"`
	Min *float64            `json:"min,omitempty"`
	Max *float64            `json:"max,omitempty"`
	Std *float64            `json:"std,omitempty"`
	P   map[string]*float64 `json:"p,omitempty"`
}

type energy struct {
	Total record.Energy   `json:"total"`
	GPUs  []record.Energy `json:"gpus"`
}

type device struct {
	Name     string  `json:"name"`
	Readings int     `json:"readings"`
	Fields   []field `json:"fields"`
}

type field struct {
	Header  string   `json:"header"`
	Unit    unit     `json:"unit"`
	Counter bool     `json:"counter,omitempty"`
	Quiet   bool     `json:"quiet,omitempty"`
	Mean    *float64 `json:"mean,omitempty"` // weighted by time
	summary
}

type errorClass struct {
	Class   string `json:"class"`
	Code    int    `json:"code,omitempty"`
	Count   int    `json:"count"`
	Message string `json:"message"`
	Kinds   int    `json:"kinds"`
}

type note struct {
	Level   string `json:"level"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type producer struct {
	Run     string         `json:"run"`
	Tool    string         `json:"tool"`
	Version string         `json:"version,omitempty"`
	Host    string         `json:"host,omitempty"`
	Command []string       `json:"command,omitempty"`
	Config  map[string]any `json:"config,omitempty"`
	Seed    *int64         `json:"seed,omitempty"`
	Began   record.Time    `json:"began"`
	End     string         `json:"end"`
}

type source struct {
	URL       string `json:"url"`
	Reachable bool   `json:"reachable"`
	OK        int    `json:"ok"`
	Failed    int    `json:"failed"`
	Error     string `json:"error,omitempty"`
}

func tell(r Run) run {
	p := r.Report
	d := run{Name: r.Name, Counts: p.Requests, Metrics: []metric{}, Devices: []device{}, Errors: []errorClass{}, Notes: []note{},
		Producers: []producer{}, Sources: []source{}, Slow: []slow{}, Gauges: []gauges{}, Servers: []server{}, Phases: []span{}, Marks: []mark{}}
	if p.Window != nil {
		d.Zero, d.Window = p.Window.From, p.Window.Seconds()
	}
	d.measured(p)
	for _, v := range p.Verdicts {
		d.Verdicts = append(d.Verdicts, judged{v.Name, strings.TrimSpace(v.Op + " " + v.Bound), unit{v.Unit.Shown, v.Unit.Factor}, finite(v.Value), v.Text, finite(v.Margin), v.GPU, v.Met, v.Why})
	}
	for _, g := range p.GPUs {
		d.Devices = append(d.Devices, deviceOf(g))
	}
	for _, e := range p.Errors {
		d.Errors = append(d.Errors, errorClass(e))
	}
	for _, n := range p.Notes {
		d.Notes = append(d.Notes, note(n))
	}
	for _, x := range p.Runs {
		d.Producers = append(d.Producers, producer{x.ID, x.Tool, x.Version, x.Host, x.Command, x.Config, x.Seed, x.Began, x.End})
	}
	for _, s := range p.Sources {
		if s.Reachable || !s.Default {
			d.Sources = append(d.Sources, source{s.URL, s.Reachable, s.OK, s.Failed, s.Error})
		}
	}
	if p.Story != nil {
		d.happened(p.Story)
	}
	return d
}

// measured sets the metrics, those of energy last.
func (d *run) measured(p *report.Report) {
	lists := [][]report.Metric{p.Metrics}
	if e := p.Energy; e != nil {
		d.Energy = &energy{e.Total, e.GPUs}
		lists = append(lists, e.Metrics)
	}
	for _, list := range lists {
		for _, m := range list {
			if m.Kind != report.Instant {
				d.Metrics = append(d.Metrics, metric{m.Tag, m.Header, unit{m.Unit.Shown, m.Unit.Factor}, summaryOf(m.Stat, m.Kind == report.Distribution)})
			}
		}
	}
}

func summaryOf(s stat.Summary, whole bool) summary {
	u := summary{N: s.N, Avg: finite(s.Mean)}
	if whole {
		u.Min, u.Max, u.Std, u.P = finite(s.Min), finite(s.Max), finite(s.Std), map[string]*float64{}
		for i, p := range stat.Percentiles {
			u.P[strconv.FormatFloat(p, 'f', -1, 64)] = finite(s.P[i])
		}
	}
	return u
}

func deviceOf(g report.GPU) device {
	d := device{Name: g.Name(), Readings: g.Readings, Fields: []field{}}
	for _, f := range g.Fields {
		x := field{Header: f.Header, Unit: unit{f.Unit.Shown, f.Unit.Factor}, Counter: f.Counter, Quiet: f.Quiet, summary: summaryOf(f.Stat, !f.Counter)}
		if !f.Counter {
			x.Mean = finite(f.Mean)
		}
		d.Fields = append(d.Fields, x)
	}
	return d
}
