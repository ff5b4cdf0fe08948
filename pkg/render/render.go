package render

import (
	"fmt"
	"io"
	"strings"

	"aiperf/pkg/report"
)

// Width is what a table takes if nobody says how much there is.
const Width = 140

// Options say how a report is shown. The zero value is ready.
type Options struct {
	Width  int  // in columns; 0 is [Width]
	NoGPU  bool // leave out all about GPUs and their energy
	NoNote bool // leave out the notes
	Color  bool // what a terminal shows may be coloured; only Text does it
	Trace  bool // show what happened below requests

	Percentiles []float64 // the columns of percentiles; none are AIPerf's: 99, 90, 50
}

// Text writes r as tables, with what is to be noted under them.
func Text(w io.Writer, r *report.Report, opt Options) error {
	if opt.Width <= 0 {
		opt.Width = Width
	}
	opt.Width = max(opt.Width, 40)
	var parts []string
	for _, p := range pages(r, opt) {
		switch {
		case p.grid != nil:
			parts = append(parts, p.grid.fit(opt.Width))
		default:
			parts = append(parts, wrapped(p.lines, opt.Width))
		}
	}
	out := strings.Join(parts, "\n")
	if opt.Color {
		out = paint(out)
	}
	_, err := io.WriteString(w, out)
	return err
}

// Markdown writes r for a pull request on GitHub.
func Markdown(w io.Writer, r *report.Report, opt Options) error {
	var parts []string
	for _, p := range pages(r, opt) {
		if p.grid != nil {
			parts = append(parts, p.grid.markdown())
			continue
		}
		var b strings.Builder
		for _, l := range p.lines {
			if l.mark == "" {
				b.WriteString(escape(l.text) + "\n\n")
				continue
			}
			b.WriteString("- " + l.bold() + escape(l.text) + "\n")
		}
		parts = append(parts, strings.TrimRight(b.String(), "\n")+"\n")
	}
	_, err := io.WriteString(w, strings.Join(parts, "\n"))
	return err
}

// A page is a table or some lines.
type page struct {
	grid  *grid
	lines []line
}

// A line begins with its mark, and goes on behind it when it is wrapped.
type line struct{ mark, text string }

func (l line) bold() string {
	if l.mark == "•" {
		return ""
	}
	return l.mark + " "
}

// pages is what there is to show of r.
func pages(r *report.Report, opt Options) []page {
	if r.Comparison != nil {
		return compared(r, opt)
	}
	var list []page
	table := func(g *grid) {
		if len(g.rows) > 0 {
			list = append(list, page{grid: g})
		}
	}
	c := columnsOf(opt.Percentiles)
	table(c.llm(r))
	table(c.metrics("aiperf | Concurrency and Throughput over Time", r.Metrics, report.TableLoad))
	if opt.Trace {
		table(c.metrics("aiperf | HTTP Trace", r.Metrics, report.TableHTTP))
	}
	table(c.metrics("aiperf | Server while Requests Ran", r.Metrics, report.TableServer))
	table(failures(r))
	for _, g := range c.groups(r) {
		table(g)
	}
	table(timeslices(r, opt))
	if opt.NoGPU {
		r = &report.Report{Notes: r.Notes, Verdicts: r.Verdicts}
	} else {
		if l := reachability(r); len(l) > 0 {
			list = append(list, page{lines: l})
		}
		for _, u := range r.GPUs {
			table(c.gpu(u))
		}
	}
	if e := r.Energy; e != nil {
		table(energy(e))
		if l := told(e); len(l) > 0 {
			list = append(list, page{lines: l})
		}
		table(c.shares(e))
		if len(e.GPUs) > 1 {
			table(split(e))
		}
	}
	list = append(list, judged(r)...)
	if l := remarks(r); len(l) > 0 && !opt.NoNote {
		list = append(list, page{lines: l})
	}
	return list
}

// reachability tells which exporters answered. Those that are always tried are
// only mentioned if they did, or if none did.
func reachability(r *report.Report) []line {
	reachable := 0
	for _, s := range r.Sources {
		if s.Reachable {
			reachable++
		}
	}
	var lines []line
	shown := 0
	for _, s := range r.Sources {
		if !s.Reachable && s.Default && reachable > 0 {
			continue
		}
		shown++
		if s.Reachable {
			lines = append(lines, line{"✔", report.Endpoint(s.URL)})
		} else {
			lines = append(lines, line{"✘", report.Endpoint(s.URL) + ": " + s.Error})
		}
	}
	if shown == 0 {
		return nil
	}
	return append([]line{{"", fmt.Sprintf("aiperf | GPU Telemetry Summary: %d/%d sources reachable", reachable, shown)}}, lines...)
}

func wrapped(lines []line, width int) string {
	var b strings.Builder
	for _, l := range lines {
		first, rest := "", ""
		if l.mark != "" {
			first, rest = l.mark+" ", "  "
		}
		for i, s := range fold(plain(l.text), width-len(rest)) {
			if i > 0 {
				first = rest
			}
			b.WriteString(first + s + "\n")
		}
	}
	return b.String()
}
