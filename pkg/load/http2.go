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
	"sync"
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
	steps := &steps{}
	defer steps.end(x)
	text := *x.body
	x.body = nil // it is the transport's, which may read it after the answer has begun, or failed
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, x.trace(steps, cancel)), http.MethodPost, x.url.String(), bytes.NewReader(text))
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
	if err != nil {
		return x.classify(causeOf(ctx, err), !x.start.IsZero())
	}
	defer resp.Body.Close()
	x.rec.HTTP.Version = "2"
	b := &streamBody{ctx: ctx, cancel: cancel, r: resp.Body, first: steps.answered()}
	return x.answer(&wire.Header{
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"),
		Encoding: resp.Header.Get("Content-Encoding"), Location: resp.Header.Get("Location"),
	}, b)
}

// Steps are what the transport tells of a request. It does so from goroutines of
// its own, and goes on when the request is over or has got another connection.
type steps struct {
	mu                                 sync.Mutex
	asked, looked, dialled, shook, met time.Time // of the connection
	sent, first                        time.Time
	timer                              *time.Timer // of a cancellation
	over                               bool
}

func (s *steps) note(at *time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*at = time.Now()
}

func (s *steps) answered() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// end takes no more.
func (s *steps) end(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if !s.sent.IsZero() {
		x.rec.HTTP.Sent = new(s.sent.Sub(x.start).Seconds())
	}
}

// connected notes a connection, and how long its steps took if it is new.
func (s *steps) connected(h *record.HTTP, info httptrace.GotConnInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Reused, h.Remote = info.Reused, info.Conn.RemoteAddr().String()
	if info.Reused || s.dialled.IsZero() {
		return
	}
	from := s.asked
	if !s.looked.IsZero() {
		h.DNS, from = positive(s.looked.Sub(s.asked)), s.looked
	}
	h.Connect = new(s.dialled.Sub(from).Seconds())
	if !s.met.IsZero() {
		h.TLS = new(s.met.Sub(s.shook).Seconds())
	}
}

// trace follows a request to its connection.
func (x *exchange) trace(s *steps, cancel func()) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:           func(string) { s.note(&s.asked) },
		DNSDone:           func(httptrace.DNSDoneInfo) { s.note(&s.looked) },
		ConnectDone:       func(string, string, error) { s.note(&s.dialled) },
		TLSHandshakeStart: func() { s.note(&s.shook) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { s.note(&s.met) },
		GotConn: func(info httptrace.GotConnInfo) {
			now := time.Now()
			s.connected(x.rec.HTTP, info)
			x.ready = now
			x.begin(now)
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.sent = time.Now(); !s.over {
				s.timer = x.cancelLater(cancel)
			}
		},
		GotFirstResponseByte: func() { s.note(&s.first) },
	}
}

// A streamBody is the body of an answer over HTTP/2.
type streamBody struct {
	ctx       context.Context
	cancel    context.CancelFunc
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
