package render

import (
	"fmt"
	"math"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// A prefixed unit is one in which a quantity has few digits.
type prefixed struct {
	name   string
	factor float64
}

// prefix chooses the unit of quantities of which x is the largest: 1 to 100,000
// of it.
func prefix(x float64, unit string) prefixed {
	switch x = math.Abs(x); {
	case x >= 1e8:
		return prefixed{"M" + unit, 1e-6}
	case x >= 1e5:
		return prefixed{"k" + unit, 1e-3}
	case x == 0 || x >= 1:
		return prefixed{unit, 1}
	case x >= 1e-3:
		return prefixed{"m" + unit, 1e3}
	}
	return prefixed{"µ" + unit, 1e6}
}

// readable is a metric in a unit in which it has few digits: joules are not
// always thousands of millijoules.
func readable(m report.Metric) report.Metric {
	if strings.HasPrefix(m.Unit.Base, "J/") {
		p := prefix(m.Stat.Mean, "J")
		m.Unit.Shown, m.Unit.Factor = p.name+m.Unit.Base[1:], p.factor
	}
	return m
}

// energy has a line for each thing to know of all GPUs together.
func energy(e *report.Energy) *grid {
	t := e.Total
	title := fmt.Sprintf("aiperf | GPU Energy (%d GPUs)", t.GPUs)
	if t.GPUs == 1 {
		title = "aiperf | GPU Energy (1 GPU)"
	}
	g := &grid{title: title, head: []string{"Quantity", "Value"}, drop: []int{0, 0}}
	u := prefix(0, "J")
	if t.Energy != nil {
		u = prefix(*t.Energy, "J")
		g.add("Total GPU Energy", u.name, digits(*t.Energy*u.factor)+uncertain(t, u))
	}
	g.add("Verdict", "", verdict(t))
	for _, x := range []struct {
		label string
		x     *float64
		more  func(float64, record.Energy) string
	}{
		{"By the energy counter", t.Counter, func(float64, record.Energy) string { return "" }},
		{"By power over time", t.Integral, off},
		{"Charged to measured requests", t.Requests, shared},
		{"Charged to other requests", t.Others, part},
		{"Idle, nothing in flight", t.Idle, part},
	} {
		if x.x != nil && (x.x != t.Others || *x.x != 0) {
			g.add(x.label, u.name, digits(*x.x*u.factor)+x.more(*x.x, t))
		}
	}
	for _, m := range e.Metrics {
		if m.Kind == report.Single && m.Tag != "total_gpu_energy" {
			m = readable(m)
			g.add(m.Header, m.Unit.Shown, digits(m.Shown().Mean))
		}
	}
	return g
}

func uncertain(e record.Energy, u prefixed) string {
	if e.PlusMinus == nil {
		return ""
	}
	return fmt.Sprintf(" ± %s", digits(*e.PlusMinus*u.factor)) + part(*e.PlusMinus, e)
}

func off(integral float64, e record.Energy) string {
	if e.Counter == nil || *e.Counter == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.2f %%)", 100*(integral-*e.Counter) / *e.Counter)
}

// split is the energy by GPU.
func split(e *report.Energy) *grid {
	g := &grid{title: "aiperf | GPU Energy by GPU", drop: []int{0, 0, 0, 2, 3, 4, 0}}
	most, lags := 0.0, false
	for _, x := range e.GPUs {
		lags = lags || x.Lag != nil
		if x.Energy != nil {
			most = max(most, *x.Energy)
		}
	}
	u := prefix(most, "J")
	show := func(x *float64, factor float64) string {
		if x == nil {
			return none
		}
		return digits(*x * factor)
	}
	g.head = []string{"GPU", "Energy (" + u.name + ")", "± (" + u.name + ")", "Idle (" + u.name + ")", "Refresh (s)", "Readings", "Verdict"}
	if lags {
		g.head, g.drop = append(g.head, "Lag (s)"), append(g.drop, 5)
	}
	for _, x := range e.GPUs {
		cells := []string{show(x.Energy, u.factor), show(x.PlusMinus, u.factor), show(x.Idle, u.factor), show(x.Refresh, 1),
			fmt.Sprint(x.Readings), verdict(x)}
		switch {
		case x.Lag != nil:
			cells = append(cells, fmt.Sprintf("%.2f", x.Lag.Seconds))
		case lags:
			cells = append(cells, none)
		}
		g.add(nameOf(x), "", cells...)
	}
	return g
}

