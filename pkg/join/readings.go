package join

import (
	"bytes"
	"slices"
	"strconv"

	"aiperf/pkg/record"
)

// readings are the latest of each GPU and inference server.
type readings struct {
	slots map[string]*slot
	// fast finds a slot by the part of a line that is the same in all readings of
	// one GPU, without looking at the line's keys.
	fast  map[string]*slot
	bytes int // in slots
	open  int // slots that need a reading behind the window
}

// A slot is one GPU or server.
type slot struct {
	list   []kept // from head on; up to the horizon only the latest
	head   int
	spare  []byte
	needed bool // a reading of it was kept
	closed bool // and so was one behind the window
}

const (
	slotsMost = 1 << 16
	fastMost  = 1 << 12
	// fixed is the part of a line, in the form that record.Append writes, whose
	// width is always the same, and that is no part of an identity.
	fixed      = len(`{"time":"`) + len(form) + len(`",`)
	fixedTaken = len(form)
)

var beforeTaken = []byte(`,"taken":"`)

// find is the slot of a reading, nil if it makes no sense, and when the reading
// was taken.
func (r *readings) find(l record.Line) (*slot, record.Time) {
	// In a string the quotation marks would be escaped.
	i := bytes.Index(l.Raw, beforeTaken)
	from := i + len(beforeTaken)
	if i < fixed || from+fixedTaken > len(l.Raw) {
		return r.slow(l)
	}
	taken, err := record.ParseTime(string(l.Raw[from : from+fixedTaken]))
	if err != nil {
		return r.slow(l)
	}
	if s := r.fast[string(l.Raw[fixed:i])]; s != nil {
		return s, taken
	}
	s, t := r.slow(l)
	if s != nil && t == taken {
		if len(r.fast) >= fastMost {
			clear(r.fast) // labels come and go
		}
		r.fast[string(l.Raw[fixed:i])] = s
	}
	return s, t
}

func (r *readings) slow(l record.Line) (*slot, record.Time) {
	var source, host, uuid, mig string
	var index *int
	taken := l.Time
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "source":
			p.text("source", v, &source)
		case "host":
			p.text("host", v, &host)
		case "uuid":
			p.text("uuid", v, &uuid)
		case "mig":
			p.text("mig", v, &mig)
		case "gpu":
			p.index("gpu", v, &index)
		case "taken":
			p.time("taken", v, &taken)
		}
	}
	if p.err != nil {
		return nil, 0
	}
	if uuid == "" && index != nil {
		uuid = host + "\x00" + strconv.Itoa(*index)
	}
	key := l.Type + "\x00" + source + "\x00" + uuid + "\x00" + mig
	s := r.slots[key]
	if s == nil && len(r.slots) < slotsMost {
		s = &slot{}
		r.slots[key] = s
	}
	return s, taken
}

// keep keeps a reading from before the window, and of the earlier ones of its
// slot those that may be needed.
func (r *readings) keep(l record.Line, seq int, horizon record.Time) {
	s, taken := r.find(l)
	if s == nil {
		return
	}
	l.Raw = append(s.spare[:0], l.Raw...) // the block that it lies in may go
	s.spare = nil
	s.list = append(s.list, kept{l, seq, taken})
	r.bytes += len(l.Raw) + perLine
	r.trim(s, horizon)
}

// trim takes away the readings of a slot in front of the latest one at the
// horizon.
func (r *readings) trim(s *slot, horizon record.Time) {
	for s.head+1 < len(s.list) && s.list[s.head+1].at <= horizon {
		front := &s.list[s.head]
		r.bytes -= len(front.line.Raw) + perLine
		s.spare = front.line.Raw
		*front = kept{}
		s.head++
	}
	if s.head > len(s.list)/2 {
		s.list, s.head = slices.Delete(s.list, 0, s.head), 0
	}
}

func (r *readings) prune(horizon record.Time) {
	for _, s := range r.slots {
		r.trim(s, horizon)
	}
}

// flush gives out all that is kept.
func (r *readings) flush(horizon record.Time) (all []kept) {
	r.prune(horizon)
	for _, s := range r.slots {
		if len(s.list) > 0 {
			all = append(all, s.list[s.head:]...)
			s.needed = true
			r.open++
		}
		s.list, s.head, s.spare = nil, 0, nil
	}
	r.bytes = 0
	return all
}

// need says that a reading inside the window was kept.
func (r *readings) need(l record.Line) {
	if s, _ := r.find(l); s != nil && !s.needed {
		s.needed = true
		r.open++
	}
}

// bracket tells whether a reading behind the window is needed.
func (r *readings) bracket(l record.Line, to record.Time) bool {
	s, taken := r.find(l)
	if s == nil || !s.needed || s.closed {
		return false
	}
	if taken >= to {
		s.closed = true
		r.open--
	}
	return true
}
