package artifact

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// CSV writes r as profile_export_aiperf.csv: distributions, single values and
// GPUs, in three tables with blank rows between them, and verdicts on objectives in
// one behind them.
func CSV(w io.Writer, r *report.Report) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	list := metrics(r)
	slices.SortFunc(list, func(a, b report.Metric) int { return strings.Compare(a.Tag, b.Tag) })
	blank := 0
	begin := func(row []string) {
		for ; blank > 0; blank-- {
			c.Write(nil)
		}
		c.Write(row)
	}
	more := r.Options.Percentiles
	rows := distributions(list, more)
	if len(rows) > 1 {
		for _, row := range rows {
			begin(row)
		}
		blank = 1
	}
	rows = values(list)
	if len(rows) > 1 {
		for _, row := range rows {
			begin(row)
		}
		blank = 2
	}
	if rows = gpuRows(r); len(rows) > 1 {
		for _, row := range rows {
			begin(row)
		}
		blank = 2
	}
	if rows = verdictRows(r); len(rows) > 1 {
		for _, row := range rows {
			begin(row)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// columns are those of a distribution: AIPerf's, and percentiles that were asked
// for.
func columns(more []float64) []string {
	head := []string{"avg", "min", "max", "sum"}
	for _, p := range stat.Summarize([]float64{0}, stat.Population, more...).Points() {
		head = append(head, fmt.Sprintf("p%g", p.Percent))
	}
	return append(head, "std")
}

func cells(s stat.Summary, unit report.Unit) []string {
	row := []string{decimal(s.Mean, unit), decimal(s.Min, unit), decimal(s.Max, unit), decimal(s.Sum, unit)}
	for _, p := range s.Points() {
		row = append(row, decimal(p.Value, unit))
	}
	return append(row, decimal(s.Std, unit))
}

// decimal has two digits behind the point.
func decimal(x float64, unit report.Unit) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return ""
	case unit == report.Megajoules:
		return strconv.FormatFloat(x, 'f', 6, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// named is a header with its unit, where that says more than the header.
func named(header string, unit report.Unit) string {
	switch unit.Shown {
	case "", "count", "requests":
		return header
	}
	return header + " (" + unit.Shown + ")"
}

func distributions(list []report.Metric, more []float64) [][]string {
	rows := [][]string{append([]string{"Metric"}, columns(more)...)}
	for _, m := range list {
		if m.Kind == report.Distribution || m.Kind == report.Weighted {
			rows = append(rows, append([]string{named(m.Header, m.Unit)}, cells(m.Shown(), m.Unit)...))
		}
	}
	return rows
}

func values(list []report.Metric) [][]string {
	rows := [][]string{{"Metric", "Value"}}
	for _, m := range list {
		switch {
		case m.Kind == report.Instant:
			rows = append(rows, []string{named(m.Header, m.Unit), strconv.FormatInt(int64(m.Time), 10)})
		case m.Kind == report.Single:
			rows = append(rows, []string{named(m.Header, m.Unit), decimal(m.Shown().Mean, m.Unit)})
		}
	}
	return rows
}

// gpuRows has a row for each GPU and field. The last columns are there if some
// GPU has something to put into them.
func gpuRows(r *report.Report) [][]string {
	more := []struct {
		head string
		of   func(report.GPU) string
	}{
		{"Hostname", func(g report.GPU) string { return g.Host }},
		{"Namespace", func(g report.GPU) string { return g.Labels["namespace"] }},
		{"Pod Name", pod},
	}
	head := append([]string{"Endpoint", "GPU_Index", "GPU_Name", "GPU_UUID", "Platform", "Metric"}, columns(r.Options.Percentiles)...)
	some := make([]bool, len(more))
	for i, m := range more {
		some[i] = slices.ContainsFunc(r.GPUs, func(g report.GPU) bool { return m.of(g) != "" })
		if some[i] {
			head = append(head, m.head)
		}
	}
	rows := [][]string{head}
	for _, g := range r.GPUs {
		for _, f := range g.Fields {
			row := gpuRow(g, f, len(columns(r.Options.Percentiles)))
			for i, m := range more {
				if some[i] {
					row = append(row, m.of(g))
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// gpuRow has so many statistics.
func gpuRow(g report.GPU, f report.Field, statistics int) []string {
	index := ""
	if g.Index != nil {
		index = strconv.Itoa(*g.Index)
	}
	unit := ""
	if f.Unit.Shown != "" {
		unit = " (" + f.Unit.Shown + ")"
	}
	row := []string{report.Endpoint(g.Source), index, g.Model, g.UUID, g.Platform, header(g.Platform, f.Header) + unit}
	if !f.Counter {
		return append(row, cells(f.Shown(), f.Unit)...)
	}
	row = append(row, decimal(f.Shown().Mean, f.Unit))
	for len(row) < 6+statistics {
		row = append(row, "")
	}
	return row
}
