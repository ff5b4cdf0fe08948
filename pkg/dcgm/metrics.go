package dcgm

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Metric is a row of an exporter's own list of metrics.
type Metric struct {
	Family string // such as DCGM_FI_DEV_POWER_USAGE
	Type   string // gauge, counter, histogram, summary, untyped, or label
	Help   string // which may name a unit
	Line   int
}

// A MetricsError tells what is wrong with a list of metrics, and where.
type MetricsError struct {
	Line, Column int // counted from 1; Column counts bytes
	Why          string
}

func (e *MetricsError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why)
}

// ReadMetrics reads a list of metrics in dcgm-exporter's CSV format, by that
// exporter's rules: "#" begins a comment; three columns, which are the name, the
// type and the help; spaces around them count for nothing, but tabs do; a help
// with a comma in it is quoted. That there is a field of each name cannot be
// checked here. Any error of the list is a *MetricsError.
func ReadMetrics(r io.Reader) ([]Metric, error) {
	c := csv.NewReader(r)
	c.Comment = '#'
	c.FieldsPerRecord = -1
	var out []Metric
	seen := map[string]int{}
	for {
		row, err := c.Read()
		if err == io.EOF {
			return out, nil
		}
		if p, ok := errors.AsType[*csv.ParseError](err); ok {
			why := p.Err.Error()
			if errors.Is(err, csv.ErrBareQuote) {
				why += " (a quoted help begins right after the comma)"
			}
			return nil, &MetricsError{p.Line, p.Column, why}
		}
		if err != nil {
			return nil, fmt.Errorf("read metrics: %w", err)
		}
		m, bad := metric(c, row)
		if bad != nil {
			return nil, bad
		}
		if before := seen[m.Family]; before > 0 {
			return nil, at(c, 0, "%s is on line %d already", m.Family, before)
		}
		seen[m.Family] = m.Line
		out = append(out, m)
	}
}

// types are those that some version of the exporter takes.
var types = map[string]bool{"gauge": true, "counter": true, "histogram": true, "summary": true, "untyped": true, "label": true}

// metric checks a row.
func metric(c *csv.Reader, row []string) (Metric, *MetricsError) {
	if len(row) > 3 {
		return Metric{}, at(c, 3, "%d columns, want 3: name, type, help (a help with a comma in it must be quoted)", len(row))
	}
	if len(row) < 3 {
		return Metric{}, at(c, 0, "%d columns, want 3: name, type, help", len(row))
	}
	for i := range row {
		row[i] = strings.Trim(row[i], " ")
	}
	line, _ := c.FieldPos(0)
	m := Metric{row[0], row[1], row[2], line}
	if line == 1 {
		m.Family = strings.TrimPrefix(m.Family, "\ufeff")
	}
	if !strings.HasPrefix(m.Family, "DCGM_FI_") && !strings.HasPrefix(m.Family, "DCGM_EXP_") || name(m.Family, 0, false) != len(m.Family) {
		return m, at(c, 0, "%s is no field of DCGM; want DCGM_FI_… or DCGM_EXP_…%s", quote(m.Family), tab(m.Family))
	}
	if !types[m.Type] {
		return m, at(c, 1, "%s is no type; want gauge, counter, histogram, summary, untyped or label%s", quote(m.Type), tab(m.Type))
	}
	return m, nil
}

func at(c *csv.Reader, field int, format string, a ...any) *MetricsError {
	line, column := c.FieldPos(field)
	return &MetricsError{line, column, fmt.Sprintf(format, a...)}
}

func quote(s string) string { return fmt.Sprintf("%q", s[:min(len(s), badText)]) }

// tab is a hint.
func tab(s string) string {
	if strings.Contains(s, "\t") {
		return " (a tab is not taken away, only spaces are)"
	}
	return ""
}
