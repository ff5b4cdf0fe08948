package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A terminal does what a screen asks of one. Its lines are wrapped anew when it
// is resized.
type terminal struct {
	width, height int
	rows          []string // the first is the oldest
	row, column   int      // of the cursor
	writes        int
}

func (t *terminal) Write(p []byte) (int, error) {
	t.writes++
	for s := string(p); s != ""; {
		if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
			i := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' })
			n, _ := strconv.Atoi(rest[:i])
			t.control(rest[i], max(n, 1))
			s = rest[i+1:]
			continue
		}
		t.put(s[0])
		s = s[1:]
	}
	return len(p), nil
}

func (t *terminal) control(c byte, n int) {
	switch c {
	case 'A':
		t.row = max(t.row-n, max(0, len(t.rows)-t.height))
	case 'K':
		t.rows[t.row] = t.rows[t.row][:t.column]
	case 'J':
		t.rows[t.row] = t.rows[t.row][:t.column]
		t.rows = t.rows[:t.row+1]
	}
}

func (t *terminal) put(c byte) {
	if len(t.rows) == 0 {
		t.rows = []string{""}
	}
	switch c {
	case '\r':
		t.column = 0
	case '\n':
		t.column = 0
		if t.row++; t.row == len(t.rows) {
			t.rows = append(t.rows, "")
		}
	default:
		line := t.rows[t.row]
		t.rows[t.row] = line[:t.column] + string(c) + line[min(t.column+1, len(line)):]
		t.column++
	}
}

// narrow wraps what is shown at a smaller width, as terminals do.
func (t *terminal) narrow(width int) {
	var rows []string
	for _, r := range t.rows {
		for len(r) > width {
			rows, r = append(rows, r[:width]), r[width:]
		}
		rows = append(rows, r)
	}
	t.width, t.rows, t.row = width, rows, len(rows)-1
}

func (t *terminal) String() string { return strings.Join(t.rows, "\n") }

func TestPicturesReplaceEachOther(t *testing.T) {
	t.Parallel()
	term := &terminal{width: 20, height: 10}
	term.Write([]byte("before\n"))
	term.writes = 0
	s := &screen{w: term, size: func() (int, int, bool) { return term.width, term.height, true }}
	show := func(text string) {
		t.Helper()
		s.draw(func(w, h int) string {
			if w != term.width || h != term.height {
				t.Errorf("the picture is for %d×%d, want %d×%d", w, h, term.width, term.height)
			}
			return text
		})
		if diff := cmp.Diff("before\n"+text, term.String()); diff != "" {
			t.Errorf("on the terminal (-want +got):\n%s", diff)
		}
	}
	show("one, which is long\ntwo\nthree\n")
	show("ONE\ntwo\n")
	show("one, which is long\ntwo\nthree\nfour\n")
	term.narrow(7)
	show("a\nb\n")
	if term.writes != 4 {
		t.Errorf("4 pictures were %d writes", term.writes)
	}
	s.clear()
	term.Write([]byte("the end"))
	if diff := cmp.Diff("before\nthe end\n", strings.TrimRight(term.String(), "\n")+"\n"); diff != "" {
		t.Errorf("at the end (-want +got):\n%s", diff)
	}
}

// Where there is no terminal, or one that cannot move its cursor, pictures stand
// below each other without control sequences.
func TestPicturesAreAppended(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why      string
		ok, dumb bool
	}{{"no terminal", false, false}, {"TERM=dumb", true, true}} {
		var b strings.Builder
		s := &screen{w: &b, size: func() (int, int, bool) { return 80, 24, c.ok }, dumb: c.dumb}
		for _, text := range []string{"one\n", "two\n"} {
			s.draw(func(_, height int) string {
				if height != 0 {
					t.Errorf("%s: a picture is cut at %d lines", c.why, height)
				}
				return text
			})
		}
		s.clear()
		if diff := cmp.Diff("one\n\ntwo\n\n", b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}
