package render

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/report"
)

// compared is what there is to show of a comparison: it, the verdicts that were
// asked for, and what else differs.
func compared(r *report.Report, opt Options) []page {
	c := r.Comparison
	list := []page{{lines: []line{{"", "aiperf | old: " + strings.Join(c.Names[0], ", ")}, {"", "aiperf | new: " + strings.Join(c.Names[1], ", ")}}}}
	g := &grid{title: "aiperf | Comparison, new against old", head: []string{"Metric", "old", "new", "change", "interval (95 %)", "p", "verdict"},
		drop: []int{0, 0, 0, 0, 1, 2, 0}}
	notes := &footnotes{}
	unsure := false
	for _, x := range c.Changes {
		if opt.NoGPU && ofEnergy(x) {
			continue
		}
		g.add(label(x), x.Name.Unit.Shown, moved(x)...)
		if x.TooLittle != "" {
			notes.add(label(x), x.TooLittle)
		}
		unsure = unsure || x.Differs() && !x.Sure
	}
	if len(g.rows) > 0 {
		list = append(list, page{grid: g})
	}
	if len(c.Limits) > 0 {
		list = append(list, page{grid: limits(c, notes)})
	}
	list = append(list, judged(r)...)
	if unsure {
		notes.lines = append(notes.lines, line{"•", "with a ?: the change's own interval is without 0, but among so many numbers it may be chance (Holm)"})
	}
	notes.lines = append(notes.lines, remarks(&report.Report{Notes: c.Notes})...)
	if !opt.NoNote && len(notes.lines) > 0 {
		list = append(list, page{lines: notes.lines})
	}
	return list
}

func ofEnergy(x report.Change) bool {
	return strings.Contains(x.Name.Tag, "energy") || strings.Contains(x.Name.Tag, "power")
}

// footnotes say the same thing of several numbers once.
type footnotes struct {
	lines []line
	about []string
	what  []string
}

func (f *footnotes) add(about, what string) {
	if i := slices.Index(f.what, what); i >= 0 {
		f.about[i] += ", " + about
		f.lines[i].text = f.about[i] + ": " + what
		return
	}
	f.about, f.what = append(f.about, about), append(f.what, what)
	f.lines = append(f.lines, line{"•", about + ": " + what})
}

// label is a metric's header with the statistic, if there are several.
func label(x report.Change) string {
	s := x.Header
	if s == "" {
		s = x.Name.Tag
	}
	if x.Name.Stat != "" {
		s += " " + x.Name.Stat
	}
	return s
}

// moved are the cells of a change.
func moved(x report.Change) []string {
	f := x.Name.Unit.Factor
	cells := []string{or(x.Old, digits(x.Old*f)), or(x.New, digits(x.New*f)), change(x), interval(x), none, changed(x)}
	if x.P == x.P {
		cells[4] = fmt.Sprintf("%.2g", x.P)
	}
	return cells
}

func or(x float64, s string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	return s
}

// relative tells whether a change is shown as a share, which one from 0 is not,
// nor one of a percentage, which would be read as the other.
func relative(x report.Change) bool {
	return x.Relative-x.Relative == 0 && x.Name.Unit != report.Percent
}

func change(x report.Change) string {
	if relative(x) {
		return percent(x.Relative)
	}
	return or(x.Change, signed(x.Change*x.Name.Unit.Factor)+absolute(x))
}

// interval is that of the change. That of a share may not be known, for the old
// number might as well have been 0; it is then that of the change by the old
// number as it is.
func interval(x report.Change) string {
	in := x.RelativeIn
	if math.IsNaN(in.Low) {
		in.Low, in.High = x.ChangeIn.Low/math.Abs(x.Old), x.ChangeIn.High/math.Abs(x.Old)
	}
	f := x.Name.Unit.Factor
	switch {
	case math.IsNaN(x.ChangeIn.Low):
		return none
	case relative(x):
		return percent(in.Low) + " … " + percent(in.High)
	}
	return signed(x.ChangeIn.Low*f) + " … " + signed(x.ChangeIn.High*f) + absolute(x)
}

// absolute says that a change is one in the unit, and not a share.
func absolute(x report.Change) string {
	if x.Name.Unit.Shown == "%" {
		return " points"
	}
	return " " + x.Name.Unit.Shown
}

func signed(x float64) string {
	if x > 0 {
		return "+" + digits(x)
	}
	return digits(x)
}

// changed is the verdict, with a sign that does without colour.
func changed(x report.Change) string {
	sign := map[string]string{report.Better: "✔ ", report.Worse: "✘ ", report.Changed: "≠ ", report.Same: "= ", report.Undecided: "– "}[x.Verdict]
	s := sign + x.Verdict
	if x.TooLittle == "" && x.Differs() && !x.Sure {
		s += "?"
	}
	return s
}

// limits are the verdicts on changes.
func limits(c *report.Comparison, notes *footnotes) *grid {
	title := fmt.Sprintf("aiperf | Limits (all %d are kept)", len(c.Limits))
	if n := len(c.Failing()); n > 0 {
		title = fmt.Sprintf("aiperf | Limits (%d of %d fail)", n, len(c.Limits))
	}
	g := &grid{title: title, head: []string{"Fail if", "old", "limit", "new", "change", "verdict"}, drop: []int{0, 1, 0, 0, 0, 0}}
	for _, l := range c.Limits {
		x := l.Change
		f := x.Name.Unit.Factor
		verdict := "✔ kept"
		switch {
		case l.Failed && x.TooLittle != "":
			verdict = "✘ cannot be told"
		case l.Failed:
			verdict = "✘ exceeded"
		case l.Why != "":
			verdict = "✔ kept, perhaps"
		}
		g.add(l.Text, x.Name.Unit.Shown, or(x.Old, digits(x.Old*f)), or(l.Bound, digits(l.Bound*f)), or(x.New, digits(x.New*f)), change(x), verdict)
		if l.Why != "" {
			notes.add(l.Text, l.Why)
		}
	}
	return g
}
