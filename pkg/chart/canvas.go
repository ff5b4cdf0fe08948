package chart

// A canvas is what a picture is drawn on: elements one above the other, at
// positions in pixels from the upper left corner. begin is called once, first. A
// colour is the number of a line or of dots, of which there are eight.
type canvas interface {
	begin(width, height int, title string)
	text(x, y float64, s string, l look)
	caption(x, y float64, title, about string) // of a panel: bold, then muted
	square(at point, colour int)               // of a key
	rule(from, to point, dashed bool)          // level or upright: of a grid, or dashed
	line(p []point, stepped bool, colour int)
	area(p []point, stepped bool, bottom float64, colour int) // below a line
	dots(p []point, cross bool, colour int)
}

type point struct{ x, y float64 }

// A look is how a text is set, and where from its position it goes.
type look int

const (
	asHeading look = iota // of the picture, to the right
	asTime                // at the axis of time, on both sides
	asValue               // at a panel's axis, to the left
	asLevel               // of a level, to the left
	asKey                 // name of a line, to the right
)

// Sizes in pixels, shared by what draws.
const (
	lineWidth  = 1.4
	dotWidth   = 3.4
	crossWidth = 6.0
	keyWidth   = 9.0
	keyRadius  = 2.0
)
