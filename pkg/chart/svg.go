package chart

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// An svg is the canvas that is a text.
type svg struct{ strings.Builder }

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

// classes are the attributes of texts by their looks.
var classes = [...]string{
	asHeading: `class="t" style="font-size:15px"`,
	asTime:    `class="m s" text-anchor="middle"`,
	asValue:   `class="m s" text-anchor="end"`,
	asLevel:   `class="s" text-anchor="end"`,
	asKey:     `class="m s"`,
}

// picture is the whole text.
func (c *svg) picture() string { return c.String() + "</svg>\n" }

func (c *svg) begin(width, height int, title string) {
	fmt.Fprintf(c, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height)
	fmt.Fprintf(c, "<title>%s</title>\n<style>%s</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", escaped(title), style, width, height)
}

func (c *svg) text(x, y float64, s string, l look) {
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\" %s>%s</text>\n", tenths(x), tenths(y), classes[l], escaped(s))
}

func (c *svg) caption(x, y float64, title, about string) {
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\" class=\"t\">%s <tspan class=\"m\" font-weight=\"400\" dx=\"6\">%s</tspan></text>\n",
		tenths(x), tenths(y), escaped(title), escaped(about))
}

func (c *svg) square(at point, colour int) {
	fmt.Fprintf(c, "<rect class=\"f k%d\" style=\"fill-opacity:1\" x=\"%s\" y=\"%s\" width=\"9\" height=\"9\" rx=\"2\"/>\n", colour%8, tenths(at.x), tenths(at.y))
}

func (c *svg) rule(from, to point, dashed bool) {
	class := "g"
	if dashed {
		class = "v"
	}
	fmt.Fprintf(c, "<path class=\"%s\" d=\"%s\"/>\n", class, path([]point{from, to}, true))
}

func (c *svg) line(p []point, stepped bool, colour int) {
	fmt.Fprintf(c, "<path class=\"k%d l\" d=\"%s\"/>\n", colour%8, path(p, stepped))
}

func (c *svg) area(p []point, stepped bool, bottom float64, colour int) {
	fmt.Fprintf(c, "<path class=\"f k%d\" d=\"%sV%sH%sZ\"/>\n", colour%8, path(p, stepped), tenths(bottom), tenths(p[0].x))
}

func path(p []point, stepped bool) string {
	var b strings.Builder
	for i, q := range p {
		x, y := tenths(q.x), tenths(q.y)
		switch {
		case i == 0:
			b.WriteString("M" + x + " " + y)
		case !stepped:
			b.WriteString("L" + x + " " + y)
		default:
			if p[i-1].x != q.x {
				b.WriteString("H" + x)
			}
			if p[i-1].y != q.y {
				b.WriteString("V" + y)
			}
		}
	}
	return b.String()
}

// dots draws points as lines without length, which take the fewest bytes.
func (c *svg) dots(p []point, cross bool, colour int) {
	class := "d"
	if cross {
		class = "x"
	}
	fmt.Fprintf(c, "<path class=\"k%d %s\" d=\"", colour%8, class)
	for _, q := range p {
		if cross {
			c.WriteString("M" + tenths(q.x-3) + " " + tenths(q.y-3) + "l6 6m-6 0l6-6")
		} else {
			c.WriteString("M" + tenths(q.x) + " " + tenths(q.y) + "h0")
		}
	}
	c.WriteString("\"/>\n")
}

// tenths is x to a tenth of a pixel, in the fewest digits.
func tenths(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// escaped is s as XML has it: what XML has no way to say is replaced.
func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