// nameOf is what the GPU of an energy record is called.
func nameOf(x record.Energy) string {
	u := report.GPU{Host: x.Host, UUID: x.UUID, Index: x.GPU, MIG: x.MIG}
	if x.Host == "" {
		return strings.TrimPrefix(u.Name(), " | ")
	}
	return u.Name()
}

// told is what the join says of the run in words.
func told(e *report.Energy) []line {
	var lines []line
	if r := e.Total.Regime; r != nil {
		lines = append(lines, line{"•", regime(r)})
	}
	if l := e.Total.Lag; l != nil {
		lines = append(lines, line{"•", lag(*l)})
	}
	return lines
}

// followed is the correlation from which a lag is believed.
const followed = 0.5

// lag says by how much telemetry is behind the load.
func lag(l record.Lag) string {
	s := ""
	switch {
	case math.Abs(l.Correlation) < followed:
		s = "power does not follow what was in flight closely enough to tell the delay of telemetry"
	case l.Seconds < 0:
		s = fmt.Sprintf("telemetry seems to be %.2f s ahead of the load: clocks may differ", -l.Seconds)
	default:
		s = fmt.Sprintf("telemetry follows the load by %.2f s", l.Seconds)
	}
	s += fmt.Sprintf(" (correlation %.2f)", l.Correlation)
	if l.Applied != nil {
		s += fmt.Sprintf("; %.2f s were taken off before", *l.Applied)
	}
	return s
}

// regimes say what the names of regimes mean.
var regimes = map[string]string{
	record.RegimeIdle:         "most of the time nothing was in flight",
	record.RegimeThrottled:    "power or temperature held the clocks down",
	record.RegimeQueueBound:   "requests waited for a place at the server",
	record.RegimeComputeBound: "the SMs were busy and the memory was not",
	record.RegimeMemoryBound:  "the memory was busy and the SMs were not",
	record.RegimeBalanced:     "SMs and memory were both busy",
	record.RegimeUnderused:    "neither SMs nor memory were busy: more load would fit",
	record.RegimeUnknown:      "too little was measured to say what the limit was",
}

// regime is what the phase looks like, and the numbers that say so.
func regime(r *record.Regime) string {
	s := "regime: " + r.Name
	if words := regimes[r.Name]; words != "" {
		s += ", " + words
	}
	var list []string
	percent := func(what string, x *float64) {
		if x != nil {
			list = append(list, fmt.Sprintf("%s %.3g %%", what, 100**x))
		}
	}
	number := func(what string, x *float64) {
		if x != nil {
			list = append(list, fmt.Sprintf("%s %.3g", what, *x))
		}
	}
	sm := "SM"
	if len(r.Basis) > 0 && r.Basis[0] == record.FieldUtilization {
		sm = "GPU utilization"
	}
	percent(sm, r.SM)
	percent("memory", r.Memory)
	number("in flight", r.InFlight)
	number("waiting at the server", r.Waiting)
	percent("KV cache", r.KVCache)
	percent("SM clock, of its highest,", r.Clock)
	if r.Throttling != "" && r.Throttling != record.ThrottlingNone {
		list = append(list, r.Throttling+" throttling")
	}
	if len(list) > 0 {
		s += " (" + strings.Join(list, ", ") + ")"
	}
	if len(r.Also) > 0 {
		s += "; also " + strings.Join(r.Also, ", ")
	}
	return s
}

// shared is a part with the convention that it was divided by.
func shared(x float64, t record.Energy) string {
	s := part(x, t)
	if t.Share == "" {
		return s
	}
	if s == "" {
		return " (" + t.Share + " shares)"
	}
	return strings.TrimSuffix(s, ")") + ", " + t.Share + " shares)"
}
