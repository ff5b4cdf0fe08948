package sim

import (
	"bytes"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// A wire writes the events of one stream. Events gather in buf and leave in one
// write, or as the style says.
type wire struct {
	w     http.ResponseWriter
	flush http.Flusher
	style *trouble // nil if there is none
	buf   []byte
	data  int // where the data of the event that is being written begins
	label string

	field, eol string // "data: " and a line end
	events     int    // written so far
	held       int    // in buf, of those that a style holds back
	pair       int    // objects that wait in the event at the end of buf
	pairs      int    // events with two objects
}

func newWire(w http.ResponseWriter, t *trouble) *wire {
	x := &wire{w: w, flush: w.(http.Flusher), field: "data: ", eol: "\n"}
	if len(t.kinds) == 0 {
		return x
	}
	x.style = t
	if t.has(StyleNoSpace) {
		x.field = "data:"
	}
	switch {
	case t.has(StyleCRLF), t.has(StyleSplit):
		x.eol = "\r\n"
	case t.has(StyleCR):
		x.eol = "\r"
	}
	return x
}

// begin begins an event; its data is to be appended to buf.
func (x *wire) begin(name string) {
	if x.style == nil {
		if name != "" {
			x.buf = append(append(append(x.buf, "event: "...), name...), '\n')
		}
		x.buf = append(x.buf, x.field...)
		return
	}
	x.label, x.data = name, len(x.buf)
}

// end ends the event, whose data is what was appended since begin.
func (x *wire) end() {
	x.events++
	if x.style == nil {
		x.buf = append(x.buf, "\n\n"...)
		return
	}
	data := bytes.Clone(x.buf[x.data:])
	x.buf = x.buf[:x.data]
	if x.style.has(StyleTwoJSON) && x.label == "" && data[0] == '{' && x.second(data) {
		return
	}
	space := x.field[len("data:"):]
	if x.style.has(StyleComments) {
		x.buf = append(append(append(x.buf, ": ping"...), x.eol...), x.eol...)
	}
	if x.style.has(StylePing) {
		x.buf = append(append(append(x.buf, "event:"+space+"ping"...), x.eol...), x.field+`{"type":"ping"}`...)
		x.buf = append(append(x.buf, x.eol...), x.eol...)
	}
	if x.label == "" && x.style.has(StyleNamed) {
		x.label = "message"
	}
	if x.label != "" {
		x.buf = append(append(x.buf, "event:"+space+x.label...), x.eol...)
	}
	x.lines(data)
	x.buf = append(append(x.buf, x.eol...), x.eol...)
}

// lines writes the data of an event.
func (x *wire) lines(data []byte) {
	x.buf = append(x.buf, x.field...)
	if !x.style.has(StyleMultiline) {
		x.buf = append(x.buf, data...)
		return
	}
	inside, escaped := false, false
	for _, c := range data {
		x.buf = append(x.buf, c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = inside
		case c == '"':
			inside = !inside
		case c == ',' && !inside:
			x.buf = append(append(x.buf, x.eol...), x.field...)
		}
	}
}

// second puts data into the event at the end of buf if that has one object
// only; otherwise the next will come to it.
func (x *wire) second(data []byte) bool {
	if x.pair == 0 {
		x.pair = 1
		return false
	}
	x.pair = 0
	x.buf = x.buf[:len(x.buf)-2*len(x.eol)]
	if x.pairs++; x.pairs%2 == 0 {
		x.buf = append(x.buf, x.eol...)
		x.lines(data)
	} else {
		x.buf = append(x.buf, data...)
	}
	x.buf = append(append(x.buf, x.eol...), x.eol...)
	return true
}

// holds tells whether the style wants more events before it writes.
func (x *wire) holds() bool {
	if x.style == nil {
		return false
	}
	if x.style.has(StyleTwoJSON) && x.pair == 1 {
		return true
	}
	if x.style.has(StyleJoined) {
		x.held = (x.held + 1) % 4
		return x.held != 0
	}
	return false
}

// send writes what has gathered; false if the client has gone.
func (x *wire) send() bool {
	b := x.buf
	x.pair, x.buf = 0, x.buf[:0]
	if x.style == nil || !x.style.has(StyleSplit) {
		return x.write(b)
	}
	for len(b) > 0 {
		n := cut(b)
		if !x.write(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

func (x *wire) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if _, err := x.w.Write(b); err != nil {
		return false
	}
	x.flush.Flush()
	return true
}

// cut is where the first write of b ends: within a field's name, a character of
// several bytes, or CR LF, whatever comes first.
func cut(b []byte) int {
	if bytes.HasPrefix(b, []byte("data:")) {
		return 2
	}
	for i := range len(b) - 1 {
		if b[i] == '\r' && b[i+1] == '\n' || b[i] >= utf8.RuneSelf && b[i+1]&0xc0 == 0x80 {
			return i + 1
		}
	}
	return len(b)
}

// event writes an event whose data is made of the given parts.
func (x *wire) event(name string, parts ...string) {
	x.begin(name)
	for _, p := range parts {
		x.buf = append(x.buf, p...)
	}
	x.end()
}

func itoa(n int) string { return strconv.Itoa(n) }
