package artifact

import (
	"fmt"
	"io"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// TypeMetric is the type of the lines that [Lines] writes.
const TypeMetric = "metric"

// Lines writes r as newline-delimited JSON, one line a metric: of all requests,
// then of each group and time slice, then of each GPU. All values are in base
// units. Verdicts and changes since a baseline follow. Each line begins as a
// record does, with the end of the window as its time, so that what reads streams
// can pass it on.
func Lines(w io.Writer, r *report.Report) error {
	out := lineWriter{w: w}
	if r.Window != nil {
		out.at = r.Window.To
	}
	for _, m := range metrics(r) {
		out.metric(m, nil)
	}
	if r.Energy != nil {
		for _, m := range r.Energy.Metrics {
			if m.Kind == report.Distribution {
				out.metric(m, nil)
			}
		}
	}
	for _, g := range r.Groups {
		var keys object
		for _, k := range g.Keys {
			keys.set(k.Name, k.Value)
		}
		about := object{{"group", keys}}
		for _, m := range g.Metrics {
			out.metric(m, about)
		}
		if len(g.Metrics) > 0 {
			out.gpus(g.GPUs, about)
		}
	}
	for _, s := range r.Slices {
		about := object{{"from", s.From}, {"to", s.To}}
		if !s.Complete {
			about.set("complete", false)
		}
		for _, m := range s.Metrics {
			out.metric(m, about)
		}
		out.gpus(s.GPUs, about)
	}
	out.gpus(r.GPUs, nil)
	out.verdicts(r)
	if out.err != nil {
		return fmt.Errorf("write NDJSON: %w", out.err)
	}
	return nil
}

type lineWriter struct {
	w   io.Writer
	at  record.Time
	err error
}

func (x *lineWriter) write(o object) {
	if x.err == nil {
		x.err = line(x.w, o)
	}
}

// metric writes one, with what it is about.
func (x *lineWriter) metric(m report.Metric, about object) {
	o := object{{"time", x.at}, {"type", TypeMetric}, {"v", record.Version}, {"tag", m.Tag}, {"header", m.Header}}
	o = append(o, about...)
	x.write(append(o, base(m)...))
}

func (x *lineWriter) gpus(list []report.GPU, about object) {
	for _, g := range list {
		var who object
		who.text("host", g.Host)
		if g.Index != nil {
			who.set("gpu", *g.Index)
		}
		who.text("uuid", g.UUID)
		who.text("mig", g.MIG)
		for _, f := range g.Fields {
			o := object{{"time", x.at}, {"type", TypeMetric}, {"v", record.Version}, {"tag", "gpu." + f.Name}, {"header", f.Header}}
			o = append(append(o, about...), who...)
			o.set("unit", f.Unit.Base)
			if f.Counter {
				o.number("avg", f.Stat.Mean)
			} else {
				distribution(&o, f.Stat)
				o.number("time_weighted", f.Mean)
			}
			x.write(o)
		}
	}
}
