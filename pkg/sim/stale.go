package sim

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
)

// A stale is a connection of HTTP/1.1 that is taken from net/http in order to
// promise keep-alive and to close it all the same behind the answer, as
// llama.cpp's server does. A client that believes the promise meets a
// connection that is being closed, or is.
type stale struct {
	conn   net.Conn
	out    *bufio.Writer
	ctx    context.Context
	cancel context.CancelFunc
	header http.Header
	begun  bool
	broken error
}

func newStale(w http.ResponseWriter, ctx context.Context) (*stale, error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	s := &stale{conn: conn, out: rw.Writer, header: http.Header{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	go func() {
		rw.Reader.ReadByte() // ends when either side closes
		s.cancel()
	}()
	return s, nil
}

func (s *stale) Header() http.Header { return s.header }

func (s *stale) WriteHeader(status int) {
	if s.begun {
		return
	}
	s.begun = true
	s.header.Set("Connection", "keep-alive")
	s.header.Set("Keep-Alive", "timeout=5, max=100")
	s.header.Set("Transfer-Encoding", "chunked")
	io.WriteString(s.out, "HTTP/1.1 "+itoa(status)+" "+http.StatusText(status)+"\r\n")
	s.header.Write(s.out)
	io.WriteString(s.out, "\r\n")
}

func (s *stale) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	w := chunkSize(s.out, len(b))
	w.Write(b)
	_, err := w.WriteString("\r\n")
	if err != nil && s.broken == nil {
		s.broken = err
	}
	return len(b), s.broken
}

// chunkSize begins a chunk.
func chunkSize(w *bufio.Writer, n int) *bufio.Writer {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		w.WriteByte(digits[n>>shift&15])
	}
	w.WriteString("\r\n")
	return w
}

func (s *stale) Flush() {
	s.WriteHeader(http.StatusOK)
	if err := s.out.Flush(); err != nil && s.broken == nil {
		s.broken = err
	}
}

// finish ends the answer. The caller closes the connection right behind it.
func (s *stale) finish() {
	s.WriteHeader(http.StatusOK)
	io.WriteString(s.out, "0\r\n\r\n")
	s.out.Flush()
}

func (s *stale) close() {
	s.cancel()
	s.conn.Close()
}
