package render

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A grid is a table before it is known how wide it may be.
type grid struct {
	title string
	head  []string   // the first is that of the labels
	unit  []string   // of the labels, by row
	rows  [][]string // the first of each is its label
	drop  []int      // by column: the highest goes first; 0 stays
	left  bool       // columns behind the first are words

	single []bool // by row: it has only the first column
}

func (g *grid) add(label, unit string, cells ...string) {
	g.unit = append(g.unit, unit)
	g.single = append(g.single, len(cells) > 1 && !slices.ContainsFunc(cells[1:], func(c string) bool { return c != none }))
	g.rows = append(g.rows, append([]string{label}, cells...))
}

// label is the first cell of a row.
func (g *grid) label(row int) string {
	l := plain(g.rows[row][0])
	if u := g.unit[row]; u != "" {
		l += " (" + u + ")"
	}
	return l
}

// worst is the column to leave out next; −1 if all that remain must stay.
func (g *grid) worst(keep []bool) int {
	worst := -1
	for i, d := range g.drop {
		if keep[i] && d > 0 && (worst < 0 || d > g.drop[worst]) {
			worst = i
		}
	}
	return worst
}

// widths are those of the columns that are kept.
func (g *grid) widths(s shape) []int {
	list := make([]int, 0, len(s.keep))
	for i, k := range s.keep {
		if !k {
			continue
		}
		w := 0
		for _, l := range g.header(i, s) {
			w = max(w, across(l))
		}
		for row := range g.rows {
			for _, l := range g.cell(row, i, s) {
				w = max(w, across(l))
			}
		}
		list = append(list, w)
	}
	return list
}

// width is that of the box.
func (g *grid) width(s shape) int {
	n := 1
	for _, w := range g.widths(s) {
		n += w + 3
	}
	return n
}

// header is what stands above a column.
func (g *grid) header(column int, s shape) []string {
	head := plain(g.head[column])
	switch {
	case column == 0 && s.label > 0:
		return fold(head, s.label)
	case column == len(g.head)-1 && s.last > 0:
		return fold(head, s.last)
	case column > 0 && s.narrow && !g.left && !g.wider(column, across(head)):
		if i := strings.LastIndex(head, " ("); i > 0 {
			return append(strings.Split(head[:i], " "), head[i+1:])
		}
	}
	return []string{head}
}

// wider tells whether a column is at least so wide below its header.
func (g *grid) wider(column, width int) bool {
	return slices.ContainsFunc(g.rows, func(cells []string) bool { return across(plain(cells[column])) >= width })
}

// cell is what stands in a column.
func (g *grid) cell(row, column int, s shape) []string {
	switch {
	case column == 0:
		if s.label == 0 {
			return []string{g.label(row)}
		}
		return fold(g.label(row), s.label)
	case column == len(g.head)-1 && s.last > 0:
		return fold(plain(g.rows[row][column]), s.last)
	}
	return []string{plain(g.rows[row][column])}
}

// box draws the table.
func (g *grid) box(s shape) string {
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header, style.Format.HeaderAlign = text.FormatDefault, text.AlignDefault
	style.Title.Align = text.AlignCenter
	t.SetStyle(style)
	t.SetTitle(strings.Join(fold(plain(g.title), g.width(s)-4), "\n"))
	t.SetColumnConfigs(g.align(s))
	var head table.Row
	for i, k := range s.keep {
		if k {
			head = append(head, strings.Join(g.header(i, s), "\n"))
		}
	}
	t.AppendHeader(head)
	for row := range g.rows {
		var cells table.Row
		for i, k := range s.keep {
			if k {
				cells = append(cells, strings.Join(g.cell(row, i, s), "\n"))
			}
		}
		t.AppendRow(cells)
	}
	return t.Render()
}

func (g *grid) align(s shape) []table.ColumnConfig {
	var list []table.ColumnConfig
	for i, k := range s.keep {
		if !k {
			continue
		}
		c := table.ColumnConfig{Number: len(list) + 1, Align: text.AlignRight, AlignHeader: text.AlignRight}
		if i == 0 || g.left {
			c.Align, c.AlignHeader = text.AlignLeft, text.AlignLeft
		}
		list = append(list, c)
	}
	return list
}

// plain keeps what came from outside, such as a server's message, from breaking
// the box or driving the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\r' || r == '\n':
			return ' '
		case r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}

// markdown is the table in GitHub's form.
func (g *grid) markdown() string {
	var b strings.Builder
	b.WriteString("### " + escape(g.title) + "\n\n")
	line := func(cells []string) {
		b.WriteString("|")
		for _, c := range cells {
			b.WriteString(" " + escape(c) + " |")
		}
		b.WriteString("\n")
	}
	line(g.head)
	b.WriteString("|:--|")
	for range g.head[1:] {
		if g.left {
			b.WriteString(":--|")
		} else {
			b.WriteString("--:|")
		}
	}
	b.WriteString("\n")
	for i, cells := range g.rows {
		cells = slices.Clone(cells)
		cells[0] = g.label(i)
		line(cells)
	}
	return b.String()
}

// escape keeps Markdown from reading anything into a text.
func escape(s string) string {
	return escaper.Replace(plain(s))
}

var escaper = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)
