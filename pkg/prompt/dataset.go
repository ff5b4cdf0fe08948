package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
)

// A File is what a dataset is read from. With At it may be read again and in any
// order; with Reader alone once, front to back.
type File struct {
	Name   string // for errors
	Reader io.Reader
	At     io.ReaderAt // used if it is not nil
	Size   int64       // of At, in bytes
}

// start reads the file from its beginning.
func (f File) start() io.Reader {
	if f.At != nil {
		return io.NewSectionReader(f.At, 0, f.Size)
	}
	return f.Reader
}

// A Dataset is conversations in files. Rows are read as they are asked for, and
// never kept, but for what MaxHeld says. Keys that are not known are ignored.
//
// A turn has both Messages and Texts where the row has texts, so that it suits
// endpoints of either kind. In is counted only where the file gives a length or
// the tokenizer was needed anyway.
type Dataset struct {
	Type      Type      // "" looks at the first row
	Files     []File    // one, or several of a random_pool
	Tokenizer Tokenizer // to make text of a given length, and for sharegpt; may be nil otherwise
	Seed      int64

	// Sampling is "sequential" (in order, then from the start again), "random"
	// (with replacement), or "shuffle" (each once, then in another order). The
	// default is sequential, but random for a random_pool. Random and shuffle
	// need a File with At. A bad row is told of once.
	Sampling string
	Once     bool // ends after as many conversations as there are, as does a file without At, and a Schedule

	Schedule  *Schedule // sends by timestamp; nil leaves order and Due as the file has them
	BlockSize int       // tokens of a hash id; 0 is DefaultBlockSize
	MaxTurns  int       // of a sharegpt conversation; 0 takes all, 1 does as vLLM's benchmark
	AnyLength bool      // of sharegpt: no bounds, which else are 4 to 1024 tokens of prompt, 4 or more of reply, 2048 of both

	Part Part

	LeftOut func() // is told of each conversation that sharegpt's bounds leave out; may be nil

	columns columns
	array   bool // the file is a JSON array, not lines
}

// MaxHeld bounds the rows that are held in memory when a file without At has a
// session_id, since the other rows of the session may be anywhere behind it.
const MaxHeld = 256 << 20

// Check tells what is wrong with d before anything is read.
func (d Dataset) Check() error {
	switch {
	case d.Type != unknownType && !slices.Contains(Types, d.Type):
		return fmt.Errorf("dataset type %q: want one of %v", d.Type, Types)
	case len(d.Files) == 0:
		return errors.New("a dataset of no files")
	case len(d.Files) > 1 && d.Type != RandomPool:
		return fmt.Errorf("a dataset of %d files: only a random_pool may have several", len(d.Files))
	case !slices.Contains([]string{"", "sequential", "random", "shuffle"}, d.Sampling):
		return fmt.Errorf("sampling strategy %q: want sequential, random or shuffle", d.Sampling)
	case d.BlockSize < 0 || d.BlockSize > maxTokens:
		return fmt.Errorf("block size %d: want 1 to %d", d.BlockSize, maxTokens)
	case d.MaxTurns < 0:
		return fmt.Errorf("at most %d turns", d.MaxTurns)
	case d.Schedule != nil && d.Type != unknownType && !d.Type.timed():
		return fmt.Errorf("a schedule needs timestamps, and a %s has none", d.Type)
	case d.Schedule != nil && d.Sampling != "" && d.Sampling != "sequential":
		return fmt.Errorf("a schedule gives the order, so sampling cannot be %s", d.Sampling)
	}
	for _, f := range d.Files {
		if s := d.sampling(); f.At == nil && s != "sequential" {
			return fmt.Errorf("read %s: %s sampling goes back and forth in the file, and a pipe cannot: give a file, or sample sequentially", f.Name, s)
		}
	}
	if d.Schedule != nil {
		if err := d.Schedule.check(); err != nil {
			return err
		}
	}
	return d.Part.check()
}

func (d Dataset) sampling() string {
	switch {
	case d.Sampling != "":
		return d.Sampling
	case d.Type == RandomPool:
		return "random"
	}
	return "sequential"
}

// Source reads conversations as they are asked for. Rows of other shards are
// checked, since a bad one takes no index, but no text is made for them.
func (d Dataset) Source() Source {
	return func(yield func(Conversation, error) bool) {
		d.Files = slices.Clone(d.Files)
		err := d.Check()
		if err == nil && d.Type == unknownType {
			if _, err = d.Detect(); err == nil {
				err = d.Check()
			}
		}
		if err != nil {
			yield(Conversation{}, err)
			return
		}
		index := 0
		for e, err := range d.entries() {
			if err == nil {
				if index++; !d.Part.has(index - 1) {
					continue
				}
			}
			var c Conversation
			if err == nil {
				c, err = d.conversation(e, index-1)
			}
			if !yield(c, err) || isFatal(err) {
				return
			}
		}
	}
}

