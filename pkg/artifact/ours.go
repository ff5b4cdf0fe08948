package artifact

import (
	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// ours sets the keys that AIPerf does not have, in base units.
func ours(o *object, r *report.Report) {
	if w := r.Window; w != nil {
		o.set("window", object{{"from", w.From}, {"to", w.To}, {"seconds", w.Seconds()}})
	}
	if e := r.Energy; e != nil {
		list := e.GPUs
		if list == nil {
			list = []record.Energy{}
		}
		x := object{{"total", e.Total}, {"gpus", list}}
		requests := object{}
		for _, m := range e.Metrics {
			if m.Kind == report.Distribution {
				s := object{{"unit", m.Unit.Base}}
				distribution(&s, m.Stat)
				requests.set(m.Tag, s)
			}
		}
		x.set("requests", requests)
		o.set("energy", x)
	}
	if len(r.GPUs) > 0 {
		gpus := []object{}
		for _, g := range r.GPUs {
			gpus = append(gpus, identity(g))
		}
		o.set("gpus", gpus)
	}
	notes := []object{}
	for _, n := range r.Notes {
		notes = append(notes, object{{"level", n.Level}, {"code", n.Code}, {"message", n.Message}})
	}
	o.set("notes", notes)
}

func identity(g report.GPU) object {
	var o object
	o.text("host", g.Host)
	o.set("source", g.Source)
	if g.Index != nil {
		o.set("gpu", *g.Index)
	}
	o.text("uuid", g.UUID)
	o.text("model", g.Model)
	o.text("mig", g.MIG)
	o.text("mig_profile", g.MIGProfile)
	if len(g.Others) > 0 {
		o.set("other_sources", g.Others)
	}
	o.set("readings", g.Readings)
	means := object{}
	for _, f := range g.Fields {
		if !f.Counter {
			means.number(f.Name, f.Mean)
		}
	}
	o.set("time_weighted", means)
	if len(g.XIDs) > 0 {
		o.set("xids", g.XIDs)
	}
	return o
}
