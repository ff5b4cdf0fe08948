package prompt

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"slices"
)

const (
	stride    = 8       // rows between two offsets that an index keeps
	sample    = 64      // units between two positions that an index keeps
	unitStart = 1 << 31 // marks the row in order that begins a unit
)

// An index finds the rows of a file: it takes 1 byte a row, and 4 more if rows
// are grouped or sorted. A unit is the rows of one conversation.
type index struct {
	n       int      // rows
	offsets []int64  // of rows 0, stride, 2·stride, …
	order   []uint32 // rows unit by unit, the first of each marked; nil: row i is unit i
	starts  []uint32 // where units 0, sample, 2·sample, … start in order
	units   int

	grouped, unsorted bool // what the first pass has seen
}

// A glance is what an index must know of a row.
type glance struct {
	session string
	due     float64 // ns; NaN if there is none
	cropped bool    // outside of the schedule
}

// index passes over the file once, and once more if rows have to be grouped or
// sorted.
func (r *reader) index() (*index, error) {
	x := &index{}
	last := math.Inf(-1)
	err := r.each(func(s span) error {
		x.n = s.no - r.base + 1
		if x.n > unitStart {
			return fmt.Errorf("has more than %d rows", unitStart)
		}
		for len(x.offsets)*stride < x.n {
			x.offsets = append(x.offsets, s.off)
		}
		if len(s.text) == 0 || r.Schedule == nil && (x.grouped || !r.Type.grouped()) {
			return nil
		}
		g, err := r.glance(s)
		if err != nil {
			return err
		}
		x.grouped = x.grouped || g.session != ""
		if g.due < last {
			x.unsorted = true
		} else if g.due >= last && !g.cropped {
			last = g.due
		}
		return nil
	})
	if x.units = x.n; err == nil && (x.grouped || x.unsorted) {
		err = r.arrange(x)
	}
	return x, err
}

// each passes the rows to f, blank ones and bad ones too.
func (r *reader) each(f func(span) error) error {
	rows, err := r.open()
	for err == nil {
		var s span
		if s, err = rows.next(); err == nil {
			err = f(s)
		}
	}
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("read %s: %w", r.file.Name, err)
}

// glance is at a row, of whose errors it tells nothing.
func (r *reader) glance(s span) (glance, error) {
	g := glance{due: math.NaN()}
	var e entry
	switch {
	case s.err != nil:
		return g, nil
	case r.Type == BurstGPT:
		if r.columns.parse(s.text, &e) != nil {
			return g, nil
		}
	case r.Schedule == nil && !bytes.Contains(s.text, sessionKey):
		return g, nil
	default:
		var few struct {
			SessionID string                         `json:"session_id"`
			Timestamp *float64                       `json:"timestamp"`
			Mode      string                         `json:"message_mode"`
			Turns     []struct{ Timestamp *float64 } `json:"turns"`
		}
		if decode(s.text, &few) != nil {
			return g, nil
		}
		if r.Type.grouped() {
			g.session = few.SessionID
		}
		if r.Type == MultiTurn && len(few.Turns) > 0 {
			few.Timestamp = few.Turns[0].Timestamp
		}
		if few.Timestamp != nil {
			if due, err := milliseconds(*few.Timestamp); err == nil {
				e.turns = []draft{{Turn: Turn{Due: &due}}}
			}
		}
		e.delta = few.Mode == "delta"
	}
	if len(e.turns) > 0 && e.turns[0].Due != nil {
		g.due = float64(*e.turns[0].Due)
		g.cropped = r.Schedule != nil && !r.Schedule.has(*e.turns[0].Due)
	}
	if g.cropped && e.delta && g.session != "" {
		return g, fmt.Errorf("line %d: is outside of the schedule, and of a session whose message_mode delta needs all that was said before: leave start and end offsets out", s.no+1)
	}
	return g, nil
}

