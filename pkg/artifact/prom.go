package artifact

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// Prometheus writes r in Prometheus' text format, for a textfile collector: all
// names begin with aiperf_ and end with the unit, which is a base unit.
// Distributions are summaries with their percentiles as quantiles; of what was
// in flight, and of GPUs, each statistic is a gauge of its own.
func Prometheus(w io.Writer, r *report.Report) error {
	p := &promPage{}
	for _, m := range r.Metrics {
		p.metric(m, nil)
	}
	if r.Energy != nil {
		for _, m := range r.Energy.Metrics {
			p.metric(m, nil)
		}
		valid := 0.0
		if r.Energy.Valid() {
			valid = 1
		}
		p.add("aiperf_energy_valid", "gauge", "Whether the readings allow to trust the energy", sample{value: valid})
		if x := r.Energy.Total.PlusMinus; x != nil {
			p.add("aiperf_total_gpu_energy_plus_minus_joules", "gauge", "Half-width of the total GPU energy's uncertainty", sample{value: *x})
		}
	}
	for _, g := range r.Groups {
		var labels []promLabel
		for _, k := range g.Keys {
			labels = append(labels, promLabel{strings.ReplaceAll(k.Name, ".", "_"), k.Value})
		}
		for _, m := range g.Metrics {
			m.Tag = "group_" + m.Tag
			p.metric(m, labels)
		}
	}
	for _, e := range slices.Concat(r.Errors, r.Stopped) {
		p.add("aiperf_errors", "gauge", "Requests that failed or were cancelled, by class", sample{
			labels: []promLabel{{"class", e.Class}, {"code", strconv.Itoa(e.Code)}}, value: float64(e.Count)})
	}
	for _, g := range r.GPUs {
		p.gpu(g)
	}
	p.verdicts(r)
	b := bufio.NewWriter(w)
	for _, f := range p.families {
		f.write(b)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write Prometheus text: %w", err)
	}
	return nil
}

// A promPage is families of samples, in the order in which they were first added.
type promPage struct {
	families []*family
	index    map[string]*family
}

type family struct {
	name, kind, help string
	samples          []sample
}

type sample struct {
	suffix string
	labels []promLabel
	value  float64
}

type promLabel struct{ name, value string }

func (p *promPage) add(name, kind, help string, s ...sample) {
	f := p.index[name]
	if f == nil {
		if p.index == nil {
			p.index = map[string]*family{}
		}
		f = &family{name: name, kind: kind, help: help}
		p.index[name] = f
		p.families = append(p.families, f)
	}
	f.samples = append(f.samples, s...)
}

// suffixes are those of names, by the base unit.
var suffixes = map[string]string{
	"s": "_seconds", "J": "_joules", "W": "_watts", "bytes": "_bytes", "bytes/s": "_bytes_per_second", "Hz": "_hertz",
	"°C": "_celsius", "1": "_ratio", "tokens": "_tokens", "requests": "", "tokens/s": "_tokens_per_second", "tokens/s/user": "_tokens_per_second_per_user",
	"requests/s": "_requests_per_second", "tokens/J": "", "J/token": "_joules", "J/request": "_joules", "J/user": "_joules",
	"requests/s/W": "", "tokens/s/W": "", "J*s": "_joule_seconds", "": "",
}

// promName has the unit at its end, unless it is there already.
func promName(name string, u report.Unit) string {
	clean := func(r rune) rune {
		if r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}
	name = "aiperf_" + strings.Trim(strings.Map(clean, strings.ToLower(strings.TrimSuffix(name, "_pct"))), "_")
	if s := suffixes[u.Base]; !strings.HasSuffix(name, s) {
		name += s
	}
	return name
}

func (p *promPage) metric(m report.Metric, labels []promLabel) {
	name := promName(m.Tag, m.Unit)
	with := func(n, v string) []promLabel { return append(slices.Clone(labels), promLabel{n, v}) }
	switch m.Kind {
	case report.Instant:
		p.add("aiperf_"+m.Tag+"_seconds", "gauge", m.Header, sample{labels: labels, value: float64(m.Time) / 1e9})
	case report.Single:
		p.add(name, "gauge", m.Header, sample{labels: labels, value: m.Stat.Mean})
	case report.Weighted:
		p.stats(name, m.Header, m.Stat, labels)
	default:
		if math.IsNaN(m.Stat.Sum) {
			p.stats(name, m.Header, m.Stat, labels)
			return
		}
		var list []sample
		for _, x := range m.Stat.Points() {
			list = append(list, sample{labels: with("quantile", strconv.FormatFloat(x.Percent/100, 'g', 6, 64)), value: x.Value})
		}
		list = append(list, sample{"_sum", labels, m.Stat.Sum}, sample{"_count", labels, float64(m.Stat.N)})
		p.add(name, "summary", m.Header, list...)
	}
}

// stats are gauges, one for each statistic that there is.
func (p *promPage) stats(name, help string, s stat.Summary, labels []promLabel) {
	add := func(kind string, v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			p.add(name, "gauge", help, sample{labels: append(slices.Clone(labels), promLabel{"stat", kind}), value: v})
		}
	}
	add("avg", s.Mean)
	add("min", s.Min)
	add("max", s.Max)
	for _, x := range s.Points() {
		add(fmt.Sprintf("p%g", x.Percent), x.Value)
	}
	add("std", s.Std)
}

func (p *promPage) gpu(g report.GPU) {
	labels := []promLabel{{"host", g.Host}, {"uuid", g.UUID}}
	if g.Index != nil {
		labels = append(labels, promLabel{"gpu", strconv.Itoa(*g.Index)})
	}
	if g.MIG != "" {
		labels = append(labels, promLabel{"mig", g.MIG})
	}
	for _, f := range g.Fields {
		name := promName("gpu_"+strings.TrimPrefix(f.Name, "gpu_"), f.Unit)
		if f.Name == record.FieldXID {
			name = "aiperf_gpu_xid_changes"
		}
		if f.Counter {
			p.add(name, "gauge", f.Header+", what was added over the window", sample{labels: labels, value: f.Stat.Mean})
			continue
		}
		p.stats(name, f.Header, f.Stat, labels)
		if !math.IsNaN(f.Mean) {
			p.add(name, "gauge", f.Header, sample{labels: append(slices.Clone(labels), promLabel{"stat", "time_weighted"}), value: f.Mean})
		}
	}
}

var (
	helpEscape  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func (f *family) write(w *bufio.Writer) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, helpEscape.Replace(f.help), f.name, f.kind)
	for _, s := range f.samples {
		w.WriteString(f.name + s.suffix)
		for i, l := range s.labels {
			sep := byte(',')
			if i == 0 {
				sep = '{'
			}
			w.WriteByte(sep)
			w.WriteString(l.name + `="` + labelEscape.Replace(strings.ToValidUTF8(l.value, "\uFFFD")) + `"`)
		}
		if len(s.labels) > 0 {
			w.WriteByte('}')
		}
		w.WriteString(" " + strconv.FormatFloat(s.value, 'g', -1, 64) + "\n")
	}
}
