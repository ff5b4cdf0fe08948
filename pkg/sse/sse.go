// Package sse reads server-sent events incrementally and without allocations,
// so that each event can be given the instant of the read that completed it.
package sse

import (
	"bytes"
	"errors"
	"iter"
)

// MaxEvent is how many bytes an event may have unless [Parser.Max] says
// otherwise: a server that never ends a line must not take all the memory.
const MaxEvent = 16 << 20

// ErrTooLong is what [Parser.Err] gives once an event is longer than allowed.
var ErrTooLong = errors.New("server-sent event is too long")

// An Event's Data is valid until the loop asks for the next one. It may be a part
// of the bytes that were fed.
type Event struct {
	Name string // of its "event:" line; mostly empty
	Data []byte // its "data:" lines, joined by newlines
}

// A Parser cuts a stream into events as the WHATWG HTML standard, section
// 9.2.6, has it: lines end in LF, CRLF or CR, a blank line ends an event,
// events without data are none. Unlike a browser it also gives an event that
// only the end of the stream has ended (see [Parser.Close]). Where the reads
// cut the stream makes no difference to the events. The zero value is ready.
type Parser struct {
	// Max is how many bytes one event may have: the data of its lines so far
	// and the whole of the line at hand, field name included. A parser never
	// has a larger buffer than that. 0 means [MaxEvent].
	Max int

	buf     []byte // the unfinished event's data, then the unfinished line
	data    int    // how much of buf is data
	name    string
	names   names
	hasData bool
	skipLF  bool // the last byte was CR: an LF that follows belongs to it
	started bool // past a byte order mark
	err     error
}

// Err is [ErrTooLong] after such an event, and nil otherwise. The parser then
// gives no more events.
func (p *Parser) Err() error { return p.err }

// Feed takes the bytes of one read and yields the events that they complete.
// The bytes are not kept. A loop that is left early loses the rest of them.
func (p *Parser) Feed(b []byte) iter.Seq[Event] {
	return func(yield func(Event) bool) { p.feed(b, yield) }
}

// Close yields the event that the end of the stream cut off from its blank
// line. The parser may then be used for another stream, unless it has failed.
func (p *Parser) Close() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if p.err != nil {
			return
		}
		if line := p.buf[p.data:]; len(line) > 0 {
			p.take(line)
		}
		p.skipLF, p.started = false, false
		p.give(yield)
	}
}

func (p *Parser) feed(b []byte, yield func(Event) bool) {
	if p.skipLF && len(b) > 0 {
		p.skipLF = false
		if b[0] == '\n' {
			b = b[1:]
		}
	}
	lf := -1 // where the first LF of b is; len(b) if there is none; negative if unknown
	for len(b) > 0 && p.err == nil {
		if lf < 0 {
			if lf = bytes.IndexByte(b, '\n'); lf < 0 {
				lf = len(b)
			}
		}
		if p.started && !p.hasData && len(p.buf) == 0 {
			if data, next := single(b, lf); next > 0 && lf <= p.max() {
				e := Event{Name: p.name, Data: data}
				p.name = ""
				b, lf = b[next:], -1
				if !yield(e) {
					return
				}
				continue
			}
		}
		end, next := lineEnd(b, lf)
		if end < 0 {
			p.hold(b)
			return
		}
		line := b[:end]
		if len(p.buf) > p.data {
			p.hold(line)
			line = p.buf[p.data:]
		}
		p.skipLF = next == len(b) && b[next-1] == '\r'
		b, lf = b[next:], lf-next
		if p.err == nil && p.take(line) && !p.give(yield) {
			return
		}
	}
}

// single finds an event that is one line of data and a blank line, as nearly
// all are; next is 0 if it is not sure that b begins with such an event.
func single(b []byte, lf int) (data []byte, next int) {
	if lf+1 >= len(b) || lf < 5 || string(b[:5]) != "data:" {
		return nil, 0
	}
	switch {
	case b[lf+1] == '\n':
		next = lf + 2
	case b[lf+1] == '\r' && lf+2 < len(b) && b[lf+2] == '\n':
		next = lf + 3
	default:
		return nil, 0
	}
	data = b[5:lf]
	if n := len(data); n > 0 && data[n-1] == '\r' {
		data = data[:n-1]
	}
	if bytes.IndexByte(data, '\r') >= 0 {
		return nil, 0
	}
	if len(data) > 0 && data[0] == ' ' {
		data = data[1:]
	}
	return data, next
}

// lineEnd finds the end of the first line of b, and where the next one begins.
// lf is where the first LF is, len(b) if there is none.
func lineEnd(b []byte, lf int) (end, next int) {
	if cr := bytes.IndexByte(b[:lf], '\r'); cr >= 0 {
		if cr+1 == lf && lf < len(b) {
			return cr, lf + 1
		}
		return cr, cr + 1
	}
	if lf == len(b) {
		return -1, 0
	}
	return lf, lf + 1
}

// take handles one line and tells whether it ends an event. The line may be
// the unfinished one of p.buf, which is then free again.
func (p *Parser) take(line []byte) (ended bool) {
	if p.data+len(line) > p.max() {
		p.fail()
		return false
	}
	if !p.started {
		p.started = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	held := p.buf[:p.data]
	if len(line) == 0 {
		p.buf = held
		return true
	}
	field, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(field) {
	case "data":
		// A line in p.buf moves down over its own field name: the order of the
		// two appends matters, and so does that the name is longer than the LF.
		if p.hasData {
			held = append(p.room(held, 1+len(value)), '\n')
		}
		p.buf = append(p.room(held, len(value)), value...)
		p.data, p.hasData = len(p.buf), true
		return false
	case "event":
		if len(value) > maxName {
			p.fail()
			return false
		}
		p.name = p.names.of(value)
	}
	p.buf = held
	return false
}

// give yields the event that a blank line has ended, if it is one.
func (p *Parser) give(yield func(Event) bool) bool {
	e, ok := Event{Name: p.name, Data: p.buf[:p.data]}, p.hasData
	p.name, p.hasData = "", false
	more := !ok || yield(e)
	p.data, p.buf = 0, p.buf[:0]
	if cap(p.buf) > keep {
		p.buf = nil
	}
	return more
}
