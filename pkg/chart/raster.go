package chart

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// scale is how many pixels of the image are one of the picture.
const scale = 2

// Colours of the light theme, as in style.
var (
	ink     = rgb(0x1b2026)
	muted   = rgb(0x5b6673)
	faint   = rgb(0xe2e6eb)
	palette = [8]color.NRGBA{rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xb65a94), rgb(0xc98700), rgb(0x3fa3dc), rgb(0x5b6673), rgb(0x8a7a00)}
)

func rgb(x uint32) color.NRGBA {
	return color.NRGBA{byte(x >> 16), byte(x >> 8), byte(x), 255}
}

func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = byte(math.Round(255 * opacity))
	return c
}

// A raster is the canvas that is an image.
type raster struct {
	image *image.RGBA
	pen   pen
	faces map[face]font.Face
}

// A face is a font at a size in pixels of the picture.
type face struct {
	size float64
	bold bool
}

// setting is how a text is set: share of it is left of its position.
type setting struct {
	face
	ink   color.NRGBA
	share float64
}

var settings = [...]setting{
	asHeading: {face{15, true}, ink, 0},
	asTime:    {face{11, false}, muted, 0.5},
	asValue:   {face{11, false}, muted, 1},
	asLevel:   {face{11, false}, ink, 1},
	asKey:     {face{11, false}, muted, 0},
}

func (c *raster) begin(width, height int, _ string) {
	c.image = image.NewRGBA(image.Rect(0, 0, scale*width, scale*height))
	draw.Draw(c.image, c.image.Bounds(), image.White, image.Point{}, draw.Src)
	c.pen = pen{limit: c.image.Bounds()}
	c.faces = map[face]font.Face{}
}

func (c *raster) square(at point, colour int) {
	const r = keyRadius
	low, high := at, point{at.x + keyWidth, at.y + keyWidth}
	c.pen.box(point{low.x + r, low.y}, point{high.x - r, high.y})
	c.pen.box(point{low.x, low.y + r}, point{high.x, high.y - r})
	for _, x := range []float64{low.x + r, high.x - r} {
		c.pen.disc(point{x, low.y + r}, 2*r)
		c.pen.disc(point{x, high.y - r}, 2*r)
	}
	c.pen.put(c.image, palette[colour%8])
}

func (c *raster) rule(from, to point, dashed bool) {
	from, to = whole(from), whole(to)
	if !dashed {
		c.pen.segment(from, to, 1)
		c.pen.put(c.image, faint)
		return
	}
	long := math.Hypot(to.x-from.x, to.y-from.y)
	at := func(d float64) point {
		return point{from.x + (to.x-from.x)*d/long, from.y + (to.y-from.y)*d/long}
	}
	for d := 0.0; d < long; d += 6 {
		c.pen.segment(at(d), at(min(d+3, long)), 1)
	}
	c.pen.put(c.image, muted)
}

// whole is a point between the image's pixels, so that lines there are not blurred.
func whole(p point) point {
	return point{math.Round(p.x*scale) / scale, math.Round(p.y*scale) / scale}
}

func (c *raster) line(p []point, stepped bool, colour int) {
	p = corners(p, stepped)
	for i := 1; i < len(p); i++ {
		c.pen.segment(p[i-1], p[i], lineWidth)
		if i > 1 {
			c.pen.bend(p[i-2], p[i-1], p[i], lineWidth)
		}
	}
	c.pen.put(c.image, palette[colour%8])
}

func (c *raster) area(p []point, stepped bool, bottom float64, colour int) {
	p = corners(p, stepped)
	c.pen.fill(append(p, point{p[len(p)-1].x, bottom}, point{p[0].x, bottom}))
	c.pen.put(c.image, faded(palette[colour%8], 0.16))
}

// corners are the points of a line, with those between its steps.
func corners(p []point, stepped bool) []point {
	var list []point
	for i, q := range p {
		if stepped && i > 0 {
			list = append(list, point{q.x, p[i-1].y})
		}
		list = append(list, q)
	}
	return list
}

func (c *raster) dots(p []point, cross bool, colour int) {
	const half = crossWidth / 2
	for _, q := range p {
		if !cross {
			c.pen.disc(q, dotWidth)
			continue
		}
		c.pen.segment(point{q.x - half, q.y - half}, point{q.x + half, q.y + half}, lineWidth)
		c.pen.segment(point{q.x - half, q.y + half}, point{q.x + half, q.y - half}, lineWidth)
	}
	k := palette[colour%8]
	if !cross {
		k = faded(k, 0.7)
	}
	c.pen.put(c.image, k)
}

func (c *raster) text(x, y float64, s string, l look) {
	c.set(x, y, s, settings[l])
}

func (c *raster) caption(x, y float64, title, about string) {
	x = c.set(x, y, title+" ", setting{face{12, true}, ink, 0})
	c.set(x+6, y, about, setting{face{12, false}, muted, 0})
}

// set draws a text on one line, and gives where it ends. What would leave the
// picture is cut off.
func (c *raster) set(x, y float64, s string, t setting) (end float64) {
	s = strings.ReplaceAll(s, "✕", "×") // which the font has
	f := c.face(t.face)
	room := float64(c.image.Rect.Dx())/scale - 8
	wide := float64(font.MeasureString(f, s)) / 64 / scale
	for r := []rune(s); t.share == 0 && x+wide > room && len(r) > 1; {
		r = r[:len(r)-1]
		s = string(r) + "…"
		wide = float64(font.MeasureString(f, s)) / 64 / scale
	}
	x -= t.share * wide
	d := font.Drawer{Dst: c.image, Src: image.NewUniform(t.ink), Face: f,
		Dot: fixed.Point26_6{X: fixed.Int26_6(math.Round(x * scale * 64)), Y: fixed.Int26_6(math.Round(y * scale * 64))}}
	d.DrawString(s)
	return x + wide
}

var fonts = sync.OnceValue(func() (list struct{ regular, bold *opentype.Font }) {
	parse := func(data []byte) *opentype.Font {
		f, err := opentype.Parse(data)
		if err != nil {
			panic(err) // the fonts are part of the program
		}
		return f
	}
	list.regular, list.bold = parse(goregular.TTF), parse(gobold.TTF)
	return list
})

func (c *raster) face(k face) font.Face {
	f, ok := c.faces[k]
	if !ok {
		from := fonts().regular
		if k.bold {
			from = fonts().bold
		}
		var err error
		if f, err = opentype.NewFace(from, &opentype.FaceOptions{Size: scale * k.size, DPI: 72}); err != nil {
			panic(err) // it has no way to fail
		}
		c.faces[k] = f
	}
	return f
}
