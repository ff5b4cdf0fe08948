package wire

import (
	"bytes"
	"strconv"
	"strings"
)

// A Header is what an answer says before its body.
type Header struct {
	Status      int
	ContentType string
	Encoding    string // Content-Encoding; empty or "identity" if the body is plain
	Location    string
	Length      int64 // of the body; −1 if it is not told
	Chunked     bool
	Close       bool // the server closes the connection after this answer
}

// Header reads the status and the header fields of the answer. Interim answers
// (100 to 199) are skipped. Errors of the answer itself are [*ProtocolError];
// an end before the header's is io.ErrUnexpectedEOF, or io.EOF if not one byte
// of the answer has come.
func (c *Conn) Header() (*Header, error) {
	for n := 0; ; n++ {
		if n > maxInterim {
			return nil, c.malformed("the server sends more than %d interim answers", maxInterim)
		}
		if err := c.readHeader(); err != nil {
			return nil, err
		}
		h := &c.header
		switch {
		case h.Status == 101:
			return nil, c.malformed("the server switches protocols, which nobody asked for")
		case h.Status < 200:
			c.first, c.interim = c.at, len(c.data) == 0
			continue
		}
		c.body = bodyOf(h)
		return h, nil
	}
}

func (c *Conn) readHeader() error {
	line, err := c.nextLine()
	if err != nil {
		if !c.first.IsZero() {
			err = unexpected(err)
		}
		return err
	}
	reuse := c.header
	c.header = Header{Length: -1}
	h := &c.header
	var old bool
	if h.Status, old, err = statusLine(line); err != nil {
		return c.malformed("%v", err)
	}
	h.Close = old
	for total := len(line); ; {
		if line, err = c.nextLine(); err != nil {
			return unexpected(err)
		}
		if len(line) == 0 {
			return nil
		}
		if total += len(line); total > maxHeader {
			return c.malformed("the header of the answer is larger than %d KiB", maxHeader>>10)
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			return c.malformed("the header of the answer has the line %.100q, which is no field", line)
		}
		if err := h.field(name, bytes.TrimSpace(value), &reuse); err != nil {
			c.broken = true
			return err
		}
	}
}

// statusLine reads "HTTP/1.1 200 OK"; old tells that it is HTTP/1.0.
func statusLine(line []byte) (status int, old bool, err error) {
	version, rest, _ := bytes.Cut(line, []byte{' '})
	word, _, _ := bytes.Cut(rest, []byte{' '})
	if !bytes.HasPrefix(version, []byte("HTTP/1.")) {
		return 0, false, &ProtocolError{"the answer begins with " + strconv.Quote(string(line[:min(len(line), 60)])) + ", which is no HTTP/1.1"}
	}
	if len(word) == 3 {
		status, err = strconv.Atoi(string(word))
	}
	if err != nil || status < 100 {
		return 0, false, &ProtocolError{"the answer has the status line " + strconv.Quote(string(line[:min(len(line), 60)]))}
	}
	return status, bytes.Equal(version, []byte("HTTP/1.0")), nil
}

// field takes what matters here. Values that were the same in the answer before
// are taken from there, which spares their garbage.
func (h *Header) field(name, value []byte, before *Header) error {
	switch len(name) {
	case len("Content-Type"):
		if is(name, "content-type") {
			h.ContentType = keep(value, before.ContentType)
		}
	case len("Content-Length"):
		if is(name, "content-length") {
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil || n < 0 || h.Length >= 0 && h.Length != n {
				return &ProtocolError{"the answer has the Content-Length " + strconv.Quote(string(value))}
			}
			h.Length = n
		}
	case len("Content-Encoding"):
		if is(name, "content-encoding") {
			h.Encoding = keep(value, before.Encoding)
		}
	case len("Transfer-Encoding"):
		if is(name, "transfer-encoding") {
			if !is(value, "chunked") {
				return &ProtocolError{"the answer has the Transfer-Encoding " + strconv.Quote(string(value)) + "; chunked alone is understood"}
			}
			h.Chunked = true
		}
	case len("Connection"):
		if is(name, "connection") {
			for v := range strings.SplitSeq(strings.ToLower(string(value)), ",") {
				switch strings.TrimSpace(v) {
				case "close":
					h.Close = true
				case "keep-alive":
					h.Close = false
				}
			}
		}
	case len("Location"):
		if is(name, "location") {
			h.Location = string(value)
		}
	}
	return nil
}

// is compares without regard to case; lower is in lower case.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func keep(value []byte, before string) string {
	if string(value) == before {
		return before
	}
	return string(value)
}

// nextLine gives the next line without its end. It is valid until the next call.
func (c *Conn) nextLine() ([]byte, error) {
	c.line = c.line[:0]
	for {
		if len(c.data) == 0 {
			if err := c.fill(); err != nil {
				return nil, err
			}
		}
		end := bytes.IndexByte(c.data, '\n')
		if end < 0 {
			if len(c.line)+len(c.data) > maxLine {
				return nil, c.malformed("a line of the answer's header is longer than %d KiB", maxLine>>10)
			}
			c.line = append(c.line, c.data...)
			c.data = nil
			continue
		}
		line := c.data[:end]
		c.data = c.data[end+1:]
		if len(c.line) > 0 {
			c.line = append(c.line, line...)
			line = c.line
		}
		return bytes.TrimSuffix(line, []byte{'\r'}), nil
	}
}
