package wire

import (
	"bytes"
	"io"
)

// A body is where the reading of an answer's body stands.
type body struct {
	state bodyState
	left  int64 // bytes of the body, or of its chunk; trailers that have come
}

type bodyState uint8

const (
	bodyHeader  bodyState = iota // the header has not been read
	bodyLength                   // left bytes are still to come
	bodyChunk                    // left bytes of a chunk are still to come
	bodyBreak                    // the line end behind a chunk comes next
	bodySize                     // a line with a chunk's size comes next
	bodyTrailer                  // fields behind the last chunk come next
	bodyClose                    // the end of the connection is that of the body
	bodyDone
)

var bodyStart = body{state: bodyHeader}

// bodyOf is how the body behind a header ends: RFC 9112, section 6.3.
func bodyOf(h *Header) body {
	switch {
	case h.Status == 204 || h.Status == 304:
		return body{state: bodyDone}
	case h.Chunked:
		if h.Length >= 0 { // both is an error; whoever sent it cannot be trusted with more
			h.Close = true
		}
		return body{state: bodySize}
	case h.Length == 0:
		return body{state: bodyDone}
	case h.Length > 0:
		return body{state: bodyLength, left: h.Length}
	}
	h.Close = true
	return body{state: bodyClose}
}

func (b body) done() bool { return b.state == bodyDone }

// Next gives the next piece of the body, as long as what came in at once allows;
// it is valid until the next call. At the end of the body the error is io.EOF,
// and io.ErrUnexpectedEOF if the connection's end comes first.
func (c *Conn) Next() ([]byte, error) {
	for {
		switch b := &c.body; b.state {
		case bodyDone:
			return nil, io.EOF
		case bodyLength, bodyChunk, bodyClose:
			piece, err := c.piece()
			if len(piece) > 0 || err != nil {
				return piece, err
			}
		default:
			if err := c.between(); err != nil {
				return nil, err
			}
		}
	}
}

// Ended tells, without waiting, whether all of the body has been given. It reads
// the end of a chunked body if that has come.
func (c *Conn) Ended() bool {
	for c.body.state >= bodyBreak && c.body.state <= bodyTrailer {
		if bytes.IndexByte(c.data, '\n') < 0 || c.between() != nil {
			return false
		}
	}
	return c.body.done()
}

// piece takes what there is of the body's bytes.
func (c *Conn) piece() ([]byte, error) {
	b := &c.body
	if len(c.data) == 0 {
		err := c.fill()
		switch {
		case err == io.EOF && b.state == bodyClose:
			b.state = bodyDone
			return nil, io.EOF
		case err != nil:
			return nil, unexpected(err)
		}
	}
	if b.state == bodyClose {
		piece := c.data
		c.data = nil
		return piece, nil
	}
	n := min(int64(len(c.data)), b.left)
	piece := c.data[:n]
	c.data = c.data[n:]
	if b.left -= n; b.left == 0 {
		if b.state == bodyLength {
			b.state = bodyDone
		} else {
			b.state = bodyBreak
		}
	}
	return piece, nil
}

// between reads one line of what stands between chunks.
func (c *Conn) between() error {
	b := &c.body
	if b.state == bodyHeader {
		panic("wire: Next before Header")
	}
	line, err := c.nextLine()
	if err != nil {
		return unexpected(err)
	}
	switch b.state {
	case bodyBreak:
		if len(line) > 0 {
			return c.malformed("a chunk of the answer is longer than its size says")
		}
		b.state = bodySize
	case bodySize:
		n, ok := chunkSize(line)
		if !ok {
			return c.malformed("the answer has a chunk of size %.60q", line)
		}
		b.left, b.state = n, bodyChunk
		if n == 0 {
			b.state = bodyTrailer
		}
	case bodyTrailer:
		if len(line) == 0 {
			b.state = bodyDone
		} else if b.left++; b.left > maxTrailer {
			return c.malformed("the answer has more than %d trailers", maxTrailer)
		}
	}
	return nil
}

// chunkSize reads the hexadecimal size in front of a chunk; extensions behind a
// semicolon are passed over.
func chunkSize(line []byte) (int64, bool) {
	end := 0
	for end < len(line) && line[end] != ';' && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	if end == 0 || end > 15 {
		return 0, false
	}
	var n int64
	for _, c := range line[:end] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		n = n<<4 | d
	}
	return n, true
}

func hexDigit(c byte) (int64, bool) {
	switch {
	case '0' <= c && c <= '9':
		return int64(c - '0'), true
	case 'a' <= c && c <= 'f':
		return int64(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return int64(c-'A') + 10, true
	}
	return 0, false
}
