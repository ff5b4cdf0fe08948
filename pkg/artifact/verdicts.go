package artifact

import (
	"cmp"
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// Types of the lines that [Lines] writes beside metrics.
const (
	TypeSLO    = "slo"    // the verdict on an objective
	TypeChange = "change" // what became of a number since the baseline
	TypeLimit  = "limit"  // the verdict on a change
)

// verdict is that on an objective, in base units.
func verdict(v report.Verdict) object {
	o := object{{"objective", v.Objective}, {"name", v.Name}}
	o.text("op", v.Op)
	o.text("bound", v.Bound)
	o.text("unit", v.Unit.Base)
	if v.Text != "" {
		o.set("value", v.Text)
	}
	o.number("value", v.Value)
	o.number("limit", v.Limit)
	o.number("margin", v.Margin)
	o.text("gpu", v.GPU)
	o.set("met", v.Met)
	o.text("why", v.Why)
	return o
}

// change is what became of a number, in base units.
func change(x report.Change) object {
	o := object{{"tag", x.Name.Tag}}
	o.text("stat", x.Name.Stat)
	o.text("header", x.Header)
	o.text("unit", x.Name.Unit.Base)
	o.number("old", x.Old)
	o.number("new", x.New)
	o.number("change", x.Change)
	o.number("change_low", x.ChangeIn.Low)
	o.number("change_high", x.ChangeIn.High)
	o.number("relative", x.Relative)
	o.number("relative_low", x.RelativeIn.Low)
	o.number("relative_high", x.RelativeIn.High)
	o.number("p", x.P)
	o.set("old_count", x.N[0])
	o.set("new_count", x.N[1])
	o.set("verdict", x.Verdict)
	o.set("sure", x.Sure)
	o.text("too_little", x.TooLittle)
	return o
}

func limit(l report.Limit) object {
	o := object{{"limit", l.Text}, {"tag", l.Change.Name.Tag}}
	o.text("stat", l.Change.Name.Stat)
	o.text("unit", l.Change.Name.Unit.Base)
	o.number("old", l.Change.Old)
	o.number("new", l.Change.New)
	o.number("bound", l.Bound)
	o.set("failed", l.Failed)
	o.text("why", l.Why)
	return o
}

// verdicts sets the keys of objectives and of a comparison, if there are any.
func verdicts(o *object, r *report.Report) {
	if len(r.Verdicts) > 0 {
		list := []object{}
		for _, v := range r.Verdicts {
			list = append(list, verdict(v))
		}
		o.set("slo", list)
	}
	c := r.Comparison
	if c == nil {
		return
	}
	over := "requests"
	if c.Runs {
		over = "runs"
	}
	changes, limits := []object{}, []object{}
	for _, x := range c.Changes {
		changes = append(changes, change(x))
	}
	for _, l := range c.Limits {
		limits = append(limits, limit(l))
	}
	x := object{{"old", c.Names[0]}, {"new", c.Names[1]}, {"level", report.Level}, {"over", over}, {"changes", changes}}
	if len(limits) > 0 {
		x.set("limits", limits)
	}
	o.set("comparison", append(x, member{"notes", noteList(c.Notes)}))
}

func noteList(list []report.Note) []object {
	notes := []object{}
	for _, n := range list {
		notes = append(notes, object{{"level", n.Level}, {"code", n.Code}, {"message", n.Message}})
	}
	return notes
}

// verdicts writes a line for each verdict and each change.
func (x *lineWriter) verdicts(r *report.Report) {
	head := func(kind string) object { return object{{"time", x.at}, {"type", kind}, {"v", record.Version}} }
	for _, v := range r.Verdicts {
		x.write(append(head(TypeSLO), verdict(v)...))
	}
	if r.Comparison == nil {
		return
	}
	for _, c := range r.Comparison.Changes {
		x.write(append(head(TypeChange), change(c)...))
	}
	for _, l := range r.Comparison.Limits {
		x.write(append(head(TypeLimit), limit(l)...))
	}
}

// verdicts are gauges: 1 for what is met, 0 for what is not.
func (p *promPage) verdicts(r *report.Report) {
	bit := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	for _, v := range r.Verdicts {
		labels := []promLabel{{"objective", v.Objective}, {"name", v.Name}}
		p.add("aiperf_slo_met", "gauge", "Whether an objective is met", sample{labels: labels, value: bit(v.Met)})
	}
	for _, v := range r.Verdicts {
		if v.Margin-v.Margin == 0 {
			labels := []promLabel{{"objective", v.Objective}, {"name", v.Name}}
			p.add("aiperf_slo_margin_ratio", "gauge", "By which share of the bound a value is on the right side of it", sample{labels: labels, value: v.Margin})
		}
	}
	if r.Comparison == nil {
		return
	}
	for _, x := range []struct {
		name, help string
		of         func(report.Change) float64
	}{
		{"aiperf_change_ratio", "Change since the baseline as a share", func(c report.Change) float64 { return c.Relative }},
		{"aiperf_change_low_ratio", "Lower end of the interval of a change", func(c report.Change) float64 { return c.RelativeIn.Low }},
		{"aiperf_change_high_ratio", "Upper end of the interval of a change", func(c report.Change) float64 { return c.RelativeIn.High }},
	} {
		for _, c := range r.Comparison.Changes {
			if v := x.of(c); v-v == 0 {
				p.add(x.name, "gauge", x.help, sample{labels: []promLabel{{"tag", c.Name.Tag}, {"stat", cmp.Or(c.Name.Stat, "avg")}}, value: v})
			}
		}
	}
	for _, l := range r.Comparison.Limits {
		p.add("aiperf_limit_kept", "gauge", "Whether a change is within its limit", sample{labels: []promLabel{{"limit", l.Text}}, value: bit(!l.Failed)})
	}
}

// verdictRows is a table of objectives.
func verdictRows(r *report.Report) [][]string {
	rows := [][]string{{"Objective", "Value", "Bound", "Margin", "Met"}}
	text := func(x float64) string {
		if x-x != 0 {
			return ""
		}
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	for _, v := range r.Verdicts {
		value := v.Text
		if value == "" {
			value = text(v.Value * v.Unit.Factor)
		}
		rows = append(rows, []string{named(v.Name, v.Unit), value, strings.TrimSpace(v.Op + " " + v.Bound), text(v.Margin), strconv.FormatBool(v.Met)})
	}
	return rows
}
