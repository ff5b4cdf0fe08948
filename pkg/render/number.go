package render

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/stat"
)

// number has two decimals and commas between thousands; scientific from a limit
// up, if there is one.
func number(x, limit float64) string {
	if math.IsNaN(x) {
		return none
	}
	if limit > 0 && math.Abs(x) >= limit {
		return strconv.FormatFloat(x, 'e', 2, 64)
	}
	return commas(strconv.FormatFloat(x, 'f', 2, 64))
}

// digits has two decimals, and more where a small number would have less than
// three digits.
func digits(x float64) string {
	a := math.Abs(x)
	if a == 0 || a >= 1 {
		return number(x, 1e12)
	}
	if a < 1e-6 {
		return strconv.FormatFloat(x, 'e', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', 2-int(math.Floor(math.Log10(a))), 64)
}

func commas(s string) string {
	whole, fraction, ok := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if ok {
		return sign + b.String() + "." + fraction
	}
	return sign + b.String()
}

// A column shows one statistic.
type column struct {
	head string
	of   func(stat.Summary) float64
	drop int // the highest goes first when there is no room; 0 never does
}

func percentile(p float64) func(stat.Summary) float64 {
	return func(s stat.Summary) float64 {
		if x, ok := s.Percentile(p); ok {
			return x
		}
		return math.NaN()
	}
}

// A layout is the columns of a table of statistics.
type layout []column

// columnsOf are AIPerf's columns, with other percentiles than its own if there
// are any. The first is all that a single value has.
func columnsOf(percentiles []float64) layout {
	list := layout{
		{"avg", func(s stat.Summary) float64 { return s.Mean }, 0},
		{"min", func(s stat.Summary) float64 { return s.Min }, 6},
		{"max", func(s stat.Summary) float64 { return s.Max }, 3},
	}
	if len(percentiles) == 0 {
		list = append(list, column{"p99", percentile(99), 2}, column{"p90", percentile(90), 4}, column{"p50", percentile(50), 1})
	}
	for i, p := range slices.Backward(percentiles) {
		// What was asked for goes last.
		drop := 1
		if i > 2 {
			drop = 2
		}
		list = append(list, column{fmt.Sprintf("p%g", p), percentile(p), drop})
	}
	return append(list, column{"std", func(s stat.Summary) float64 { return s.Std }, 7})
}
