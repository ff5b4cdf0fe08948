package artifact

import (
	"encoding/json"
	"fmt"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// ours sets the keys that AIPerf does not have, in base units.
func ours(o *object, r *report.Report) {
	if c := loadRun(r).Config; len(c) > 0 {
		o.set("config", c)
	}
	o.set("definitions", definitions(r))
	o.set("requests", object{{"answered", r.Requests.OK}, {"failed", r.Requests.Failed}, {"cancelled", r.Requests.Cancelled},
		{"warmup", r.Requests.Warmup}, {"in_flight", r.Requests.InFlight}})
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
	if len(r.Groups) > 0 {
		o.set("groups", groups(r))
	}
	if len(r.Slices) > 0 {
		o.set("timeslices", timeslices(r, true))
	}
	verdicts(o, r)
	o.set("notes", noteList(r.Notes))
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

// definitions are those that differ between tools.
func definitions(r *report.Report) object {
	ttft, itl := r.Options.TTFT, r.Options.ITL
	if ttft == "" {
		ttft = report.TTFTContent
	}
	if itl == "" {
		itl = report.ITLToken
	}
	o := object{{"time_to_first_token", ttft}, {"inter_token_latency", itl}}
	objectives(&o, "goodput", r)
	return o
}

// objectives sets the bounds of a good request, by tag, if there are any.
func objectives(o *object, key string, r *report.Report) {
	if len(r.Options.Goodput) == 0 {
		return
	}
	bounds := object{}
	for _, x := range r.Options.Goodput {
		bounds.set(x.Tag, x.Bound)
	}
	o.set(key, bounds)
}

// groups are those that were asked for, in base units.
func groups(r *report.Report) []object {
	list := []object{}
	for _, g := range r.Groups {
		keys := object{}
		for _, k := range g.Keys {
			keys.set(k.Name, k.Value)
		}
		x := object{{"keys", keys}}
		if len(g.Metrics) > 0 {
			x.set("requests", object{{"answered", g.Requests.OK}, {"failed", g.Requests.Failed}, {"cancelled", g.Requests.Cancelled}})
		}
		if g.Energy != nil {
			x.number("energy", *g.Energy)
		}
		metrics := object{}
		for _, m := range g.Metrics {
			metrics.set(m.Tag, base(m))
		}
		if len(metrics) > 0 {
			x.set("metrics", metrics)
		}
		if len(g.GPUs) > 0 {
			x.set("gpus", readings(g.GPUs))
		}
		list = append(list, x)
	}
	return list
}

// base is a metric in base units. An instant is in seconds since 1970, with all its
// digits.
func base(m report.Metric) object {
	if m.Kind == report.Instant {
		return object{{"unit", m.Unit.Base}, {"avg", json.Number(fmt.Sprintf("%d.%09d", m.Time/1e9, max(0, m.Time%1e9)))}}
	}
	return summary(m.Unit.Base, m.Stat, m)
}

// readings are GPUs over a window, in base units.
func readings(gpus []report.GPU) []object {
	list := []object{}
	for _, g := range gpus {
		o := identity(g)
		fields := object{}
		for _, f := range g.Fields {
			x := object{{"unit", f.Unit.Base}}
			if f.Counter {
				x.number("avg", f.Stat.Mean)
			} else {
				distribution(&x, f.Stat)
			}
			fields.set(f.Name, x)
		}
		o.set("fields", fields)
		list = append(list, o)
	}
	return list
}
