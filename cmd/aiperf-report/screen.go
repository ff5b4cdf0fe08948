package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// A screen shows one picture after another: on a terminal in one place, elsewhere
// one below the other. A picture is one write.
type screen struct {
	w     io.Writer
	size  func() (width, height int, ok bool) // false if it is no terminal
	dumb  bool
	shown []int // how wide the lines are that are on the terminal
}

// redraws tells whether pictures replace each other.
func (s *screen) redraws() bool {
	_, _, ok := s.size()
	return ok && !s.dumb
}

// draw shows the picture that f makes for a width and a height; both are 0 where
// there is no terminal.
func (s *screen) draw(f func(width, height int) string) {
	width, height, ok := s.size()
	if !ok || s.dumb {
		io.WriteString(s.w, f(width, 0)+"\n")
		return
	}
	picture := f(width, height)
	var b strings.Builder
	back, _ := s.back(width, height)
	b.WriteString(back)
	s.shown = s.shown[:0]
	for line := range strings.Lines(picture) {
		line = strings.TrimSuffix(line, "\n")
		b.WriteString(line + "\x1b[K\n")
		s.shown = append(s.shown, text.StringWidthWithoutEscSequences(line))
	}
	b.WriteString("\x1b[J")
	io.WriteString(s.w, b.String())
}

// clear takes the picture off the terminal.
func (s *screen) clear() {
	if len(s.shown) == 0 {
		return
	}
	width, height, _ := s.size()
	// Line by line: to clear all that is below makes some terminals keep it.
	back, rows := s.back(width, height)
	io.WriteString(s.w, back+strings.Repeat("\x1b[K\n", rows)+back)
	s.shown = nil
}

// back moves the cursor to where the picture begins, so many rows up. On a terminal that was made
// narrower since, a line may take several rows.
func (s *screen) back(width, height int) (move string, rows int) {
	for _, w := range s.shown {
		rows += max(1, (w+width-1)/max(width, 1))
	}
	rows = min(rows, max(height-1, 0))
	if rows == 0 {
		return "", 0
	}
	return fmt.Sprintf("\r\x1b[%dA", rows), rows
}
