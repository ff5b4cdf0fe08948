package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// none stands for what a metric does not have.
const none = "N/A"

// statistics is an empty table with a column for each statistic.
func (columns layout) statistics(title string) *grid {
	g := &grid{title: title, head: []string{"Metric"}, drop: []int{0}}
	for _, c := range columns {
		g.head, g.drop = append(g.head, c.head), append(g.drop, c.drop)
	}
	return g
}

// cells are the statistics of a row.
func (columns layout) cells(s stat.Summary, single bool, limit float64) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = none
		if i == 0 || !single {
			list[i] = number(c.of(s), limit)
		}
	}
	return list
}

// rows adds the metrics that have a place in tables, in their order.
func (columns layout) rows(g *grid, list []report.Metric, show func(report.Metric) bool) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b report.Metric) int { return cmp.Compare(a.Order, b.Order) })
	for _, m := range list {
		if m.Order > 0 && m.Kind != report.Instant && show(m) {
			g.add(m.Header, m.Unit.Shown, columns.cells(m.Shown(), m.Kind == report.Single, 0)...)
		}
	}
}

func (columns layout) llm(r *report.Report) *grid {
	return columns.metrics("aiperf | LLM Metrics", r.Metrics, report.TableMain)
}

// metrics is a table of those that belong into it.
func (columns layout) metrics(title string, list []report.Metric, table string) *grid {
	g := columns.statistics(title)
	columns.rows(g, list, func(m report.Metric) bool { return m.Table == table })
	return g
}

// instead gives units that a single GPU's numbers are more readable in than in
// AIPerf's: a short run takes 0.02 MJ.
var instead = map[report.Unit]report.Unit{
	report.Megajoules:   report.Joules,
	report.Microseconds: report.Milliseconds,
}

func (columns layout) gpu(u report.GPU) *grid {
	g := columns.statistics(u.Name())
	// The time-weighted mean stands beside the mean of the readings.
	g.head = slices.Insert(g.head, 2, "avg(t)")
	g.drop = slices.Insert(g.drop, 2, 5)
	for _, f := range u.Fields {
		if f.Quiet {
			continue
		}
		if unit, ok := instead[f.Unit]; ok {
			f.Unit = unit
		}
		over := none
		if !f.Counter {
			over = number(f.Mean*f.Unit.Factor, 1e6)
		}
		g.add(f.Header, f.Unit.Shown, slices.Insert(columns.cells(f.Shown(), f.Counter, 1e6), 1, over)...)
	}
	return g
}

func failures(r *report.Report) *grid {
	g := &grid{title: "aiperf | Errors", head: []string{"Error", "Count", "Most frequent message"}, drop: []int{0, 0, 0}, left: true}
	for _, e := range r.Errors {
		name := e.Class
		if e.Code != 0 {
			name += fmt.Sprintf(" %d", e.Code)
		}
		message := e.Message
		if e.Kinds > 1 {
			message += fmt.Sprintf(" (and %d other messages)", e.Kinds-1)
		}
		g.add(name, "", fmt.Sprint(e.Count), message)
	}
	return g
}

func part(x float64, e record.Energy) string {
	if e.Energy == nil || *e.Energy <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%.2f %%)", 100*x / *e.Energy)
}

func verdict(e record.Energy) string {
	s := "✔ valid"
	if e.Verdict != record.Valid {
		s = "✘ " + e.Verdict
		if len(e.Reasons) > 0 {
			s += ": " + strings.Join(e.Reasons, ", ")
		}
	}
	if e.Source != "" {
		s += " (" + e.Source + ")"
	}
	return s
}

// shares is what requests were charged.
func (columns layout) shares(e *report.Energy) *grid {
	g := columns.statistics("aiperf | Energy of Requests")
	list := slices.Clone(e.Metrics)
	for i, m := range list {
		list[i] = readable(m)
	}
	columns.rows(g, list, func(m report.Metric) bool { return m.Kind == report.Distribution })
	return g
}
