package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answer gives a Conn whose server sends the pieces, each as one write, and
// then closes.
func answer(t testing.TB, pieces ...string) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		if _, err := http.ReadRequest(bufio.NewReader(theirs)); err != nil {
			return
		}
		for _, p := range pieces {
			if p == "" {
				continue
			}
			if _, err := io.WriteString(theirs, p); err != nil {
				return
			}
		}
	}()
	c := NewConn(ours)
	t.Cleanup(func() { c.Close() })
	if err := c.Send([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// drain reads the body to its end.
func drain(c *Conn) (string, error) {
	var b strings.Builder
	for {
		piece, err := c.Next()
		b.Write(piece)
		if err != nil {
			return b.String(), err
		}
	}
}

func split(s string, n int) []string {
	var parts []string
	for len(s) > n {
		parts, s = append(parts, s[:n]), s[n:]
	}
	return append(parts, s)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, answer string
		want        Header
		body        string
		again       bool // the connection can be used again
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
			Header{Status: 200, ContentType: "text/plain", Length: 5}, "hello", true},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=1\r\n, big worl\r\n1\r\nd\r\n0\r\n\r\n",
			Header{Status: 200, Length: -1, Chunked: true}, "hello, big world", true},
		{"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: 1\r\n\r\n",
			Header{Status: 200, Length: -1, Chunked: true}, "a", true},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello",
			Header{Status: 200, Length: -1, Close: true}, "hello", false},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
			Header{Status: 200, Length: 2, Close: true}, "hi", false},
		{"HTTP/1.0 that keeps the connection", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
			Header{Status: 200, Length: 2}, "hi", true},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", Header{Status: 204, Length: -1}, "", true},
		{"an empty body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Header{Status: 200}, "", true},
		{"an interim answer", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
			Header{Status: 200, Length: 1}, "x", true},
		{"a redirect", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
			Header{Status: 307, Location: "/x"}, "", true},
		{"a compressed body", "HTTP/1.1 429 Too Many Requests\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
			Header{Status: 429, Encoding: "gzip"}, "", true},
		{"told to close", "HTTP/1.1 200 OK\r\nConnection: foo, close\r\nContent-Length: 1\r\n\r\nx",
			Header{Status: 200, Length: 1, Close: true}, "x", false},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", Header{Status: 200, Length: 1}, "x", true},
		{"a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
			Header{Status: 200, Length: 3, Chunked: true, Close: true}, "a", false},
		{"more than was asked for", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz", Header{Status: 200, Length: 1}, "x", false},
	} {
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			conn := answer(t, split(c.answer, size)...)
			h, err := conn.Header()
			if err != nil {
				t.Errorf("%s in pieces of %d: %v", c.why, size, err)
				continue
			}
			got := *h
			body, err := drain(conn)
			if err != io.EOF || body != c.body {
				t.Errorf("%s in pieces of %d: body %q, %v; want %q, EOF", c.why, size, body, err, c.body)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s in pieces of %d (-want +got):\n%s", c.why, size, diff)
			}
			if again := conn.Finish(); again != c.again && !strings.HasPrefix(c.why, "more") {
				t.Errorf("%s in pieces of %d: can be used again: %v, want %v", c.why, size, again, c.again)
			}
		}
	}
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, answer, want string }{
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", `the answer begins with "SSH-2.0-OpenSSH_9.2", which is no HTTP/1.1`},
		{"HTTP/2", "HTTP/2 200\r\n\r\n", `the answer begins with "HTTP/2 200", which is no HTTP/1.1`},
		{"no status", "HTTP/1.1 abc\r\n\r\n", `the answer has the status line "HTTP/1.1 abc"`},
		{"no field", "HTTP/1.1 200 OK\r\nhello\r\n\r\n", `the header of the answer has the line "hello", which is no field`},
		{"lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", `the answer has the Content-Length "2"`},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", `the answer has the Content-Length "-1"`},
		{"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", `the answer has the Transfer-Encoding "gzip, chunked"; chunked alone is understood`},
		{"an upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "the server switches protocols, which nobody asked for"},
		{"a long line", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxLine+64) + "\r\n\r\n", "a line of the answer's header is longer than 16 KiB"},
		{"a long header", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 300) + "\r\n", "the header of the answer is larger than 256 KiB"},
		{"no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", `the answer has a chunk of size "hello"`},
		{"a huge size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\n", `the answer has a chunk of size "8000000000000000"`},
		{"a wrong size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "a chunk of the answer is longer than its size says"},
		{"a flood of interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 70), "the server sends more than 64 interim answers"},
		{"a flood of trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: y\r\n", 300), "the answer has more than 256 trailers"},
		{"nothing", "", io.EOF.Error()},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-", io.ErrUnexpectedEOF.Error()},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", io.ErrUnexpectedEOF.Error()},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", io.ErrUnexpectedEOF.Error()},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", io.ErrUnexpectedEOF.Error()},
	} {
		conn := answer(t, split(c.answer, 11)...)
		_, err := conn.Header()
		if err == nil {
			_, err = drain(conn)
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.why, err, c.want)
		}
		if conn.Finish() {
			t.Errorf("%s: the connection would be used again", c.why)
		}
	}
}

