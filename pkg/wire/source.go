package wire

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// bufferSize is what one read may bring. Large reads matter for long answers
// that come in one piece, and cost nothing since buffers are shared.
const bufferSize = 64 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// A source reads from a connection into a buffer that it has only while there
// is something in it.
type source interface {
	// read waits for bytes and gives them with the instant at which they were
	// there. They are valid until the next call.
	read() ([]byte, time.Time, error)
	release()
	stale() bool
}

func newSource(c net.Conn) source {
	if raw := rawConn(c); raw != nil {
		return newRawSource(raw)
	}
	s := &plainSource{c: c}
	s.stamp, _ = c.(stamped)
	if under, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		if raw := rawConn(under.NetConn()); raw != nil {
			s.look = newPeeker(raw)
		}
		s.stamp, _ = under.NetConn().(stamped)
	}
	return s
}

func rawConn(c net.Conn) syscall.RawConn {
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// A rawSource reads from a file descriptor. It takes a buffer when there is
// something to be read, so that a connection that waits holds none.
type rawSource struct {
	raw  syscall.RawConn
	buf  *[bufferSize]byte
	n    int
	err  error
	at   time.Time
	try  func(fd uintptr) bool // made once: a closure a read would be garbage
	look peeker
}

func newRawSource(raw syscall.RawConn) *rawSource {
	s := &rawSource{raw: raw, look: newPeeker(raw)}
	s.try = s.tryRead
	return s
}

func (s *rawSource) read() ([]byte, time.Time, error) {
	s.release()
	s.n, s.err = 0, nil
	if err := s.raw.Read(s.try); err != nil {
		s.release()
		return nil, time.Time{}, err
	}
	if s.n > 0 {
		return s.buf[:s.n], s.at, nil
	}
	s.release()
	return nil, time.Time{}, s.err
}

// tryRead reads once and gives false if there is nothing yet.
func (s *rawSource) tryRead(fd uintptr) bool {
	s.buf = buffers.Get().(*[bufferSize]byte)
	for {
		n, err := syscall.Read(int(fd), s.buf[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			s.release()
			return false
		case n > 0:
			s.at, s.n = time.Now(), n
		case err != nil:
			s.err = err
		default:
			s.err = io.EOF
		}
		return true
	}
}

func (s *rawSource) release() {
	if s.buf != nil {
		buffers.Put(s.buf)
		s.buf = nil
	}
}

func (s *rawSource) stale() bool { return s.look.stale() }

// A peeker looks at what has come in on an idle connection without taking it.
type peeker struct {
	raw  syscall.RawConn
	peek func(fd uintptr) // made once
	dead *bool
}

func newPeeker(raw syscall.RawConn) peeker {
	dead := new(bool)
	return peeker{raw, func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		*dead = err != syscall.EAGAIN // the end, an error, or bytes that nobody asked for
	}, dead}
}

// stale tells that the connection cannot be used again. It is not known of one
// without a socket.
func (p peeker) stale() bool {
	return p.raw != nil && (p.raw.Control(p.peek) != nil || *p.dead)
}

// A stamped connection knows when it was read last. Under TLS that is when the
// record came in, before it was decrypted.
type stamped interface{ lastRead() time.Time }

// A stampConn is a stamped connection.
type stampConn struct {
	net.Conn
	last time.Time
}

func (c *stampConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.last = time.Now()
	}
	return n, err
}

func (c *stampConn) lastRead() time.Time { return c.last }

func (c *stampConn) SyscallConn() (syscall.RawConn, error) {
	if raw := rawConn(c.Conn); raw != nil {
		return raw, nil
	}
	return nil, syscall.ENOTSUP
}

// A plainSource reads from any connection.
type plainSource struct {
	c     net.Conn
	look  peeker  // at the socket under it
	stamp stamped // nil if there is none
	buf   *[smallSize]byte
}

const smallSize = 16 << 10 // that of a TLS record

var smallBuffers = sync.Pool{New: func() any { return new([smallSize]byte) }}

func (s *plainSource) read() ([]byte, time.Time, error) {
	if s.buf == nil {
		s.buf = smallBuffers.Get().(*[smallSize]byte)
	}
	n, err := s.c.Read(s.buf[:])
	if n == 0 {
		return nil, time.Time{}, err
	}
	if s.stamp != nil {
		return s.buf[:n], s.stamp.lastRead(), nil
	}
	return s.buf[:n], time.Now(), nil
}

func (s *plainSource) release() {
	if s.buf != nil {
		smallBuffers.Put(s.buf)
		s.buf = nil
	}
}

func (s *plainSource) stale() bool { return s.look.stale() }
