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
}

func (g *grid) add(label, unit string, cells ...string) {
	g.unit = append(g.unit, unit)
	g.rows = append(g.rows, append([]string{label}, cells...))
}

// longLabel is how long a header may be to have its unit on the same line when
// space is short.
const longLabel = 30

// label is the first cell of a row.
func (g *grid) label(row int, narrow bool) string {
	l, u := g.rows[row][0], g.unit[row]
	switch {
	case u == "":
		return l
	case narrow && len(l)+len(u)+3 > longLabel:
		return l + "\n(" + u + ")"
	}
	return l + " (" + u + ")"
}

// text is the table in a box of at most the given width.
func (g *grid) text(width int) string {
	keep := make([]bool, len(g.head))
	for i := range keep {
		keep[i] = true
	}
	for narrow := false; ; {
		s := g.box(keep, narrow, 0)
		if widest(s) <= width {
			return s
		}
		if !narrow {
			narrow = true
			continue
		}
		worst := g.worst(keep)
		if worst < 0 {
			return g.box(keep, true, width)
		}
		keep[worst] = false
	}
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

// box draws the columns to keep; a width that is not 0 wraps what is longer.
func (g *grid) box(keep []bool, narrow bool, width int) string {
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header, style.Format.HeaderAlign = text.FormatDefault, text.AlignDefault
	style.Title.Align = text.AlignCenter
	t.SetStyle(style)
	t.SetTitle(plain(g.title))
	t.SetColumnConfigs(g.align(keep, width))
	t.AppendHeader(pick(g.head, keep))
	for i, cells := range g.rows {
		cells = slices.Clone(cells)
		for j := range cells {
			cells[j] = plain(cells[j])
		}
		cells[0] = g.label(i, narrow)
		t.AppendRow(pick(cells, keep))
	}
	if width > 0 {
		t.Style().Size.WidthMax = width
	}
	return t.Render()
}

func (g *grid) align(keep []bool, width int) []table.ColumnConfig {
	var list []table.ColumnConfig
	for i, k := range keep {
		if !k {
			continue
		}
		c := table.ColumnConfig{Number: len(list) + 1, Align: text.AlignRight, AlignHeader: text.AlignRight}
		if i == 0 || g.left {
			c.Align, c.AlignHeader = text.AlignLeft, text.AlignLeft
		}
		list = append(list, c)
	}
	if width > 0 && len(list) > 0 {
		// The last resort: an equal part for each column, borders taken off.
		for i := range list {
			list[i].WidthMax = max(4, (width-1)/len(list)-3)
			list[i].WidthMaxEnforcer = text.WrapText
		}
	}
	return list
}

func pick(cells []string, keep []bool) table.Row {
	var r table.Row
	for i, c := range cells {
		if keep[i] {
			r = append(r, c)
		}
	}
	return r
}

func widest(s string) int {
	w := 0
	for line := range strings.Lines(s) {
		w = max(w, text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")))
	}
	return w
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
		cells[0] = g.label(i, false)
		line(cells)
	}
	return b.String()
}

// escape keeps Markdown from reading anything into a text.
func escape(s string) string {
	return escaper.Replace(plain(s))
}

var escaper = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)