// arrange groups the rows by session and, for a schedule, sorts the groups by
// when their first row is due. While it works it needs some 20 bytes a row.
func (r *reader) arrange(x *index) error {
	seed := maphash.MakeSeed()
	named := make(map[uint64]uint32)
	group := make([]uint32, 0, x.n) // of each row; none for what is left out
	var dues []float64              // of each group
	var sizes []uint32
	const none = math.MaxUint32
	err := r.each(func(s span) error {
		if len(s.text) == 0 && s.err == nil {
			group = append(group, none)
			return nil
		}
		g, err := r.glance(s)
		if err != nil || g.cropped {
			group = append(group, none)
			return err
		}
		at := uint32(len(sizes))
		if g.session != "" {
			h := maphash.String(seed, g.session)
			if known, ok := named[h]; ok {
				at = known
			} else {
				named[h] = at
			}
		}
		if at == uint32(len(sizes)) {
			sizes = append(sizes, 0)
			dues = append(dues, g.due)
		}
		if sizes[at]++; g.due < dues[at] {
			dues[at] = g.due
		}
		group = append(group, at)
		return nil
	})
	if err != nil {
		return err
	}
	if len(group) != x.n {
		return errors.New("the file has changed while it was read")
	}
	x.lay(group, sizes, r.ranks(dues))
	return nil
}

// ranks are the groups in the order in which they are sent; nil as they are.
// Rows without a time are sent nowhere, and told of first.
func (r *reader) ranks(dues []float64) []uint32 {
	if r.Schedule == nil {
		return nil
	}
	ranks := make([]uint32, len(dues))
	for i := range ranks {
		ranks[i] = uint32(i)
	}
	slices.SortStableFunc(ranks, func(a, b uint32) int { return cmp.Compare(dues[a], dues[b]) })
	return ranks
}

// lay puts the rows in order, group by group.
func (x *index) lay(group, sizes, ranks []uint32) {
	x.units = len(sizes)
	next := make([]uint32, len(sizes)) // where the next row of a group goes
	var at uint32
	for i := range sizes {
		g := uint32(i)
		if ranks != nil {
			g = ranks[i]
		}
		if i%sample == 0 {
			x.starts = append(x.starts, at)
		}
		next[g] = at
		at += sizes[g]
	}
	first := make(seen, len(sizes)/64+1)
	x.order = make([]uint32, at)
	for no, g := range group {
		if g == math.MaxUint32 {
			continue
		}
		x.order[next[g]] = uint32(no)
		if first.add(int(g)) {
			x.order[next[g]] |= unitStart
		}
		next[g]++
	}
}

// rows calls f with the rows of unit u, in the order of the file, until it
// returns false.
func (x *index) rows(u int, f func(no int) bool) {
	if x.order == nil {
		f(u)
		return
	}
	at := int(x.starts[u/sample])
	for skip := u % sample; skip > 0; {
		if at++; x.order[at]&unitStart != 0 {
			skip--
		}
	}
	for f(int(x.order[at] &^ unitStart)) {
		if at++; at == len(x.order) || x.order[at]&unitStart != 0 {
			return
		}
	}
}

// A cursor reads rows in any order, cheapest in that of the file.
type cursor struct {
	r    *reader
	x    *index
	buf  *bufio.Reader // a small one, since most rows are read for themselves
	rows splitter
	next int // row that rows reads next
}

// row reads the row no.
func (c *cursor) row(no int) (span, error) {
	if c.rows == nil || no < c.next || no-c.next >= 2*stride {
		at := no / stride
		off := c.x.offsets[at]
		in := io.NewSectionReader(c.r.file.At, off, c.r.file.Size-off)
		if c.buf == nil {
			c.buf = bufio.NewReaderSize(nil, 4<<10)
		}
		c.buf.Reset(in)
		if c.next = at * stride; c.r.array {
			c.rows = &elements{r: c.buf, off: off, no: c.next + c.r.base, open: true}
		} else {
			c.rows = &lines{r: c.buf, off: off, no: c.next + c.r.base}
		}
	}
	for {
		s, err := c.rows.next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return s, fmt.Errorf("read %s: %w", c.r.file.Name, err)
		}
		c.next++
		if c.next > no {
			return s, nil
		}
	}
}