func isFatal(err error) bool {
	_, row := errors.AsType[*LineError](err)
	return err != nil && !row
}

// conversation makes what a checked entry asks for.
func (d *Dataset) conversation(e *entry, index int) (Conversation, error) {
	c := Conversation{ID: e.id, Index: index, Whole: e.whole && !e.delta, Turns: make([]Turn, len(e.turns))}
	if c.ID == "" {
		c.ID = strconv.Itoa(e.at.no)
	}
	for i := range e.turns {
		t := &e.turns[i]
		if t.length > 0 {
			text, err := d.text(t)
			if err != nil {
				return Conversation{}, err
			}
			t.Messages = []Message{{Role: "user", Content: text}}
			t.Texts = []string{text}
		}
		c.Turns[i] = t.Turn
	}
	return c, nil
}

// entries yields what conversations are made of, in the order asked for.
func (d *Dataset) entries() iter.Seq2[*entry, error] {
	if len(d.Files) > 1 {
		return d.pool()
	}
	return d.fileEntries(0)
}

// fileEntries yields those of one file.
func (d *Dataset) fileEntries(i int) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		one := *d
		r := &reader{Dataset: &one, file: d.Files[i], seed: uint64(i)}
		r.timeline.Schedule = d.Schedule
		if r.file.At != nil {
			r.seekable(yield)
		} else {
			r.timeline.strict = true
			r.stream(yield)
		}
	}
}

// A reader reads one file of a dataset.
type reader struct {
	*Dataset
	file     File
	seed     uint64 // beside the dataset's, so that the files of a pool differ
	base     int    // rows in front of those in file
	skip     int    // rows up to the header of a table
	told     seen   // rows whose error has been told
	timeline timeline
}

// open cuts the file from its first row on.
func (r *reader) open() (splitter, error) {
	in := r.file.start()
	if r.Type == InputsJSON {
		r.array = true
		return newElements(in, "data"), nil
	}
	l := newLines(in, 0, r.base)
	switch {
	case r.base > 0: // the rest of a file whose head has been read
	case r.Type == ShareGPT:
		if c := firstByte(l); c == '[' {
			r.array = true
			e := newElements(l.r, "")
			return e, nil
		}
	case r.Type == BurstGPT:
		return r.table(l)
	}
	return l, nil
}

// firstByte is the first byte that is not white space or a byte order mark, 0
// if there is none near. It reads nothing, and waits for no more than it needs.
func firstByte(l *lines) byte {
	for n := 1; n <= 1024; n++ {
		head, err := l.r.Peek(n)
		if head = bytes.TrimSpace(trimBOM(head, 0)); len(head) > 0 && head[0] != 0xef {
			return head[0]
		}
		if err != nil {
			break
		}
	}
	return 0
}

// A table gives back the rows that were read to find a header as blank ones.
type table struct {
	*lines
	head []span
}

func (t *table) next() (span, error) {
	if len(t.head) == 0 {
		return t.lines.next()
	}
	s := t.head[0]
	t.head = t.head[1:]
	return s, nil
}

// table finds the header of a file of CSV.
func (r *reader) table(l *lines) (splitter, error) {
	t := &table{lines: l}
	for range 100 {
		s, err := l.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.file.Name, err)
		}
		line := s.text
		s.text = nil
		t.head = append(t.head, s)
		if r.skip = s.no + 1; len(line) > 0 {
			if r.columns, err = header(line); err != nil {
				return nil, fmt.Errorf("read %s: line %d: %w", r.file.Name, s.no+1, err)
			}
			return t, nil
		}
	}
	return nil, fmt.Errorf("read %s: has no header in its first lines", r.file.Name)
}

// rowErr is an error of a row, or a fatal one.
func (r *reader) rowErr(no int, err error) error {
	if f, ok := errors.AsType[fatal](err); ok {
		return fmt.Errorf("read %s: %w", r.file.Name, f.error)
	}
	e := &LineError{File: r.file.Name, Line: no + 1, Err: err}
	if r.array {
		e.Line, e.Element = 0, no+1
	}
	return e
}

// tell yields the error of a row unless it has been told, and tells whether to
// go on.
func (r *reader) tell(no int, err error, yield func(*entry, error) bool) bool {
	err = r.rowErr(no, err)
	if !isFatal(err) && !r.told.add(no-r.base) {
		return true
	}
	return yield(nil, err) && !isFatal(err)
}

// seen is a set of small whole numbers.
type seen []uint64

// add tells whether i was not in the set.
func (b *seen) add(i int) bool {
	for len(*b) <= i/64 {
		*b = append(*b, 0)
	}
	had := (*b)[i/64]>>(i%64)&1 == 1
	(*b)[i/64] |= 1 << (i % 64)
	return !had
}
