package record

import (
	"bytes"
	"io"
)

// blockSize is how much is read at a time. Lines that lie in one block share
// its memory.
const blockSize = 64 << 10

// A splitter cuts a reader into lines that stay valid.
//
// Note: bufio.Scanner limits the line; bufio.Reader.ReadBytes copies each one.
type splitter struct {
	r     io.Reader
	buf   []byte // read and not yet given out
	free  []byte // rest of the block behind buf
	err   error  // what the reader said last
	stuck int    // reads in a row that gave nothing
}

// next is the next line without its newline. The last one comes with the
// reader's error, and may be empty.
func (s *splitter) next() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(s.buf[seen:], '\n'); i >= 0 {
			line := s.buf[: seen+i : seen+i]
			s.buf = s.buf[seen+i+1:]
			return line, nil
		}
		seen = len(s.buf)
		if s.err != nil {
			line := s.buf
			s.buf = nil
			return line, s.err
		}
		s.fill()
	}
}

func (s *splitter) fill() {
	if len(s.free) == 0 {
		// Twice what is there, so that a line of n bytes costs O(n).
		block := make([]byte, max(blockSize, 2*len(s.buf)))
		n := copy(block, s.buf)
		s.buf, s.free = block[:n], block[n:]
	}
	n, err := s.r.Read(s.free)
	s.buf = s.buf[:len(s.buf)+n]
	s.free = s.free[n:]
	s.err = err
	if n > 0 {
		s.stuck = 0
	} else if s.stuck++; err == nil && s.stuck >= 100 {
		s.err = io.ErrNoProgress
	}
}
