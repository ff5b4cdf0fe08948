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

// An Event's Data is valid until the loop asks for the next one.
type Event struct {
	Name string // of its "event:" line; mostly empty
	Data []byte // its "data:" lines, joined by newlines
}

// A Parser cuts a stream into events as the WHATWG HTML standard, section
// 9.2.6, has it: lines end in LF, CRLF or CR, a blank line ends an event,
// events without data are none. Unlike a browser it also gives an event that
// only the end of the stream has ended (see [Parser.Close]). The zero value is
// ready.
type Parser struct {
	Max int // bytes of one event; 0 means [MaxEvent]

	line    []byte // an unfinished line of earlier reads
	data    []byte // data of the unfinished event
	name    []byte
	hasData bool
	skipLF  bool // the last byte was CR: an LF that follows belongs to it
	started bool // past a byte order mark
	err     error
}

// Err is [ErrTooLong] after such an event, and nil otherwise. The parser then
// gives no more events.
func (p *Parser) Err() error { return p.err }

// Feed takes the bytes of one read and yields the events that they complete.
// The bytes are not kept.
func (p *Parser) Feed(b []byte) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if p.skipLF && len(b) > 0 {
			p.skipLF = false
			if b[0] == '\n' {
				b = b[1:]
			}
		}
		for len(b) > 0 && p.err == nil {
			end, next := lineEnd(b)
			if end < 0 {
				p.hold(b)
				return
			}
			line := b[:end]
			if len(p.line) > 0 {
				p.hold(line)
				line = p.line
			}
			p.skipLF = next == len(b) && b[next-1] == '\r'
			b = b[next:]
			e, ok := p.take(line)
			p.line = p.line[:0]
			if ok && !yield(e) {
				return
			}
		}
	}
}

// Close yields the event that the end of the stream cut off from its blank
// line.
func (p *Parser) Close() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if p.err != nil {
			return
		}
		if len(p.line) > 0 {
			p.take(p.line)
			p.line = p.line[:0]
		}
		if e, ok := p.take(nil); ok {
			yield(e)
		}
	}
}

// lineEnd finds the end of the first line of b, and where the next one begins.
func lineEnd(b []byte) (end, next int) {
	end = bytes.IndexByte(b, '\n')
	head := b
	if end >= 0 {
		head = b[:end]
	}
	if cr := bytes.IndexByte(head, '\r'); cr >= 0 {
		if cr+1 == end {
			return cr, end + 1
		}
		return cr, cr + 1
	}
	return end, end + 1
}

func (p *Parser) hold(b []byte) {
	if len(p.line)+len(p.data)+len(b) > p.max() {
		p.err = ErrTooLong
		return
	}
	p.line = append(p.line, b...)
}

func (p *Parser) max() int {
	if p.Max > 0 {
		return p.Max
	}
	return MaxEvent
}

// take handles one line and gives the event that it ends.
func (p *Parser) take(line []byte) (Event, bool) {
	if !p.started {
		p.started = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	if len(line) == 0 {
		e := Event{Data: p.data}
		if len(p.name) > 0 {
			e.Name = string(p.name)
		}
		ok := p.hasData
		p.data, p.name, p.hasData = p.data[:0], p.name[:0], false
		return e, ok
	}
	field, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(field) {
	case "data":
		if len(p.data)+len(value) >= p.max() {
			p.err = ErrTooLong
			return Event{}, false
		}
		if p.hasData {
			p.data = append(p.data, '\n')
		}
		p.data = append(p.data, value...)
		p.hasData = true
	case "event":
		p.name = append(p.name[:0], value...)
	}
	return Event{}, false
}
