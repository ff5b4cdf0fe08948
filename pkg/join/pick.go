package join

import "aiperf/pkg/record"

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
	if take(p, key, "string", v, v.Text, to) {
		keepText(v, *to)
	}
}

func (p *pick) id(key string, v record.Value, to *string) { take(p, key, "string", v, v.Text, to) }

func (p *pick) time(key string, v record.Value, to *record.Time) {
	take(p, key, "instant", v, v.Time, to)
}

func (p *pick) number(key string, v record.Value, to *float64) bool {
	return take(p, key, "number", v, v.Number, to)
}

func (p *pick) index(key string, v record.Value, to **int) {
	var n int
	if take(p, key, "integer", v, v.Int, &n) {
		*to = &n
	}
}

// take is true if there was a value of the right kind.
func take[T any](p *pick, key, kind string, v record.Value, as func() (T, bool), to *T) bool {
	if v.Null() {
		return false
	}
	x, ok := as()
	if ok {
		*to = x
	} else if p.err == nil {
		p.err = p.line.Errorf("%q should be of kind %s, but is %.40s", key, kind, v)
	}
	return ok
}

// A mention is what begin, request and end lines say that matters here.
type mention struct {
	run, id, phase string
	start          record.Time
	took           float64
	timed          bool // took is known
	failed         bool
}

func mentionOf(l record.Line) (m mention, err error) {
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			p.text("run", v, &m.run)
		case "id":
			p.id("id", v, &m.id)
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
	return m, p.err
}
