package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// A Conn is a connection to a server that serves one exchange at a time: Send,
// Header, Next until io.EOF. It must not be used by two goroutines at once,
// except for Interrupt.
type Conn struct {
	net    net.Conn
	remote string
	in     source
	data   []byte    // what has been read and not yet been used; in's buffer
	at     time.Time // of the last read

	line    []byte // an unfinished line of the header or between chunks
	header  Header
	body    body
	used    int       // exchanges before this one
	broken  bool      // cannot serve another exchange
	limited bool      // has a deadline
	first   time.Time // of the answer's first bytes; zero until they have come
	interim bool      // first is that of an interim answer, the last so far

	interrupted atomic.Bool
}

// NewConn makes a Conn of a connection, which is then its own.
func NewConn(c net.Conn) *Conn {
	conn := &Conn{net: c, in: newSource(c)}
	if a := c.RemoteAddr(); a != nil {
		conn.remote = a.String()
	}
	return conn
}

// Remote is the address of the server, or of the proxy in front of it.
func (c *Conn) Remote() string { return c.remote }

// Reused tells whether the connection has carried an exchange before this one.
func (c *Conn) Reused() bool { return c.used > 0 }

// Send begins an exchange: it writes head, and body if there is more than fits
// in with it. Neither is kept. Reads and writes of the exchange fail after the
// deadline; a zero one is none.
func (c *Conn) Send(head, body []byte, deadline time.Time) error {
	c.first, c.interim, c.body, c.line = time.Time{}, false, bodyStart, c.line[:0]
	err := c.limit(deadline)
	if err == nil {
		_, err = c.net.Write(head)
	}
	if err == nil && len(body) > 0 {
		_, err = c.net.Write(body)
	}
	c.broken = c.broken || err != nil
	return err
}

// Arrived is when the last read returned: the instant at which all that Header
// and Next have given since then came in.
func (c *Conn) Arrived() time.Time { return c.at }

// First is when the first bytes of the answer came in, interim answers apart once
// Header has returned; zero if none have.
func (c *Conn) First() time.Time { return c.first }

// Finish ends the exchange and tells whether the connection can carry another.
// If it cannot it is closed.
func (c *Conn) Finish() bool {
	if c.broken || c.interrupted.Load() || !c.body.done() || c.header.Close || len(c.data) > 0 {
		c.Close()
		return false
	}
	c.in.release()
	c.data = nil
	c.used++
	return true
}

// Stale tells whether the server has meanwhile closed an idle connection, or
// has sent something that nobody asked for. It does not wait.
func (c *Conn) Stale() bool { return c.in.stale() }

// Limit sets a new deadline for the rest of the exchange.
func (c *Conn) Limit(deadline time.Time) { c.limit(deadline) }

func (c *Conn) limit(deadline time.Time) error {
	if deadline.IsZero() && !c.limited {
		return nil
	}
	c.limited = !deadline.IsZero()
	err := c.net.SetDeadline(deadline)
	if c.interrupted.Load() { // perhaps just before, and the deadline was set over it
		err = c.net.SetDeadline(past)
	}
	return err
}

var past = time.Unix(1, 0)

// Interrupt makes reads and writes that wait, and all later ones, fail with
// os.ErrDeadlineExceeded. It may be called at any time.
func (c *Conn) Interrupt() {
	c.interrupted.Store(true)
	c.net.SetDeadline(past)
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.in.release()
	c.data, c.broken = nil, true
	return c.net.Close()
}

// fill reads once. What was there before must have been used.
func (c *Conn) fill() error {
	b, at, err := c.in.read()
	if len(b) > 0 {
		if c.data, c.at = b, at; c.first.IsZero() || c.interim {
			c.first, c.interim = at, false
		}
		return nil
	}
	c.data = nil
	if err == nil {
		err = io.ErrNoProgress
	}
	c.broken = true
	return err
}

// Bounds on what a server can make a client hold.
const (
	maxLine   = 16 << 10
	maxHeader = 256 << 10

	maxInterim = 64  // answers of 100 to 199 before the one that counts
	maxTrailer = 256 // fields behind the last chunk
)

// A ProtocolError says how an answer is no HTTP/1.1.
type ProtocolError struct{ Message string }

func (e *ProtocolError) Error() string { return e.Message }

func (c *Conn) malformed(format string, a ...any) error {
	c.broken = true
	return &ProtocolError{fmt.Sprintf(format, a...)}
}

// unexpected is err, or io.ErrUnexpectedEOF where the end comes too soon.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
