package sse

const (
	keep    = 4 << 10 // bytes that a parser goes on holding between events
	maxName = 1 << 10 // bytes of an event's name; servers use some thirty
)

func (p *Parser) max() int {
	if p.Max > 0 {
		return p.Max
	}
	return MaxEvent
}

// Held is how many bytes the parser holds of what is unfinished.
func (p *Parser) Held() int { return cap(p.buf) }

// hold adds to the unfinished line.
func (p *Parser) hold(b []byte) {
	if len(p.buf)+len(b) > p.max() {
		p.fail()
		return
	}
	p.buf = append(p.room(p.buf, len(b)), b...)
}

// room gives b with room for n more bytes. It doubles like append, but not
// beyond what an event may have.
func (p *Parser) room(b []byte, n int) []byte {
	if len(b)+n <= cap(b) {
		return b
	}
	size := max(len(b)+n, min(max(2*cap(b), 256), p.max()))
	return append(make([]byte, 0, size), b...)
}

func (p *Parser) fail() {
	p.err = ErrTooLong
	p.buf, p.data, p.name, p.hasData = nil, 0, "", false
}

// names are the last names of events, so that the few that a stream repeats
// are made strings only once.
type names struct {
	seen [8]string
	next uint8
}

func (ns *names) of(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	for _, s := range ns.seen {
		if s == string(name) {
			return s
		}
	}
	s := string(name)
	ns.seen[ns.next%uint8(len(ns.seen))] = s
	ns.next++
	return s
}
