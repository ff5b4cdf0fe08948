package chart

import (
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// A picture is panels above each other on one axis of time.
type picture struct {
	strings.Builder
	title     string
	zero      record.Time
	panels    []panel
	low, high float64 // of time
}

type panel struct {
	title, about string
	height       int
	lines        []line
	dots         []dots
	levels       []level
	show         func(x, like float64) string
}

type line struct {
	name            string
	colour          int
	x, y            []float64
	stepped, filled bool
}

type dots struct {
	colour int
	cross  bool
	x, y   []float64
}

type level struct {
	y    float64
	name string
}

func (l *line) add(x, y float64) { l.x, l.y = append(l.x, x), append(l.y, y) }
func (d *dots) add(x, y float64) { d.x, d.y = append(d.x, x), append(d.y, y) }

func (l *line) any() bool { return slices.ContainsFunc(l.y, func(y float64) bool { return y > 0 }) }

func (p *panel) empty() bool {
	for _, d := range p.dots {
		if len(d.x) > 0 && !d.cross {
			return false
		}
	}
	for _, l := range p.lines {
		if len(l.x) > 0 {
			return false
		}
	}
	return true
}

// thin keeps the lowest and the highest of every stretch, of which there are n.
func (l *line) thin(n int) {
	if len(l.x) <= 2*n {
		return
	}
	from, width := l.x[0], (l.x[len(l.x)-1]-l.x[0])/float64(n)
	t := line{name: l.name, colour: l.colour}
	for i := 0; i < len(l.x); {
		k, low, high := math.Floor((l.x[i]-from)/width), i, i
		for ; i < len(l.x) && math.Floor((l.x[i]-from)/width) == k; i++ {
			if l.y[i] < l.y[low] {
				low = i
			}
			if l.y[i] > l.y[high] {
				high = i
			}
		}
		t.add(l.x[min(low, high)], l.y[min(low, high)])
		if low != high {
			t.add(l.x[max(low, high)], l.y[max(low, high)])
		}
	}
	*l = t
}

const (
	width       = 800
	left, right = 72, 18
	top         = 40 // of the title
	head        = 24 // of a panel
	gap         = 14
	foot        = 34 // of the axis
)

// The colours are those of Okabe and Ito, which differ also to people who do not
// see all of them.
const style = `text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;fill:#1b2026}
.back{fill:#fff}.t{font-weight:600}.m{fill:#5b6673}.s{font-size:11px}.g{stroke:#e2e6eb}.v{stroke:#5b6673;stroke-dasharray:3 3}
.l{fill:none;stroke-width:1.4;stroke-linejoin:round}.d{fill:none;stroke-width:3.4;stroke-linecap:round;stroke-opacity:.7}.x{fill:none;stroke-width:1.4}.f{stroke:none;fill-opacity:.16}
.k0{stroke:#0072b2;fill:#0072b2}.k1{stroke:#d55e00;fill:#d55e00}.k2{stroke:#009e73;fill:#009e73}.k3{stroke:#b65a94;fill:#b65a94}
.k4{stroke:#c98700;fill:#c98700}.k5{stroke:#3fa3dc;fill:#3fa3dc}.k6{stroke:#5b6673;fill:#5b6673}.k7{stroke:#8a7a00;fill:#8a7a00}
@media(prefers-color-scheme:dark){text{fill:#e7eaee}.back{fill:#14181d}.m{fill:#98a3b0}.g{stroke:#2c333b}.v{stroke:#98a3b0}
.k0{stroke:#4aa8e0;fill:#4aa8e0}.k1{stroke:#f08a3c;fill:#f08a3c}.k2{stroke:#2fc79a;fill:#2fc79a}.k3{stroke:#e08dc0;fill:#e08dc0}
.k4{stroke:#f0b93a;fill:#f0b93a}.k5{stroke:#8fd0f7;fill:#8fd0f7}.k6{stroke:#aab4bf;fill:#aab4bf}.k7{stroke:#e8dc55;fill:#e8dc55}}
.l,.d,.x{fill:none}.f{stroke:none}`

func (p *picture) draw() {
	p.extent()
	height := top + foot
	for _, n := range p.panels {
		height += head + n.height + gap
	}
	fmt.Fprintf(p, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height)
	fmt.Fprintf(p, "<title>%s</title>\n<style>%s</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", text(p.heading()), style, width, height)
	fmt.Fprintf(p, "<text x=\"16\" y=\"26\" class=\"t\" style=\"font-size:15px\">%s</text>\n", text(clip(p.heading(), 95)))
	y := top
	for i := range p.panels {
		y += head
		p.panel(&p.panels[i], y)
		y += p.panels[i].height + gap
	}
	bottom := y - gap
	for _, t := range timeTicks(p.low, p.high, 9) {
		fmt.Fprintf(p, "<text x=\"%.1f\" y=\"%d\" class=\"m s\" text-anchor=\"middle\">%s</text>\n", p.x(t), bottom+17, clock(t))
	}
	p.WriteString("</svg>\n")
}

func (p *picture) heading() string {
	var what []string
	for i, n := range p.panels {
		t := n.title
		if i > 0 && !strings.HasPrefix(t, "GPU") {
			t = strings.ToLower(t[:1]) + t[1:]
		}
		what = append(what, t)
	}
	s := strings.Join(what, " and ") + " over time"
	if p.title != "" {
		s += ", " + p.title
	}
	return s
}

// extent is the time that any panel tells of.
func (p *picture) extent() {
	p.low, p.high = math.Inf(1), math.Inf(-1)
	for _, n := range p.panels {
		for _, l := range n.lines {
			p.reach(l.x)
		}
		for _, d := range n.dots {
			p.reach(d.x)
		}
	}
	if p.high <= p.low {
		p.low, p.high = p.low-0.5, p.low+0.5
	}
}

func (p *picture) reach(x []float64) {
	if len(x) > 0 {
		p.low, p.high = min(p.low, slices.Min(x)), max(p.high, slices.Max(x))
	}
}

func (p *picture) x(t float64) float64 {
	return left + (width-left-right)*(t-p.low)/(p.high-p.low)
}

// panel draws one, whose plot begins at y.
func (p *picture) panel(n *panel, y int) {
	low, high := n.between()
	at := func(v float64) float64 { return float64(y) + float64(n.height)*(1-(v-low)/(high-low)) }
	fmt.Fprintf(p, "<text x=\"16\" y=\"%d\" class=\"t\">%s <tspan class=\"m\" font-weight=\"400\" dx=\"6\">%s</tspan></text>\n", y-9, text(n.title), text(n.about))
	p.names(n, y-9)
	for _, v := range ticks(low, high, max(2, n.height/45)) {
		fmt.Fprintf(p, "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"m s\" text-anchor=\"end\">%s</text>\n",
			left, at(v), width-right, left-8, at(v)+4, text(n.show(v, high)))
	}
	for _, t := range timeTicks(p.low, p.high, 9) {
		fmt.Fprintf(p, "<path class=\"g\" d=\"M%.1f %dv%d\"/>\n", p.x(t), y, n.height)
	}
	for _, l := range n.lines {
		p.line(l, at, float64(y+n.height))
	}
	for _, d := range n.dots {
		p.dots(d, at)
	}
	for _, v := range n.levels {
		fmt.Fprintf(p, "<path class=\"v\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"s\" text-anchor=\"end\">%s</text>\n", left, at(v.y), width-right, width-right, at(v.y)-3, v.name)
	}
}

// between are the ends of a panel's axis: 0 unless all lies far from it.
func (n *panel) between() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	reach := func(y []float64) {
		if len(y) > 0 {
			low, high = min(low, slices.Min(y)), max(high, slices.Max(y))
		}
	}
	for _, l := range n.lines {
		reach(l.y)
	}
	for _, d := range n.dots {
		reach(d.y)
	}
	if low >= 0 && low < 0.6*high || low == high {
		low = min(0, low)
	} else {
		low -= 0.1 * (high - low)
	}
	if high <= low {
		high = low + 1
	}
	return low, high + 0.06*(high-low)
}

