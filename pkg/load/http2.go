package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/wire"
)

// newHTTP2 makes a transport that speaks HTTP/2 and nothing else: over TLS, and
// without it by prior knowledge.
func newHTTP2(t Target) *http.Transport {
	p := new(http.Protocols)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) { return t.proxy(r.URL) }, DialContext: t.Dial, TLSClientConfig: t.TLS.Clone(), Protocols: p,
		TLSHandshakeTimeout: handshakeTimeout, DisableCompression: true,
	}
	if tr.DialContext == nil {
		tr.DialContext = (&net.Dialer{Timeout: handshakeTimeout}).DialContext
	}
	return tr
}

// overHTTP2 sends the request over a stream of a connection that is shared by
// all. Instants are those at which the stream's reads return.
func (x *exchange) overHTTP2() *record.Error {
	ctx, cancel := context.WithCancel(x.flight)
	defer cancel()
	if x.client.Timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, x.client.Timeout, x.late())
		defer cancel()
	}
	b := &streamBody{cancel: cancel}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, x.trace(b)), http.MethodPost, x.url.String(), bytes.NewReader(*x.body))
	if err != nil {
		return x.classify(err, false)
	}
	req.Header = x.Header.Clone()
	req.Host = x.Header.Get("Host")
	req.Header.Set("X-Request-ID", x.Run+"-"+x.rec.ID)
	req.Header.Set("X-Correlation-ID", x.Run+"-"+x.name(0))
	x.hold(x.due)
	resp, err := x.h2.RoundTrip(req)
	x.announce()
	if b.timer != nil {
		defer b.timer.Stop()
	}
	if err != nil {
		return x.classify(causeOf(ctx, err), !x.start.IsZero())
	}
	defer resp.Body.Close()
	x.rec.HTTP.Version = "2"
	b.ctx, b.r = ctx, resp.Body
	return x.answer(&wire.Header{
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"),
		Encoding: resp.Header.Get("Content-Encoding"), Location: resp.Header.Get("Location"),
	}, b)
}

// trace follows a request to its connection.
func (x *exchange) trace(b *streamBody) *httptrace.ClientTrace {
	h := x.rec.HTTP
	var asked, looked, dialled, shook time.Time
	return &httptrace.ClientTrace{
		GetConn:           func(string) { asked = time.Now() },
		DNSDone:           func(httptrace.DNSDoneInfo) { looked = time.Now() },
		ConnectDone:       func(string, string, error) { dialled = time.Now() },
		TLSHandshakeStart: func() { shook = time.Now() },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { h.TLS = new(time.Since(shook).Seconds()) },
		GotConn: func(info httptrace.GotConnInfo) {
			now := time.Now()
			h.Reused, h.Remote = info.Reused, info.Conn.RemoteAddr().String()
			if !info.Reused && !dialled.IsZero() {
				from := asked
				if !looked.IsZero() {
					h.DNS, from = positive(looked.Sub(asked)), looked
				}
				h.Connect = new(dialled.Sub(from).Seconds())
			}
			x.ready = now
			x.begin(now)
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			h.Sent = new(time.Since(x.start).Seconds())
			b.timer = x.cancelLater(b.cancel)
		},
		GotFirstResponseByte: func() { b.first = time.Now() },
	}
}

// A streamBody is the body of an answer over HTTP/2.
type streamBody struct {
	ctx       context.Context
	cancel    context.CancelFunc
	timer     *time.Timer // of a cancellation
	r         io.Reader
	buf       [16 << 10]byte
	first, at time.Time
	ended     bool
}

func (b *streamBody) Next() ([]byte, error) {
	n, err := b.r.Read(b.buf[:])
	b.at = time.Now()
	b.ended = err == io.EOF
	if n > 0 {
		err = nil // it comes again
	}
	return b.buf[:n], causeOf(b.ctx, err)
}

func (b *streamBody) Arrived() time.Time { return b.at }
func (b *streamBody) Ended() bool        { return b.ended }
func (b *streamBody) First() time.Time   { return b.first }
func (b *streamBody) Limit(t time.Time)  { time.AfterFunc(time.Until(t), b.cancel) }

// causeOf is why ctx was cancelled, if that is what has gone wrong.
func causeOf(ctx context.Context, err error) error {
	if err != nil && err != io.EOF && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
