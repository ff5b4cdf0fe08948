package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// directives are what a file name may have of an instant, in UTC, as strftime
// has them.
var directives = map[byte]struct {
	format func(time.Time) string
	match  string
}{
	'Y': {layout("2006"), `\d{4}`},
	'm': {layout("01"), `(?:0[1-9]|1[0-2])`},
	'd': {layout("02"), `(?:0[1-9]|[12]\d|3[01])`},
	'H': {layout("15"), `(?:[01]\d|2[0-3])`},
	'M': {layout("04"), `[0-5]\d`},
	'S': {layout("05"), `[0-5]\d`},
	'j': {layout("002"), `[0-3]\d\d`},
	's': {func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }, `\d+`},
}

func layout(s string) func(time.Time) string { return func(t time.Time) string { return t.Format(s) } }

// A namePattern makes names of files of instants, and knows them again.
type namePattern struct {
	dir, base string // as given
	stem, ext string // base, taken apart
	match     *regexp.Regexp
}

// parsePattern takes a path whose last element has strftime's %Y, %m, %d, %H,
// %M, %S, %j, %s or %%, and at least one of them that is not %%.
func parsePattern(path string) (*namePattern, error) {
	p := &namePattern{dir: filepath.Dir(path), base: filepath.Base(path)}
	if strings.HasSuffix(path, "/") || p.base == "." || p.base == ".." {
		return nil, fmt.Errorf("%q is a directory", path)
	}
	if strings.Contains(p.dir, "%") {
		return nil, fmt.Errorf("directory %q has a %%, which only the name of a file may have", p.dir)
	}
	p.stem = p.base
	for _, z := range []string{".gz", ".zst"} {
		if before, ok := strings.CutSuffix(p.stem, z); ok {
			p.stem, p.ext = before, z
		}
	}
	if e := filepath.Ext(p.stem); !strings.Contains(e, "%") && e != p.stem {
		p.stem, p.ext = strings.TrimSuffix(p.stem, e), e+p.ext
	}
	var match strings.Builder
	instants := 0
	err := p.each(func(text string, directive byte) {
		if directive != 0 {
			instants++
			text = directives[directive].match
		} else {
			text = regexp.QuoteMeta(text)
		}
		match.WriteString(text)
	})
	if err != nil {
		return nil, err
	}
	if instants == 0 {
		return nil, fmt.Errorf("%q names one file; several need an instant in their name, such as %%Y%%m%%dT%%H%%M", path)
	}
	p.match, err = regexp.Compile("^" + match.String() + `(?:_\d+)?` + regexp.QuoteMeta(p.ext) + "$")
	return p, err
}

// each takes the stem apart into text and directives.
func (p *namePattern) each(f func(text string, directive byte)) error {
	s := p.stem
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			f(s, 0)
			return nil
		}
		f(s[:i], 0)
		if i+1 == len(s) {
			return fmt.Errorf("%q ends with a lone %%; %%%% stands for one", p.base)
		}
		switch c := s[i+1]; {
		case c == '%':
			f("%", 0)
		case directives[c].format == nil:
			return fmt.Errorf("%q: %%%c is none of %%Y %%m %%d %%H %%M %%S %%j %%s %%%%", p.base, c)
		default:
			f("", c)
		}
		s = s[i+2:]
	}
}

// name is the path of the n-th file that begins at t, counted from 1.
func (p *namePattern) name(t time.Time, n int) string {
	var b strings.Builder
	t = t.UTC()
	p.each(func(text string, directive byte) {
		if directive != 0 {
			text = directives[directive].format(t)
		}
		b.WriteString(text)
	})
	if n > 1 {
		fmt.Fprintf(&b, "_%d", n)
	}
	return filepath.Join(p.dir, b.String()+p.ext)
}
