package prompt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxRow bounds one row of a dataset: a line, or an element of a JSON array.
const MaxRow = 64 << 20

var errRowTooLong = fmt.Errorf("is longer than %d MiB", MaxRow>>20)

// A span is one row as the file has it.
type span struct {
	text []byte // valid until the next one is read
	off  int64  // where it starts
	no   int    // of the rows, from 0; blank lines count
	err  error  // it is too long, and text is not all of it
}

// A splitter cuts a file into rows. It returns io.EOF behind the last one, and
// other errors if the rest cannot be read.
type splitter interface {
	next() (span, error)
}

// lines cuts at newlines. The last line needs none.
type lines struct {
	r    *bufio.Reader
	off  int64
	no   int
	long []byte // a line that is longer than r's buffer
}

func newLines(r io.Reader, off int64, no int) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), off: off, no: no}
}

func (l *lines) next() (span, error) {
	s := span{off: l.off, no: l.no}
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.off += int64(len(part))
		switch {
		case err == bufio.ErrBufferFull:
			if len(l.long)+len(part) > MaxRow {
				s.err = errRowTooLong
			} else {
				l.long = append(l.long, part...)
			}
			continue
		case err != nil && err != io.EOF:
			return s, err
		case err == io.EOF && l.off == s.off:
			return s, io.EOF
		}
		l.no++
		if s.text = part; len(l.long) > 0 {
			l.long = append(l.long, part...)
			s.text = l.long
		}
		if s.text = bytes.TrimSpace(trimBOM(s.text, s.off)); len(s.text) > MaxRow {
			s.err = errRowTooLong
		}
		return s, nil
	}
}

// trimBOM drops the mark that some editors put in front of a file.
func trimBOM(b []byte, off int64) []byte {
	if off == 0 {
		return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	return b
}

// elements cuts a JSON array, that of a whole file or of its key "data", into
// its elements. It looks for where each ends, and leaves it to the decoder to
// find what is wrong inside.
type elements struct {
	r    *bufio.Reader
	off  int64
	no   int
	buf  []byte
	key  string // of the array, in the object the file is; "" if the file is the array
	open bool   // the array has begun
}

func newElements(r io.Reader, key string) *elements {
	return &elements{r: bufio.NewReaderSize(r, 64<<10), key: key}
}

func (e *elements) next() (span, error) {
	if !e.open {
		if err := e.begin(); err != nil {
			return span{}, err
		}
		e.open = true
	}
	c, err := e.token()
	if err == nil && c == ',' && e.no > 0 {
		c, err = e.token()
	}
	if err == io.EOF {
		return span{}, fmt.Errorf("ends before its JSON array does, behind element %d", e.no)
	}
	if err != nil {
		return span{}, err
	}
	if c == ']' {
		return span{}, io.EOF
	}
	s := span{off: e.off - 1, no: e.no}
	s.text, s.err, err = e.value(c)
	e.no++
	return s, err
}

// begin reads as far as the array's bracket.
func (e *elements) begin() error {
	c, err := e.token()
	if err == nil && e.off == 1 && c == 0xef { // a byte order mark
		if _, err = e.r.Discard(2); err == nil {
			e.off += 2
			c, err = e.token()
		}
	}
	if e.key == "" {
		return e.want(c, '[', err)
	}
	if err := e.want(c, '{', err); err != nil {
		return err
	}
	for {
		c, err := e.token()
		if err == nil && c == ',' {
			c, err = e.token()
		}
		if err := e.want(c, '"', err); err != nil {
			return fmt.Errorf("look for the key %q: %w", e.key, err)
		}
		name, _, err := e.value(c)
		if err != nil {
			return err
		}
		found := string(name) == `"`+e.key+`"`
		c, err = e.token()
		if err := e.want(c, ':', err); err != nil {
			return err
		}
		if c, err = e.token(); found {
			return e.want(c, '[', err)
		}
		if err != nil {
			return err
		}
		if _, _, err = e.value(c); err != nil {
			return err
		}
	}
}

func (e *elements) want(got, want byte, err error) error {
	if err == io.EOF {
		return fmt.Errorf("ends where %q should be", want)
	}
	if err == nil && got != want {
		return fmt.Errorf("has %q at byte %d, where %q should be", got, e.off-1, want)
	}
	return err
}

// token is the next byte that is not white space.
func (e *elements) token() (byte, error) {
	for {
		c, err := e.r.ReadByte()
		if err != nil {
			return 0, err
		}
		e.off++
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, nil
		}
	}
}

// value reads the rest of the JSON value that begins with c. What is longer
// than MaxRow is read but not kept.
func (e *elements) value(c byte) (text []byte, long, err error) {
	e.buf = append(e.buf[:0], c)
	depth, quoted := 0, c == '"'
	switch c {
	case '{', '[':
		depth = 1
	case '}', ':', ',':
		return nil, nil, fmt.Errorf("has %q at byte %d, where a value should be", c, e.off-1)
	}
	scalar := depth == 0 && !quoted
	for escaped := false; scalar || depth > 0 || quoted; {
		c, err := e.r.ReadByte()
		if err == io.EOF && !scalar {
			return nil, nil, errors.New("ends in the midst of a value")
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if scalar && (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\t' || c == '\r') {
			if err := e.r.UnreadByte(); err != nil {
				return nil, nil, err
			}
			break
		}
		e.off++
		if len(e.buf) < MaxRow {
			e.buf = append(e.buf, c)
		} else {
			long = errRowTooLong
		}
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return e.buf, long, nil
}
