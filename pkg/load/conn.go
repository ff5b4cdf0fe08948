package load

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"aiperf/pkg/record"
)

// A stampConn remembers when its last successful read returned. In HTTP/1 a
// connection serves one response at a time and net/http reads no further than
// it is asked, so this is the instant at which the bytes that a body's Read
// gives have come in: what the program does between the socket and the parser
// does not count as the server's time.
type stampConn struct {
	net.Conn
	clock record.Clock
	last  atomic.Int64
}

func (c *stampConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.last.Store(int64(c.clock.Now()))
	}
	return n, err
}

// arrived is when the last read returned.
func (c *stampConn) arrived() record.Time { return record.Time(c.last.Load()) }

// stamped finds the stampConn under a connection that net/http has made.
func stamped(c net.Conn) *stampConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, _ := c.(*stampConn)
	return s
}

// A dialFunc opens a connection.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (d dialFunc) stamping(clock record.Clock) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := d(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &stampConn{Conn: c, clock: clock}, nil
	}
}
