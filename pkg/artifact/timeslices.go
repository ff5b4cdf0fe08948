package artifact

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/report"
)

// errNoSlices is given where a report has no time slices.
var errNoSlices = errors.New("there are no time slices: the report was not cut into any, or has no requests")

// TimeslicesJSON writes r as profile_export_aiperf_timeslices.json. As in
// AIPerf's file, slices in which no request began are left out.
func TimeslicesJSON(w io.Writer, r *report.Report) error {
	list := timeslices(r, false)
	if len(list) == 0 {
		return errNoSlices
	}
	o := object{{"timeslices", list}}
	if c := inputConfig(r, loadRun(r)); c != nil {
		o.set("input_config", c)
	}
	return o.write(w)
}

// timeslices has AIPerf's form. Those in which no request began are only there
// if all are asked for.
func timeslices(r *report.Report, all bool) []object {
	var list []object
	for _, s := range r.Slices {
		if !all && counted(s) == 0 {
			continue
		}
		o := object{{"start_ns", int64(s.From)}, {"end_ns", int64(s.To)}}
		if !s.Complete {
			o.set("is_complete", false)
		}
		for _, m := range declared(sliceMetrics(r, s)) {
			o.set(m.Tag, shown(m))
		}
		if len(s.GPUs) > 0 {
			o.set("gpus", readings(s.GPUs))
		}
		list = append(list, o)
	}
	return list
}

func counted(s report.Slice) int { return s.Requests.OK + s.Requests.Failed + s.Requests.Cancelled }

// energyTags are the metrics of energy in a slice, which carry the platform.
var energyTags = []string{"total_gpu_energy", "average_gpu_power", "energy_per_output_token"}

func sliceMetrics(r *report.Report, s report.Slice) []report.Metric {
	list := slices.Clone(s.Metrics)
	for i, m := range list {
		if slices.Contains(energyTags, m.Tag) {
			list[i].Tag = prefix(platform(r)) + m.Tag
		}
	}
	return list
}

// TimeslicesCSV writes r as profile_export_aiperf_timeslices.csv: a row for each
// slice, metric and statistic.
func TimeslicesCSV(w io.Writer, r *report.Report) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	c.Write([]string{"Timeslice", "Start_NS", "End_NS", "Metric", "Unit", "Stat", "Value"})
	n := 0
	for _, s := range r.Slices {
		if counted(s) == 0 {
			continue
		}
		list := sliceMetrics(r, s)
		slices.SortFunc(list, func(a, b report.Metric) int { return strings.Compare(a.Tag, b.Tag) })
		for _, m := range list {
			for _, x := range cellsOf(m) {
				c.Write([]string{strconv.Itoa(n), strconv.FormatInt(int64(s.From), 10), strconv.FormatInt(int64(s.To), 10),
					m.Header, m.Unit.Shown, x[0], x[1]})
			}
		}
		n++
	}
	if n == 0 {
		return errNoSlices
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// cellsOf are the statistics that a metric has, by name.
func cellsOf(m report.Metric) [][2]string {
	s := m.Shown()
	switch m.Kind {
	case report.Instant:
		return [][2]string{{"avg", strconv.FormatInt(int64(m.Time), 10)}}
	case report.Single:
		return [][2]string{{"avg", decimal(s.Mean, m.Unit)}}
	}
	more := make([]float64, len(s.More))
	for i, p := range s.More {
		more[i] = p.Percent
	}
	var list [][2]string
	for i, head := range columns(more) {
		if cell := cells(s, m.Unit)[i]; cell != "" {
			list = append(list, [2]string{head, cell})
		}
	}
	return list
}
