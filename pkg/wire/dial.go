package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/url"
	"time"
)

// A Dialer opens connections.
type Dialer struct {
	// Dial opens the connection under it all; nil is the network's own.
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS     *tls.Config   // nil for a connection without TLS; it needs a ServerName
	Timeout time.Duration // of connecting and, apart, of each handshake; 0 is none

	proxy *url.URL
}

// Steps are how long the steps of opening a connection took. A step that was
// not taken has 0.
type Steps struct{ DNS, Connect, TLS time.Duration }

// A HandshakeError is a TLS handshake that has failed.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return "TLS handshake: " + e.Err.Error() }
func (e *HandshakeError) Unwrap() error { return e.Err }

// Open opens a connection to addr, "host:port".
func (d Dialer) Open(ctx context.Context, addr string) (*Conn, Steps, error) {
	var steps Steps
	to := addr
	if d.proxy != nil {
		to = proxyAddr(d.proxy)
	}
	c, err := d.connect(ctx, to, &steps)
	if err != nil {
		return nil, steps, err
	}
	began := time.Now()
	top, err := d.shake(ctx, c, addr)
	if top != c {
		steps.TLS = time.Since(began)
	}
	if err != nil {
		c.Close()
		return nil, steps, err
	}
	return NewConn(top), steps, nil
}

// shake puts on a connection what stands between it and HTTP: a proxy's
// tunnel, TLS.
func (d Dialer) shake(ctx context.Context, c net.Conn, addr string) (net.Conn, error) {
	if d.TLS == nil && d.proxy == nil {
		return c, nil
	}
	ctx, cancel := d.bounded(ctx, "the handshake")
	defer cancel()
	var err error
	if d.proxy != nil && d.proxy.Scheme == "https" {
		c, err = handshake(ctx, c, &tls.Config{ServerName: d.proxy.Hostname(), NextProtos: []string{"http/1.1"}})
	}
	if err == nil && d.proxy != nil && d.TLS != nil {
		err = tunnel(ctx, c, d.proxy, addr)
	}
	if err == nil && d.TLS != nil {
		c, err = handshake(ctx, c, d.TLS)
	}
	return c, err
}

func handshake(ctx context.Context, c net.Conn, config *tls.Config) (net.Conn, error) {
	t := tls.Client(&stampConn{Conn: c}, config)
	if err := t.HandshakeContext(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return t, &HandshakeError{err}
	}
	return t, nil
}

// connect looks the name up and connects, trying its addresses as net does.
func (d Dialer) connect(ctx context.Context, addr string, steps *Steps) (net.Conn, error) {
	ctx, cancel := d.bounded(ctx, "connecting")
	defer cancel()
	dial := d.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	began := time.Now()
	var looked time.Time
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(httptrace.DNSDoneInfo) { looked = time.Now() },
	})
	c, err := dial(traced, "tcp", addr)
	switch {
	case looked.IsZero() || net.ParseIP(hostOf(addr)) != nil: // an address is looked up too, in no time
		steps.Connect = time.Since(began)
	default:
		steps.DNS, steps.Connect = looked.Sub(began), time.Since(looked)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return c, err
}

func hostOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	return host
}

func (d Dialer) bounded(ctx context.Context, what string) (context.Context, context.CancelFunc) {
	if d.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d.Timeout, &timeoutError{what, d.Timeout})
}

// A timeoutError is a net.Error.
type timeoutError struct {
	what  string
	after time.Duration
}

func (e *timeoutError) Error() string { return fmt.Sprintf("%s took longer than %v", e.what, e.after) }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
