package join

import (
	"bytes"
	"iter"
	"math"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// A pick takes values out of a line; it remembers the first that was of the
// wrong kind. Null is absent.
type pick struct {
	line record.Line
	err  error
}

// text is for texts that many lines have in common, unlike an id.
func (p *pick) text(key string, v record.Value, to *string) {
	if s := commonText(v); s != nil {
		*to = *s
		return
	}
	if p.id(key, v, to) {
		keepText(v, *to)
	}
}

func (p *pick) id(key string, v record.Value, to *string) bool {
	s, ok := v.Text()
	if ok {
		*to = s
	} else {
		p.wrong(key, "string", v)
	}
	return ok
}

// bytes is a text without a copy, where it stands as it is.
func (p *pick) bytes(key string, v record.Value) []byte {
	if len(v) >= 2 && v[0] == '"' && !bytes.ContainsFunc(v, func(r rune) bool { return r == '\\' || r >= 0x80 }) {
		return v[1 : len(v)-1]
	}
	var s string
	p.id(key, v, &s)
	return []byte(s)
}

func (p *pick) time(key string, v record.Value, to *record.Time) {
	if t, ok := v.Time(); ok {
		*to = t
	} else {
		p.wrong(key, "instant", v)
	}
}

// number is true if there was one.
func (p *pick) number(key string, v record.Value, to *float64) bool {
	x, ok := v.Number()
	if ok {
		*to = x
	} else {
		p.wrong(key, "number", v)
	}
	return ok
}

func (p *pick) index(key string, v record.Value, to **int) {
	if n, ok := v.Int(); ok {
		*to = &n
	} else {
		p.wrong(key, "integer", v)
	}
}

// wrong remembers that v is not of the kind that it should be, unless it is
// null. Nothing that it is given is kept, so that it need not be in memory of
// its own.
func (p *pick) wrong(key, kind string, v record.Value) {
	if p.err == nil && !v.Null() {
		p.err = p.line.Errorf("%q should be of kind %s, but is %.40s", strings.Clone(key), kind, bytes.Clone(v))
	}
}

// unlikely says that a number cannot be what it is said to be.
func (p *pick) unlikely(key string, v record.Value) {
	if p.err == nil {
		p.err = p.line.Errorf("%q is %.40s, which cannot be; the line is passed on, and not believed", strings.Clone(key), bytes.Clone(v))
	}
}

// ahead is by how many seconds an instant may lie behind the time of its own
// line, for the rounding of what it is the sum of.
const ahead = 1.0

// past says that an instant lies behind the time at which its line was written,
// which cannot be either.
func (p *pick) past(what string, t record.Time) {
	if p.err == nil && float64(t)/1e9-float64(p.line.Time)/1e9 > ahead {
		p.err = p.line.Errorf("%s, %v, lies behind the time of the line, %v; the line is passed on, and not believed", what, t, p.line.Time)
	}
}

// A mention is what begin, request and end lines say that matters here.
type mention struct {
	run, phase string
	id         []byte // a part of the line, or a copy
	start      record.Time
	took       float64
	timed      bool // took is known
	failed     bool
}

func mentionOf(l record.Line) (m mention, err error) {
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			p.text("run", v, &m.run)
		case "id":
			m.id = p.bytes("id", v)
		case "phase":
			p.text("phase", v, &m.phase)
		case "start":
			p.time("start", v, &m.start)
		case "took":
			m.timed = p.number("took", v, &m.took)
		case "error":
			m.failed = !v.Null()
		}
	}
	if m.start == 0 {
		m.start = l.Time
	}
	if math.Abs(m.took) > longest {
		p.unlikely("took", record.Value(strconv.FormatFloat(m.took, 'g', -1, 64)))
	}
	if p.past("the start", m.start); p.err == nil && m.timed {
		p.past("the end", m.start.Add(m.took))
	}
	return m, p.err
}

// longest is how many seconds a request may take, 30 years.
const longest = 1e9

// urlOf is where a request was sent to; "" if that is not known.
func urlOf(l record.Line) string {
	for key, v := range record.Keys(l.Raw) {
		if string(key) == "url" {
			s, _ := v.Text()
			return s
		}
	}
	return ""
}

// floats yields the elements of an array of numbers. What is none ends it.
func floats(v record.Value) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		for i := 1; i < len(v); i++ {
			from := i
			for i < len(v) && v[i] != ',' && v[i] != ']' {
				i++
			}
			x, ok := record.Value(bytes.TrimSpace(v[from:i])).Number()
			if !ok || !yield(x) {
				return
			}
		}
	}
}
