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
	delta   bool    // lives on what was said before
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
		g := r.glance(s)
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
func (r *reader) glance(s span) glance {
	g := glance{due: math.NaN()}
	var e entry
	switch {
	case s.err != nil:
		return g
	case r.Type == BurstGPT:
		if r.columns.parse(s.text, &e) != nil {
			return g
		}
	case r.Schedule == nil && !bytes.Contains(s.text, sessionKey):
		return g
	default:
		var few struct {
			SessionID string                         `json:"session_id"`
			Timestamp *float64                       `json:"timestamp"`
			Mode      string                         `json:"message_mode"`
			Turns     []struct{ Timestamp *float64 } `json:"turns"`
		}
		if decode(s.text, &few) != nil {
			return g
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
		g.delta = few.Mode == "delta"
	}
	if len(e.turns) > 0 && e.turns[0].Due != nil {
		g.due = float64(*e.turns[0].Due)
		g.cropped = r.Schedule != nil && !r.Schedule.has(*e.turns[0].Due)
	}
	return g
}

// arrange groups the rows by session and, for a schedule, sorts the groups by
// when their first row is due. While it works it needs some 20 bytes a row.
func (r *reader) arrange(x *index) error {
	s := sessions{seed: maphash.MakeSeed(), groups: make(map[uint64]uint32), cut: make(map[uint64]uint8)}
	group := make([]uint32, 0, x.n) // of each row
	err := r.each(func(row span) error {
		g, err := uint32(noGroup), error(nil)
		if len(row.text) > 0 || row.err != nil {
			g, err = s.group(r.glance(row), row.no)
		}
		group = append(group, g)
		return err
	})
	if err != nil {
		return err
	}
	if len(group) != x.n {
		return errors.New("the file has changed while it was read")
	}
	x.lay(group, s.sizes, r.ranks(s.dues))
	return nil
}

// noGroup is that of a row which is left out.
const noGroup = math.MaxUint32

// What rows a session has.
const cropped, kept, delta = 1, 2, 4

// sessions are the groups of rows found so far. A session is known by the hash
// of its name.
type sessions struct {
	seed   maphash.Seed
	groups map[uint64]uint32
	cut    map[uint64]uint8 // what rows the session has: cropped, kept, delta
	dues   []float64        // of each group
	sizes  []uint32
}

func (s *sessions) group(g glance, no int) (uint32, error) {
	at := uint32(len(s.sizes))
	if g.session != "" {
		h := maphash.String(s.seed, g.session)
		if g.cropped {
			s.cut[h] |= cropped
		} else {
			s.cut[h] |= kept
		}
		if g.delta {
			s.cut[h] |= delta
		}
		if s.cut[h] == kept|cropped|delta {
			return 0, fmt.Errorf("line %d: the schedule cuts off a part of session %q, whose message_mode delta needs all that was said before: leave start and end offsets out", no+1, g.session)
		}
		if known, ok := s.groups[h]; ok {
			at = known
		} else if !g.cropped {
			s.groups[h] = at
		}
	}
	if g.cropped {
		return noGroup, nil
	}
	if at == uint32(len(s.sizes)) {
		s.sizes = append(s.sizes, 0)
		s.dues = append(s.dues, g.due)
	}
	if s.sizes[at]++; g.due < s.dues[at] {
		s.dues[at] = g.due
	}
	return at, nil
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
		if g == noGroup {
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
