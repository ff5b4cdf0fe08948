package render

import (
	"fmt"
	"math"
	"strings"

	"aiperf/pkg/report"
)

// judged is a table of verdicts on objectives, and why some have no value.
func judged(r *report.Report) []page {
	if len(r.Verdicts) == 0 {
		return nil
	}
	missed := len(r.Missed())
	title := fmt.Sprintf("aiperf | Objectives (all %d are met)", len(r.Verdicts))
	if missed > 0 {
		title = fmt.Sprintf("aiperf | Objectives (%d of %d are missed)", missed, len(r.Verdicts))
	}
	g := &grid{title: title, head: []string{"Objective", "value", "bound", "margin", "verdict"}, drop: []int{0, 0, 0, 1, 0}}
	var lines []line
	for _, v := range r.Verdicts {
		name := v.Name
		if v.GPU != "" && v.Why == "" {
			name += ", " + v.GPU
		}
		unit := v.Unit.Shown
		if unit == "count" {
			unit = ""
		}
		g.add(name, unit, value(v), strings.TrimSpace(v.Op+" "+v.Bound), margin(v.Margin), met(v))
		if v.Why != "" {
			lines = append(lines, line{"✘", v.Why})
		}
	}
	list := []page{{grid: g}}
	if len(lines) > 0 {
		list = append(list, page{lines: lines})
	}
	return list
}

func value(v report.Verdict) string {
	switch {
	case v.Text != "":
		return v.Text
	case math.IsNaN(v.Value):
		return none
	}
	return digits(v.Value * v.Unit.Factor)
}

func margin(x float64) string {
	if math.IsNaN(x) {
		return none
	}
	return percent(x)
}

// percent is a share with its sign: two decimals below 1 %, one above, and none of
// what is beyond all measure.
func percent(x float64) string {
	s := fmt.Sprintf("%+.1f %%", 100*x)
	switch a := math.Abs(x); {
	case a < 0.01:
		s = fmt.Sprintf("%+.2f %%", 100*x)
	case a >= 10:
		s = fmt.Sprintf("%+.0f %%", 100*x)
	}
	if strings.Trim(s, "+-0. %") == "" {
		return "0.0 %"
	}
	return s
}

func met(v report.Verdict) string {
	switch {
	case v.Met:
		return "✔ met"
	case v.Why != "":
		return "✘ not measured"
	}
	return "✘ missed"
}
