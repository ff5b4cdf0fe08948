package chart

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

	"golang.org/x/image/vector"
)

// A pen collects shapes, in pixels of the picture, which put draws as one: where
// they overlap, they are no darker. It gives all one sense of rotation, for in the
// rasterizer opposite ones take each other away.
type pen struct {
	limit  image.Rectangle // of the image
	shapes [][]point
}

// fill adds a shape by its corners, in either sense of rotation.
func (p *pen) fill(corners []point) {
	area, last := 0.0, corners[len(corners)-1]
	for _, q := range corners {
		area += last.x*q.y - q.x*last.y
		last = q
	}
	if area < 0 {
		slices.Reverse(corners)
	}
	p.shapes = append(p.shapes, corners)
}

// box adds an upright rectangle.
func (p *pen) box(low, high point) {
	p.fill([]point{low, {high.x, low.y}, high, {low.x, high.y}})
}

// segment adds a straight line with blunt ends.
func (p *pen) segment(a, b point, width float64) {
	long := math.Hypot(b.x-a.x, b.y-a.y)
	if long == 0 {
		return
	}
	dx, dy := (b.y-a.y)/long*width/2, (a.x-b.x)/long*width/2
	p.fill([]point{{a.x - dx, a.y - dy}, {a.x + dx, a.y + dy}, {b.x + dx, b.y + dy}, {b.x - dx, b.y - dy}})
}

// bend adds what two segments that meet at b leave open on the outside, round. A
// disc instead would be seen on straight lines: its soft edge adds to theirs.
func (p *pen) bend(a, b, c point, width float64) {
	from, to := math.Atan2(b.y-a.y, b.x-a.x), math.Atan2(c.y-b.y, c.x-b.x)
	turn := math.Remainder(to-from, 2*math.Pi)
	if a == b || b == c || math.Abs(turn) < 1e-6 {
		return
	}
	from -= math.Copysign(math.Pi/2, turn) // across, on the outside
	list := []point{b}
	const n = 4
	for i := range n + 1 {
		sin, cos := math.Sincos(from + turn*float64(i)/n)
		list = append(list, point{b.x + cos*width/2, b.y + sin*width/2})
	}
	p.fill(list)
}

// disc adds a round dot, of so many corners that none is seen.
func (p *pen) disc(at point, width float64) {
	const n = 16
	list := make([]point, n)
	for i := range list {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / n)
		list[i] = point{at.x - cos*width/2, at.y + sin*width/2}
	}
	p.fill(list)
}

// put draws the shapes, and forgets them. It takes the rectangle around them only:
// the rasterizer visits every pixel, and adds its rounding errors up over them.
func (p *pen) put(dst draw.Image, c color.NRGBA) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, s := range p.shapes {
		for i, q := range s {
			s[i] = point{between(q.x*scale, p.limit.Dx()), between(q.y*scale, p.limit.Dy())}
			low = point{min(low.x, s[i].x), min(low.y, s[i].y)}
			high = point{max(high.x, s[i].x), max(high.y, s[i].y)}
		}
	}
	if len(p.shapes) == 0 {
		return
	}
	box := image.Rect(int(low.x), int(low.y), int(high.x)+1, int(high.y)+1).Intersect(p.limit)
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, s := range p.shapes {
		for i, q := range s {
			x, y := float32(q.x-float64(box.Min.X)), float32(q.y-float64(box.Min.Y))
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	r.Draw(dst, box, image.NewUniform(c), image.Point{})
	p.shapes = p.shapes[:0]
}

// between is x on the image, or at its edge; what is no number is at its beginning.
func between(x float64, most int) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, float64(most))
}
