package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Size is that of the terminal that w is, in columns and rows; false if it is
// none. It is asked for each time, since terminals are resized.
func Size(w io.Writer) (width, height int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24, true
	}
	return width, height, true
}

// Dumb tells whether the terminal is one whose cursor cannot be moved.
func (e *Env) Dumb() bool { return e.Getenv("TERM") == "dumb" }

// When colours are used.
const (
	ColorAuto   = "auto" // on a terminal, unless NO_COLOR or TERM=dumb says otherwise
	ColorAlways = "always"
	ColorNever  = "never"
)

// Color tells whether what is written to w is coloured.
func (e *Env) Color(when string, w io.Writer) bool {
	if when != ColorAuto {
		return when == ColorAlways
	}
	_, _, ok := Size(w)
	return ok && e.Getenv("NO_COLOR") == "" && !e.Dumb()
}
