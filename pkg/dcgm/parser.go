package dcgm

import (
	"bytes"
	"fmt"
	"slices"

	"aiperf/pkg/record"
)

// A Parser reads the pages of one source, one after another. From one page of
// an exporter to the next almost nothing but numbers changes, so a Parser
// compares each line with the one that stood there before, up to its number,
// and reads the number. What is new is taken apart, what is gone is forgotten,
// and lines may come in any order: the result is that of [Parse] always.
//
// The zero Parser is ready. It is not for several goroutines. It holds a copy
// of the lines of about two pages.
type Parser struct {
	// Select says which fields are read; nil is all. It may be shared by
	// Parsers. Changing it after the first page has no effect until the lines
	// of a page change.
	Select *Select

	lines map[string]*line
	head  line   // whose next is the first line of the page before
	page  uint64 // counts pages
	odd   int    // bytes of this page that were left to expfmt

	plan    *plan
	plans   uint64 // counts plans
	fresh   bool   // a line of this page is not in the plan
	count   int    // different lines of this page
	values  values
	before  values
	started bool // there was a page before

	free []map[string]float64
}

// Parse reads a page. See [Page] for who owns what of the result.
func (p *Parser) Parse(page []byte) (Page, error) {
	var out Page
	p.page++
	p.fresh, p.count, p.odd = false, 0, 0
	p.walk(page, &out)
	if out.Samples == 0 && out.Rejected > 0 {
		p.prune()
		return out, fmt.Errorf("%w: %w", ErrNotPage, out.Reason)
	}
	old := p.plan
	if p.fresh || old == nil || p.count != old.count {
		p.rebuild()
	}
	p.values, p.before = p.before, p.values
	p.values.read(p.plan)
	out.Repeat = p.started && same(old, &p.before, p.plan, &p.values)
	p.started = true
	out.GPUs = p.plan.readings(&p.values, p.fields)
	return out, nil
}

// Recycle gives a page's readings back, whose Fields the next pages will be
// made of. Whoever does not is owed nothing: it only saves allocations.
func (p *Parser) Recycle(page *Page) {
	for i := range page.GPUs {
		if f := page.GPUs[i].Fields; f != nil && len(p.free) < 4*len(page.GPUs) {
			clear(f)
			p.free = append(p.free, f)
		}
		page.GPUs[i].Fields = nil
	}
	page.GPUs = nil
}

// fields is an empty map for n fields.
func (p *Parser) fields(n int) map[string]float64 {
	if last := len(p.free) - 1; last >= 0 {
		f := p.free[last]
		p.free = p.free[:last]
		return f
	}
	return make(map[string]float64, n)
}

// walk marks the lines of a page and notes their values.
func (p *Parser) walk(page []byte, out *Page) {
	at := &p.head
	for n := 1; len(page) > 0; n++ {
		if l := at.next; l != nil && len(page) > len(l.text) && string(page[:len(l.text)]) == l.text {
			rest := page[len(l.text):]
			if !l.sample && rest[0] == '\n' {
				page, at = rest[1:], l
				p.mark(l)
				continue
			}
			if v, end := number(rest); l.sample && end > 0 {
				page, at = rest[end:], l
				p.take(l, v)
				out.Samples++
				continue
			}
		}
		end := bytes.IndexByte(page, '\n')
		if end < 0 {
			// The number at its end may go on.
			if text := bytes.TrimSpace(page); len(text) > 0 {
				out.reject(n, text, "cut short")
			}
			return
		}
		text := bytes.TrimSpace(page[:end])
		page = page[end+1:]
		if len(text) == 0 {
			continue
		}
		if l := p.read(n, text, out); l != nil {
			at.next, at = l, l
		}
	}
}

// read is the general way to read a line. It is nil for one that is not to be
// remembered.
func (p *Parser) read(n int, text []byte, out *Page) *line {
	if text[0] == '#' {
		l := p.lines[string(text)]
		if l == nil {
			l = p.learn(string(text), line{})
		}
		p.mark(l)
		return l
	}
	at := valueAt(text)
	l := p.lines[string(text[:at])]
	if l == nil {
		whole := string(text)
		family, labels, end, ok := scan(whole)
		if !ok || end == len(whole) {
			return p.readOdd(n, text, out)
		}
		at = end
		l = p.learn(whole[:at], line{sample: true, words: &words{family, labels}})
	}
	v, err := tail(text[at:])
	if err != nil {
		out.reject(n, text, err.Error())
		return nil
	}
	out.Samples++
	p.take(l, v)
	return l
}

// readOdd has expfmt judge a line.
func (p *Parser) readOdd(n int, text []byte, out *Page) *line {
	if p.odd += len(text); len(text) > oddLine || p.odd > oddPage {
		out.reject(n, text, "no sample, or one of an odd form and too long")
		return nil
	}
	family, labels, v, err := odd(text)
	if err != nil {
		out.reject(n, text, err.Error())
		return nil
	}
	out.Samples++
	at := valueAt(text)
	if again, err := tail(text[at:]); len(labels) == 0 || err != nil || again != v && v == v {
		return nil // of no GPU
	}
	l := p.learn(string(text[:at]), line{sample: true, odd: true, words: &words{family, labels}})
	p.take(l, v)
	return l
}

// learn remembers a line under its text.
func (p *Parser) learn(text string, l line) *line {
	if p.lines == nil {
		p.lines = map[string]*line{}
	}
	l.text = text
	p.lines[text] = &l
	return &l
}

// mark notes that a line is on this page, and whether it is there for the
// first time.
func (p *Parser) mark(l *line) (first bool) {
	if l.seen == p.page {
		return false
	}
	l.seen = p.page
	p.count++
	p.fresh = p.fresh || l.plan != p.plans
	return true
}

// take is mark for a sample. Of a series that is printed twice the larger
// value counts, as among the series of one GPU.
func (p *Parser) take(l *line, v float64) {
	if p.mark(l) || blank(l.value) || !blank(v) && v > l.value {
		l.value = v
	}
}

// rebuild makes a plan for the lines of this page.
func (p *Parser) rebuild() {
	p.plans++
	seen := make([]*line, 0, p.count)
	for _, l := range p.lines {
		if l.seen == p.page {
			l.plan = p.plans
			l.understand()
			seen = append(seen, l)
		}
	}
	p.plan = newPlan(seen, p.Select)
	p.plan.count = p.count
	for _, l := range p.lines {
		l.forget()
	}
	p.prune()
}

// prune forgets lines that are not on this page, when they are many.
func (p *Parser) prune() {
	if len(p.lines) <= 2*p.count+256 {
		return
	}
	for text, l := range p.lines {
		if l.seen != p.page {
			l.gone = true
			delete(p.lines, text)
		}
	}
	cut := func(l *line) {
		if l.next != nil && l.next.gone {
			l.next = nil
		}
	}
	cut(&p.head)
	for _, l := range p.lines {
		cut(l)
	}
}

// Same tells whether two pages hold the same readings, whatever the order of
// their lines was. See also Repeat, which comes for nothing.
func Same(a, b []record.GPU) bool { return slices.EqualFunc(a, b, sameReading) }
