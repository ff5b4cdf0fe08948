package token

import (
	"fmt"
	"strings"
)

// repeats reads the repetitions behind what was written from start on.
func (t *translator) repeats(start int, repeatable bool) error {
	for n := 0; ; n++ {
		from := t.pos
		simple := strings.IndexByte("*+?", t.peek()) >= 0 && t.pos < len(t.in)
		quantity := ""
		if simple {
			quantity = t.in[t.pos : t.pos+1]
			t.pos++
		} else if t.peek() == '{' {
			var err error
			if quantity, err = t.interval(); err != nil {
				return err
			}
		}
		if quantity == "" {
			return nil
		}
		if !repeatable || n == 4 {
			t.pos = from
			return t.unknown(1)
		}
		if n > 0 { // a repetition of a repetition
			t.wrap(start, "(?:")
		}
		t.out.WriteString(quantity)
		switch {
		case t.accept("?"):
			t.out.WriteByte('?')
			if !simple && !strings.Contains(quantity, ",") {
				return fmt.Errorf("%s? at byte %d is not known", quantity, from)
			}
		case simple && t.accept("+"): // possessive
			t.wrap(start, "(?>")
		}
	}
}

// wrap puts what was written from start on into a group.
func (t *translator) wrap(start int, open string) {
	all := t.out.String()
	t.out.Reset()
	t.out.WriteString(all[:start] + open + all[start:] + ")")
}

// interval reads {n}, {n,}, {,m} or {n,m}.
func (t *translator) interval() (string, error) {
	end := strings.IndexByte(t.in[t.pos:], '}')
	if end < 2 {
		return "", t.unknown(1)
	}
	text := t.in[t.pos+1 : t.pos+end]
	low, high, two := strings.Cut(text, ",")
	if low == "" && high == "" {
		return "", t.unknown(end + 1)
	}
	var bounds [2]int
	for i, s := range []string{low, high} {
		for _, d := range s {
			if d < '0' || d > '9' {
				return "", t.unknown(end + 1)
			}
			if bounds[i] = bounds[i]*10 + int(d-'0'); bounds[i] > maxRepeat {
				return "", fmt.Errorf("{%.20s}: more than %d repetitions", text, maxRepeat)
			}
		}
	}
	if high != "" && bounds[1] < bounds[0] {
		return "", t.unknown(end + 1)
	}
	t.pos += end + 1
	if !two {
		return fmt.Sprintf("{%d}", bounds[0]), nil
	}
	if high == "" {
		return fmt.Sprintf("{%d,}", bounds[0]), nil
	}
	return fmt.Sprintf("{%d,%d}", bounds[0], bounds[1]), nil
}
