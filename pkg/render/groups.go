package render

import (
	"fmt"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// perGroup are the metrics that have a table of their own, with a row for each
// group.
var perGroup = []string{"time_to_first_token", "request_latency", "inter_token_latency", "output_sequence_length"}

// groups are a table that has a row for each group of requests, one for each of
// the main metrics, and one of the groups of GPUs.
func (columns layout) groups(r *report.Report) []*grid {
	var requests, gpus []report.Group
	for _, g := range r.Groups {
		if len(g.Metrics) > 0 {
			requests = append(requests, g)
		} else {
			gpus = append(gpus, g)
		}
	}
	var list []*grid
	if len(requests) > 0 {
		list = append(list, overview(requests))
		for _, tag := range perGroup {
			list = append(list, columns.byGroup(requests, tag))
		}
	}
	if len(gpus) > 0 {
		list = append(list, ofGPUs(gpus))
	}
	return list
}

// keysOf are the names of the keys.
func keysOf(g report.Group) string {
	var names []string
	for _, k := range g.Keys {
		names = append(names, k.Name)
	}
	return strings.Join(names, " | ")
}

// A figure is a column of an overview.
type figure struct {
	head string
	drop int
	of   func(find) string
}

// find looks a metric up by its tag.
type find func(tag string) (report.Metric, bool)

// mean and quantile show a statistic of a metric; N/A if there is none.
func mean(tag string) func(find) string {
	return func(f find) string {
		m, ok := f(tag)
		if !ok {
			return none
		}
		return digits(m.Shown().Mean)
	}
}

func quantile(tag string, p float64) func(find) string {
	return func(f find) string {
		m, ok := f(tag)
		if !ok {
			return none
		}
		x, ok := m.Shown().Percentile(p)
		if !ok {
			return none
		}
		return number(x, 0)
	}
}

// figures are what is told of a group or slice of requests.
var figures = []figure{
	{"req/s", 5, mean("request_throughput")},
	{"out tok/s", 4, mean("output_token_throughput")},
	{"TTFT p50 (ms)", 2, quantile("time_to_first_token", 50)},
	{"TTFT p99 (ms)", 8, quantile("time_to_first_token", 99)},
	{"latency p50 (ms)", 1, quantile("request_latency", 50)},
	{"latency p99 (ms)", 9, quantile("request_latency", 99)},
	{"ITL avg (ms)", 7, mean("inter_token_latency")},
	{"J/req", 6, mean("energy_per_request")},
	{"mJ/tok", 3, mean("energy_per_output_token")},
}

func overview(list []report.Group) *grid {
	g := &grid{title: "aiperf | Requests by " + keysOf(list[0]), head: []string{keysOf(list[0]), "Requests", "Errors"}, drop: []int{0, 0, 3}}
	shown := slices.Clone(figures)
	if !slices.ContainsFunc(list, func(g report.Group) bool { return g.Energy != nil }) {
		shown = shown[:len(shown)-2]
	}
	for _, f := range shown {
		g.head, g.drop = append(g.head, f.head), append(g.drop, f.drop)
	}
	for _, x := range list {
		cells := []string{fmt.Sprint(x.Requests.OK), fmt.Sprint(x.Requests.Failed)}
		for _, f := range shown {
			cells = append(cells, f.of(x.Metric))
		}
		g.add(x.Name(), "", cells...)
	}
	return g
}

// byGroup is a table of one metric.
func (columns layout) byGroup(list []report.Group, tag string) *grid {
	g := columns.statistics("")
	for _, x := range list {
		m, ok := x.Metric(tag)
		if !ok {
			continue
		}
		g.title = "aiperf | " + m.Header + " (" + m.Unit.Shown + ") by " + keysOf(x)
		g.head[0] = keysOf(x)
		g.add(x.Name(), "", columns.cells(m.Shown(), false, 0)...)
	}
	return g
}

// ofGPUs is what groups of GPUs did.
func ofGPUs(list []report.Group) *grid {
	g := &grid{title: "aiperf | GPUs by " + keysOf(list[0]),
		head: []string{keysOf(list[0]), "GPUs", "Power (W)", "Energy (J)", "Util (%)", "SM (%)", "Memory (GB)", "Temp max (°C)", "SM clock (MHz)", "Violations (ms)"},
		drop: []int{0, 1, 0, 2, 3, 7, 4, 5, 8, 6}}
	for _, x := range list {
		energy := none
		if x.Energy != nil {
			energy = digits(*x.Energy)
		}
		g.add(x.Name(), "", fmt.Sprint(len(x.GPUs)),
			over(x.GPUs, record.FieldPower, add), energy, over(x.GPUs, record.FieldUtilization, average),
			over(x.GPUs, record.FieldSMUtilization, average), over(x.GPUs, "memory_used", add),
			over(x.GPUs, "temperature", most), over(x.GPUs, record.FieldSMClock, average), violations(x.GPUs))
	}
	return g
}

// Ways to put GPUs together.
const (
	add     = iota // the sum of time-weighted means
	average        // their mean
	most           // the greatest reading
)

// over is a field of several GPUs in the unit that is shown.
func over(gpus []report.GPU, name string, how int) string {
	sum, n, greatest := 0.0, 0, 0.0
	for _, u := range gpus {
		f, ok := u.Field(name)
		if !ok || u.MIG != "" && how == add && name == record.FieldPower {
			continue
		}
		x := f.Mean * f.Unit.Factor
		if y := f.Shown().Max; n == 0 || y > greatest {
			greatest = y
		}
		sum += x
		n++
	}
	switch {
	case n == 0:
		return none
	case how == average:
		return number(sum/float64(n), 1e6)
	case how == most:
		return number(greatest, 1e6)
	}
	return number(sum, 1e6)
}

// violations is for how long something held clocks down, of all GPUs together.
func violations(gpus []report.GPU) string {
	sum, any := 0.0, false
	for _, u := range gpus {
		for _, name := range []string{record.FieldPowerViol, record.FieldThermalViol} {
			if f, ok := u.Field(name); ok {
				sum, any = sum+f.Stat.Mean, true
			}
		}
	}
	if !any {
		return none
	}
	return number(sum*1e3, 1e6)
}

// timeslices has a row for each slice.
func timeslices(r *report.Report, opt Options) *grid {
	if len(r.Slices) == 0 {
		return &grid{}
	}
	g := &grid{title: fmt.Sprintf("aiperf | Time Slices of %g s", r.Options.Window),
		head: []string{"From (s)", "Requests", "Errors"}, drop: []int{0, 2, 3}}
	shown := append(slices.Clone(figures[:7]), figure{"In flight", 1, mean("effective_concurrency")})
	gpu := !opt.NoGPU && slices.ContainsFunc(r.Slices, func(s report.Slice) bool { return len(s.GPUs) > 0 })
	for _, f := range shown {
		g.head, g.drop = append(g.head, f.head), append(g.drop, f.drop)
	}
	if gpu {
		g.head = append(g.head, "Power (W)", "Util (%)", "Energy (J)", "mJ/tok")
		g.drop = append(g.drop, 0, 4, 5, 2)
	}
	for _, s := range r.Slices {
		label := fmt.Sprintf("%g", s.From.Sub(r.Slices[0].From))
		if !s.Complete {
			label += fmt.Sprintf(" (%.3g s)", s.Seconds())
		}
		cells := []string{fmt.Sprint(s.Requests.OK), fmt.Sprint(s.Requests.Failed)}
		for _, f := range shown {
			cells = append(cells, f.of(s.Metric))
		}
		if gpu {
			energy := none
			if s.Energy != nil {
				energy = digits(*s.Energy)
			}
			cells = append(cells, over(s.GPUs, record.FieldPower, add), over(s.GPUs, record.FieldUtilization, average), energy,
				mean("energy_per_output_token")(s.Metric))
		}
		g.add(label, "", cells...)
	}
	return g
}
