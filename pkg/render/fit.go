package render

import (
	"fmt"
	"slices"
	"strings"
)

// A shape is how a grid is drawn.
type shape struct {
	keep   []bool // columns
	narrow bool   // units in headers are on lines of their own
	label  int    // the first column is wrapped at this width; 0 is not at all
	last   int    // and so is the last one
}

// fit is the table in at most so many columns, and what is said under it. What
// is too wide is put on more lines, then single values go into a table of their
// own, then columns are left out, and at last the table is no box any more.
func (g *grid) fit(width int) string {
	all := shape{keep: make([]bool, len(g.head))}
	for i := range all.keep {
		all.keep[i] = true
	}
	if g.width(all) <= width {
		return g.box(all) + "\n"
	}
	// At AIPerf's width a table keeps all of AIPerf's rows.
	if many, one := g.apart(); width < Width && len(one.rows) > 0 {
		if len(many.rows) == 0 {
			one.title = g.title
			return one.fit(width)
		}
		return many.fit(width) + "\n" + one.fit(width)
	}
	if g.left {
		return g.words(all, width)
	}
	all.narrow, all.label = true, g.longest()
	if room := g.room(all, width); room >= all.label {
		all.label = room
		return g.box(all) + "\n"
	}
	s := all
	s.keep, s.label = slices.Clone(all.keep), max(leastLabel, width*3/8)
	for g.width(s) > width {
		worst := g.worst(s.keep)
		if worst < 0 {
			if s.label = g.room(s, width); s.label < leastLabel {
				return g.stack(width)
			}
			continue
		}
		s.keep[worst] = false
	}
	// What was wrapped to keep columns may have more room now.
	s.label = max(s.label, g.room(s, width))
	return g.box(s) + "\n" + g.missing(s, all, width)
}

// room is how wide the first column may be.
func (g *grid) room(s shape, width int) int { return width - (g.width(s) - g.widths(s)[0]) }

// longest is the width of the longest label without its unit.
func (g *grid) longest() int {
	n := across(g.head[0])
	for i, cells := range g.rows {
		n = max(n, across(plain(cells[0])), across("("+g.unit[i]+")"))
	}
	return n
}

const (
	leastLabel = 17 // a label is not wrapped at less: "(tokens/sec/user)" stays whole
	leastWords = 20 // nor a column of words
)

// words wraps the last column of a table that holds words.
func (g *grid) words(s shape, width int) string {
	for range 2 {
		s.last = 0
		w := g.widths(s)
		s.last = width - (g.width(s) - w[len(w)-1])
		if s.last >= leastWords && g.width(s) <= width {
			return g.box(s) + "\n"
		}
		s.label = leastLabel
	}
	return g.stack(width)
}

// missing tells which columns are left out, and what it takes to see them.
func (g *grid) missing(s, all shape, width int) string {
	var names []string
	for i, k := range s.keep {
		if !k {
			names = append(names, g.head[i])
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := fmt.Sprintf("left out for want of width: %s; --width %d shows all", strings.Join(names, ", "), g.width(all))
	return strings.Join(fold(text, width), "\n") + "\n"
}

// apart puts the rows of single values, whose other columns say nothing, into a
// table of two columns.
func (g *grid) apart() (many, one *grid) {
	m, o := *g, grid{title: g.title + ": single values", head: []string{g.head[0], "value"}, drop: []int{0, 0}}
	m.rows, m.unit, m.single = nil, nil, nil
	for i, cells := range g.rows {
		if g.single[i] {
			o.add(cells[0], g.unit[i], cells[1])
		} else {
			m.add(cells[0], g.unit[i], cells[1:]...)
		}
	}
	return &m, &o
}

// stack is the table without columns: each row is its label and below it what it
// has, each with its header.
func (g *grid) stack(width int) string {
	var b strings.Builder
	for _, l := range fold(plain(g.title), width) {
		b.WriteString(l + "\n")
	}
	b.WriteString(strings.Repeat("─", width) + "\n")
	for i, cells := range g.rows {
		label := plain(g.label(i))
		if len(cells) == 2 {
			label += ": " + plain(cells[1])
		}
		for j, l := range fold(label, width-2) {
			if j > 0 {
				l = "  " + l
			}
			b.WriteString(l + "\n")
		}
		if len(cells) == 2 {
			continue
		}
		line := ""
		for j, c := range cells[1:] {
			if c == none {
				continue
			}
			for k, pair := range fold(g.head[j+1]+" "+plain(c), width-2) {
				switch {
				case k == 0 && line != "" && across(line)+2+across(pair) <= width-2:
					line += "  " + pair
				default:
					if line != "" {
						b.WriteString("  " + line + "\n")
					}
					line = pair
				}
			}
		}
		if line != "" {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String()
}
