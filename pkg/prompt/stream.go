package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// stream yields the entries of a file that can be read once.
func (r *reader) stream(yield func(*entry, error) bool) {
	rows, err := r.open()
	if err != nil {
		yield(nil, err)
		return
	}
	for {
		s, err := rows.next()
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", r.file.Name, err))
			return
		}
		if s.err == nil && r.Type.grouped() && bytes.Contains(s.text, sessionKey) {
			r.hold(s, rows, yield)
			return
		}
		if _, ok := r.one(s, yield); !ok {
			return
		}
	}
}

var sessionKey = []byte(`"session_id"`)

// one yields the entry of a row, if it has one, and tells whether it had, and
// whether to go on.
func (r *reader) one(s span, yield func(*entry, error) bool) (good, ok bool) {
	if s.no < r.skip || len(s.text) == 0 && s.err == nil {
		return false, true // a blank line
	}
	e, err := r.parse(s)
	if err == nil && e != nil {
		good, err = r.timeline.fit(e)
	}
	if err != nil {
		return false, r.tell(s.no, err, yield)
	}
	if !good {
		return false, true
	}
	return true, yield(e, nil)
}

// hold reads the rest of the file, of which s is the first row, into memory, so
// that it can be read in any order.
func (r *reader) hold(s span, rows splitter, yield func(*entry, error) bool) {
	rest := &reader{Dataset: r.Dataset, file: r.file, seed: r.seed, base: s.no, skip: s.no, timeline: r.timeline}
	rest.Once = true // what has been read before cannot be read again
	var held []byte
	first := s.no + 1
	for {
		if s.err != nil {
			if !r.tell(s.no, s.err, yield) {
				return
			}
			s.text = nil
		}
		if len(held)+len(s.text) >= MaxHeld {
			yield(nil, fmt.Errorf("read %s: line %d has a session_id, so what follows must be held in memory, and it is more than %d MiB: give a file instead of a pipe",
				r.file.Name, first, MaxHeld>>20))
			return
		}
		held = append(append(held, s.text...), '\n')
		var err error
		if s, err = rows.next(); err == io.EOF {
			break
		} else if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", r.file.Name, err))
			return
		}
	}
	rest.file.At, rest.file.Size = bytes.NewReader(held), int64(len(held))
	rest.seekable(yield)
}

// pool yields entries that are made of one of each file.
func (d *Dataset) pool() iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		var nexts []func() (*entry, error, bool)
		for i := range d.Files {
			next, stop := iter.Pull2(d.fileEntries(i))
			defer stop()
			nexts = append(nexts, next)
		}
		for n := 0; ; n++ {
			all := &entry{at: span{no: n}, whole: true, turns: make([]draft, 1)}
			for _, next := range nexts {
				e, err, ok := next()
				for ; ok && err != nil; e, err, ok = next() {
					if !yield(nil, err) || isFatal(err) {
						return
					}
				}
				if !ok {
					return
				}
				all.turns[0].add(&e.turns[0].Turn)
			}
			if !yield(all, nil) {
				return
			}
		}
	}
}

// add puts what t asks behind what d asks already.
func (d *draft) add(t *Turn) {
	d.Messages = append(d.Messages, t.Messages...)
	d.Texts = append(d.Texts, t.Texts...)
	if d.Query == "" {
		d.Query = t.Query
	}
	if d.Out == nil {
		d.Out = t.Out
	}
	if d.Extra == nil {
		d.Extra = t.Extra
	}
	if d.Model == "" {
		d.Model = t.Model
	}
}

var errNoRows = errors.New("has no row that can be used")
