package chart

import (
	"math"
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// A picture is panels above each other on one axis of time.
type picture struct {
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

func (p *picture) draw(c canvas) {
	p.extent()
	height := top + foot
	for _, n := range p.panels {
		height += head + n.height + gap
	}
	c.begin(width, height, p.heading())
	c.text(16, 26, clip(p.heading(), 95), asHeading)
	y := top
	for i := range p.panels {
		y += head
		p.panel(c, &p.panels[i], float64(y))
		y += p.panels[i].height + gap
	}
	for _, t := range timeTicks(p.low, p.high, 9) {
		c.text(p.x(t), float64(y-gap+17), clock(t), asTime)
	}
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
func (p *picture) panel(c canvas, n *panel, y float64) {
	low, high := n.between()
	bottom := y + float64(n.height)
	at := func(v float64) float64 { return y + float64(n.height)*(1-(v-low)/(high-low)) }
	c.caption(16, y-9, n.title, n.about)
	n.names(c, y-9)
	for _, v := range ticks(low, high, max(2, n.height/45)) {
		c.rule(point{left, at(v)}, point{width - right, at(v)}, false)
		c.text(left-8, at(v)+4, n.show(v, high), asValue)
	}
	for _, t := range timeTicks(p.low, p.high, 9) {
		c.rule(point{p.x(t), y}, point{p.x(t), bottom}, false)
	}
	for _, l := range n.lines {
		points := p.points(l.x, l.y, at)
		if l.filled && len(points) > 0 {
			c.area(points, l.stepped, bottom, l.colour)
		}
		c.line(points, l.stepped, l.colour)
	}
	for _, d := range n.dots {
		if len(d.x) > 0 {
			c.dots(p.points(d.x, d.y, at), d.cross, d.colour)
		}
	}
	for _, v := range n.levels {
		c.rule(point{left, at(v.y)}, point{width - right, at(v.y)}, true)
		c.text(width-right, at(v.y)-3, v.name, asLevel)
	}
}

func (p *picture) points(x, y []float64, at func(float64) float64) []point {
	list := make([]point, len(x))
	for i := range x {
		list[i] = point{p.x(x[i]), at(y[i])}
	}
	return list
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
func (n *panel) names(c canvas, y float64) {
	const most = 8
	x := width - right
	for i := min(len(n.lines), most) - 1; i >= 0; i-- {
		l := n.lines[i]
		if l.name == "" {
			continue
		}
		name := short(l.name, n.lines)
		x -= 7*len([]rune(name)) + 20
		c.square(point{float64(x), y - 9}, l.colour)
		c.text(float64(x+13), y, name, asKey)
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
