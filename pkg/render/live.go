package render

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// A Frame says how [Live] shows something.
type Frame struct {
	Width  int // in columns; 0 is [Width]
	Height int // in lines; 0 is any number of them
	NoGPU  bool
	Color  bool
}

// Live is what has happened until now, in lines of at most the given width that
// end in newlines. What goes beyond the height is cut, GPUs first, and told.
func Live(l *report.Live, f Frame) string {
	if f.Width <= 0 {
		f.Width = Width
	}
	head := []string{clip(liveTitle(l), f.Width)}
	if part, left, ok := l.Done(); ok && l.Phase != report.PhaseOver {
		head = append(head, clip(progressBar(l, part, left, f.Width), f.Width))
	}
	head = append(head, fold(liveCounts(l), f.Width)...)
	var rest []string
	section := func(g *grid) {
		if len(g.rows) > 0 {
			rest = append(append(rest, ""), g.lines(f.Width)...)
		}
	}
	section(liveRates(l))
	section(liveLatencies(l))
	if len(l.Errors) > 0 {
		rest = append(rest, "")
		for _, e := range l.Errors {
			rest = append(rest, clip("! "+plain(fmt.Sprintf("%d × %s: %s", e.Count, failure(e), e.Message)), f.Width))
		}
	}
	if l.Unread > 0 {
		rest = append(rest, clip(fmt.Sprintf("! %d lines could not be read", l.Unread), f.Width))
	}
	lines := append(head, rest...)
	if !f.NoGPU && len(l.GPUs) > 0 {
		gpus := liveGPUs(l).lines(f.Width)
		room := len(gpus)
		if f.Height > 0 {
			room = f.Height - len(lines) - 1
		}
		lines = append(append(lines, ""), cutLines(gpus, room, "GPUs")...)
	}
	if f.Height > 0 {
		lines = cutLines(lines, f.Height, "lines")
	}
	for i, s := range lines {
		lines[i] = clip(s, f.Width)
	}
	if f.Color {
		lines[0] = bold + lines[0] + plainly
		for i, s := range lines {
			if strings.HasPrefix(s, "! ") {
				lines[i] = yellow + s + plainly
			}
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// cutLines leaves the first of some lines and tells how many more there are.
func cutLines(lines []string, most int, what string) []string {
	most = max(most, 1)
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clone(lines[:most-1]), fmt.Sprintf("… %d more %s", len(lines)-most+1, what))
}

// clip cuts a line at a width.
func clip(s string, width int) string {
	if across(s) <= width {
		return s
	}
	head, _ := cut(s, width-1)
	return head + "…"
}

func liveTitle(l *report.Live) string {
	s := "aiperf"
	if l.Now > 0 {
		s += " | " + l.Now.Time().UTC().Format("2006-01-02T15:04:05Z")
	}
	switch l.Phase {
	case "":
		s += " | no request yet"
	case report.PhaseOver:
		s += " | the load is over"
	default:
		s += " | " + l.Phase + " for " + span(l.Elapsed)
	}
	if len(l.Models) > 0 {
		s += " | " + strings.Join(l.Models, ", ")
	}
	return plain(s)
}

// span is a stretch of time, to the second.
func span(seconds float64) string {
	return (time.Duration(seconds) * time.Second).String()
}

func progressBar(l *report.Live, part, left float64, width int) string {
	long := min(40, max(10, width/3))
	full := int(part * float64(long))
	s := strings.Repeat("█", full) + strings.Repeat("░", long-full) + fmt.Sprintf(" %.0f %%", math.Floor(part*100))
	switch {
	case l.Goal.Requests > 0:
		s += fmt.Sprintf(" of %d requests", l.Goal.Requests)
	case l.Goal.Seconds > 0:
		s += " of " + span(l.Goal.Seconds)
	}
	if left == left && part < 1 {
		s += ", about " + span(math.Ceil(left)) + " left"
	}
	return s
}

func liveCounts(l *report.Live) string {
	c := l.Requests
	list := []string{fmt.Sprintf("%d done", c.OK), fmt.Sprintf("%d in flight", c.InFlight), fmt.Sprintf("%d failed", c.Failed)}
	if c.Cancelled > 0 {
		list = append(list, fmt.Sprintf("%d cancelled", c.Cancelled))
	}
	if c.Warmup > 0 {
		list = append(list, fmt.Sprintf("%d of the warm-up", c.Warmup))
	}
	return strings.Join(list, ", ")
}

// lately heads the columns of what happened since the frame before.
func lately(l *report.Live) string {
	switch s := l.Recent.Seconds; {
	case s >= 10:
		return fmt.Sprintf("last %.0f s", s)
	case s > 0:
		return fmt.Sprintf("last %.1f s", s)
	}
	return "lately"
}

func liveRates(l *report.Live) *grid {
	g := &grid{head: []string{"Rate", lately(l), "all"}, drop: []int{0, 0, 0}}
	if l.All.Requests == 0 {
		return g
	}
	for _, r := range []struct {
		label string
		of    func(report.Rates) float64
	}{
		{"Requests (1/s)", func(r report.Rates) float64 { return r.Per(float64(r.Requests)) }},
		{"Output Tokens (1/s)", func(r report.Rates) float64 { return r.Per(r.Out) }},
		{"Input Tokens (1/s)", func(r report.Rates) float64 { return r.Per(r.In) }},
	} {
		g.add(r.label, "", number(r.of(l.Recent), 0), number(r.of(l.All), 0))
	}
	return g
}

func liveLatencies(l *report.Live) *grid {
	g := &grid{head: []string{"Metric", "avg", "p50", "p90", "p99", "max", "recent p50", "recent p99"}, drop: []int{0, 3, 0, 5, 0, 6, 1, 2}}
	for _, m := range l.Latencies {
		all, recent := m.All.Scale(m.Unit.Factor), m.Recent.Scale(m.Unit.Factor)
		at := func(s stat.Summary, p float64) string { return number(percentile(p)(s), 0) }
		g.add(m.Header, m.Unit.Shown, number(all.Mean, 0), at(all, 50), at(all, 90), at(all, 99), number(all.Max, 0), at(recent, 50), at(recent, 99))
	}
	return g
}

// old is from how many seconds on a reading's age is told.
const old = 5

func liveGPUs(l *report.Live) *grid {
	g := &grid{head: []string{"GPU", "W", "util %", "SM %", "mem GB", "°C", "MHz", "J", "state"}, drop: []int{0, 0, 1, 7, 5, 4, 6, 3, 2}}
	for _, u := range l.GPUs {
		show := func(name string, unit report.Unit, format string) string {
			x, ok := u.Last[name]
			if !ok {
				return none
			}
			return fmt.Sprintf(format, x*unit.Factor)
		}
		energy := none
		if u.Energy == u.Energy {
			energy = number(u.Energy, 1e9)
		}
		name, _, _ := strings.Cut(u.Name(), " | "+u.Model)
		g.add(name, "", show(record.FieldPower, report.Watts, "%.1f"), show(record.FieldUtilization, report.Percent, "%.0f"),
			show(record.FieldSMUtilization, report.Percent, "%.0f"), show("memory_used", report.Gigabytes, "%.1f"),
			show("temperature", report.Celsius, "%.0f"), show(record.FieldSMClock, report.Megahertz, "%.0f"), energy, state(u))
	}
	return g
}

// state is what is wrong with a GPU.
func state(u report.Glance) string {
	var list []string
	if x := u.Last[record.FieldXID]; x != 0 {
		list = append(list, fmt.Sprintf("XID %.0f", x))
	}
	if u.Throttled {
		list = append(list, "throttled")
	}
	if u.Age > old {
		list = append(list, span(u.Age)+" old")
	}
	if len(list) == 0 {
		return "ok"
	}
	return strings.Join(list, ", ")
}

// failure is what a class of errors is called.
func failure(e report.ErrorClass) string {
	if e.Code != 0 {
		return fmt.Sprintf("%s %d", e.Class, e.Code)
	}
	return e.Class
}

// lines is the table without a box, its header first. Columns that do not fit
// are left out.
func (g *grid) lines(width int) []string {
	s := shape{keep: make([]bool, len(g.head))}
	for i := range s.keep {
		s.keep[i] = true
	}
	total := func() int {
		n := -2
		for _, w := range g.widths(s) {
			n += w + 2
		}
		return n
	}
	for total() > width {
		worst := g.worst(s.keep)
		if worst < 0 {
			break
		}
		s.keep[worst] = false
	}
	widths := g.widths(s)
	row := func(cell func(column int) string) string {
		var b strings.Builder
		n := 0
		for i, k := range s.keep {
			if !k {
				continue
			}
			c := cell(i)
			pad := strings.Repeat(" ", widths[n]-across(c))
			switch n++; n {
			case 1:
				b.WriteString(c + pad)
			default:
				b.WriteString("  " + pad + c)
			}
		}
		return clip(strings.TrimRight(b.String(), " "), width)
	}
	list := []string{row(func(i int) string { return g.header(i, s)[0] })}
	for r := range g.rows {
		list = append(list, row(func(i int) string { return g.cell(r, i, s)[0] }))
	}
	return list
}