// names is the key of a panel's lines, at its right.
func (p *picture) names(n *panel, y int) {
	const most = 8
	x := width - right
	for i := min(len(n.lines), most) - 1; i >= 0; i-- {
		l := n.lines[i]
		if l.name == "" {
			continue
		}
		name := short(l.name, n.lines)
		x -= 7*len([]rune(name)) + 20
		fmt.Fprintf(p, "<rect class=\"f k%d\" style=\"fill-opacity:1\" x=\"%d\" y=\"%d\" width=\"9\" height=\"9\" rx=\"2\"/><text x=\"%d\" y=\"%d\" class=\"m s\">%s</text>\n", l.colour%8, x, y-9, x+13, y, text(name))
	}
}

// short leaves the host out where all lines have the same.
func short(name string, lines []line) string {
	host, rest, ok := strings.Cut(name, " ")
	for _, l := range lines {
		if h, _, _ := strings.Cut(l.name, " "); h != host || len(lines) < 2 {
			ok = false
		}
	}
	if ok {
		name = rest
	}
	return clip(name, 16)
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func (p *picture) line(l line, at func(float64) float64, bottom float64) {
	var b strings.Builder
	for i := range l.x {
		x, y := p.x(l.x[i]), at(l.y[i])
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		case l.stepped:
			fmt.Fprintf(&b, "H%.1fV%.1f", x, y)
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", x, y)
		}
	}
	if l.filled && len(l.x) > 0 {
		fmt.Fprintf(p, "<path class=\"f k%d\" d=\"%sV%.1fH%.1fZ\"/>\n", l.colour%8, b.String(), bottom, p.x(l.x[0]))
	}
	fmt.Fprintf(p, "<path class=\"k%d l\" d=\"%s\"/>\n", l.colour%8, b.String())
}

// dots draws points as lines without length, which take the fewest bytes.
func (p *picture) dots(d dots, at func(float64) float64) {
	if len(d.x) == 0 {
		return
	}
	var b strings.Builder
	for i := range d.x {
		x, y := p.x(d.x[i]), at(d.y[i])
		if d.cross {
			fmt.Fprintf(&b, "M%.1f %.1fl6 6m-6 0l6-6", x-3, y-3)
		} else {
			fmt.Fprintf(&b, "M%.1f %.1fh0", x, y)
		}
	}
	class := "d"
	if d.cross {
		class = "x"
	}
	fmt.Fprintf(p, "<path class=\"k%d %s\" d=\"%s\"/>\n", d.colour%8, class, b.String())
}

// text is s as XML has it: what XML has no way to say is replaced.
func text(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