// Each piece of a body comes with the instant of its read.
func TestArrivals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		began := time.Now()
		go func() {
			http.ReadRequest(bufio.NewReader(theirs))
			for _, p := range []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n", "2\r\nc", "d\r\n2\r\nef\r\n0\r\n\r\n"} {
				time.Sleep(10 * time.Millisecond)
				io.WriteString(theirs, p)
			}
		}()
		c := NewConn(ours)
		defer c.Close()
		if err := c.Send([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Header(); err != nil || c.First().Sub(began) != 10*time.Millisecond {
			t.Errorf("first byte after %v, %v", c.First().Sub(began), err)
		}
		type arrival struct {
			Piece string
			At    time.Duration
		}
		var got []arrival
		for {
			piece, err := c.Next()
			if err != nil {
				break
			}
			got = append(got, arrival{string(piece), c.Arrived().Sub(began)})
		}
		const ms = time.Millisecond
		want := []arrival{{"ab", 20 * ms}, {"c", 30 * ms}, {"d", 40 * ms}, {"ef", 40 * ms}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A deadline and an interrupt end a read that waits, and the connection.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why string
		do  func(*Conn)
		end time.Duration
	}{
		{"the deadline of the exchange", func(*Conn) {}, time.Minute},
		{"a nearer one", func(c *Conn) { c.Limit(time.Now().Add(time.Second)) }, time.Second},
		{"an interrupt", func(c *Conn) { time.AfterFunc(3*time.Second, c.Interrupt) }, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			go http.ReadRequest(bufio.NewReader(theirs))
			conn := NewConn(ours)
			began := time.Now()
			if err := conn.Send([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, began.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			c.do(conn)
			_, err := conn.Header()
			var ne net.Error
			if !errors.As(err, &ne) || !ne.Timeout() || time.Since(began) != c.end {
				t.Errorf("%s: after %v %v, want a timeout after %v", c.why, time.Since(began), err, c.end)
			}
			if conn.Finish() {
				t.Errorf("%s: the connection would be used again", c.why)
			}
		})
	}
}

// Whatever comes is read as net/http reads it, or refused.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), uint8(3))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"), uint8(1))
	f.Add([]byte("HTTP/1.0 404 No\r\nConnection: keep-alive\r\n\r\nx"), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		conn := &Conn{net: nopConn{}, in: &scripted{data: data, size: int(size)%64 + 1}}
		h, err := conn.Header()
		if err != nil {
			var p *ProtocolError
			if !errors.As(err, &p) && err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Fatalf("error %v", err)
			}
			return
		}
		status := h.Status
		body, err := drain(conn)
		if err != io.EOF {
			return
		}
		theirs, terr := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
		if terr != nil || theirs.StatusCode < 200 {
			return // this reader is the more lenient one
		}
		want, terr := io.ReadAll(theirs.Body)
		if terr == nil && (theirs.StatusCode != status || string(want) != body) {
			t.Errorf("status %d, body %q; net/http reads %d, %q", status, body, theirs.StatusCode, want)
		}
	})
}

type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// A scripted source gives data in pieces of size bytes.
type scripted struct {
	data []byte
	size int
}

func (s *scripted) read() ([]byte, time.Time, error) {
	if len(s.data) == 0 {
		return nil, time.Time{}, io.EOF
	}
	n := min(s.size, len(s.data))
	piece := s.data[:n]
	s.data = s.data[n:]
	return piece, time.Unix(1, 0), nil
}

func (*scripted) release()    {}
func (*scripted) stale() bool { return false }
