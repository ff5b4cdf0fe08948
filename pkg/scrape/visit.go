package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"
)

var (
	errTimeout  = errors.New("timeout")
	errStopping = errors.New("the run has stopped")
)

// A rejection is an answer that is no page: the source is there, but what it
// says is of no use.
type rejection struct{ error }

// A visit is what one request to a source gave.
type visit struct {
	begun  time.Time // before anything
	sent   time.Time // the request was about to leave
	first  time.Time // the first byte of the answer was there
	done   time.Time
	status int
	body   []byte // of the page; valid until the next visit
	size   int64  // of the body, as far as it was read
	err    error
}

// A visitor visits one source.
type visitor struct {
	client  *http.Client
	url     string
	timeout time.Duration
	max     int64 // size of a page
	buf     bytes.Buffer
}

// newClient keeps one connection per source: visits of a source do not overlap.
// It follows a redirect on the same host only, for what another host says is
// not what was asked for.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if to, from := req.URL.Host, via[0].URL.Host; to != from {
			return rejection{fmt.Errorf("redirected to another host, %s", to)}
		}
		if len(via) > 3 {
			return rejection{errors.New("redirected too often")}
		}
		return nil
	}}
}

func newTransport(sources int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = 0
	t.MaxIdleConnsPerHost = sources
	// An exporter that is visited once a minute keeps its connection.
	t.IdleConnTimeout = 5 * time.Minute
	return t
}

// visit asks for the page once.
func (v *visitor) visit(ctx context.Context) visit {
	ctx, cancel := context.WithTimeoutCause(ctx, v.timeout, errTimeout)
	defer cancel()
	r := visit{begun: time.Now()}
	var t stamps
	resp, err := v.do(httptrace.WithClientTrace(ctx, t.trace()))
	header := time.Now()
	if err == nil {
		r.status = resp.StatusCode
		r.size, err = v.read(resp)
		r.body = v.buf.Bytes()
	}
	r.done = time.Now()
	r.err = v.explain(ctx, r, err)
	r.sent, r.first = t.get()
	if r.sent.IsZero() {
		r.sent = r.begun
	}
	if r.first.IsZero() {
		r.first = header
	}
	return r
}

func (v *visitor) do(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4, text/plain;q=0.9, */*;q=0.1")
	req.Header.Set("User-Agent", "aiperf-scrape")
	return v.client.Do(req)
}

// read reads the body to its end, so that the connection can be used again, and
// so that a page that was cut short is known to be. Only a whole page is left
// in v.buf.
func (v *visitor) read(resp *http.Response) (n int64, err error) {
	defer resp.Body.Close()
	v.buf.Reset()
	n, err = v.buf.ReadFrom(io.LimitReader(resp.Body, v.max+1))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err == nil && n > v.max:
		err = rejection{fmt.Errorf("the page is larger than %d bytes", v.max)}
	case resp.StatusCode/100 != 2:
		err = rejection{errors.New(strings.TrimSpace("HTTP " + resp.Status + ": " + firstLine(v.buf.Bytes())))}
	case err != nil:
		err = fmt.Errorf("the page is cut short after %d bytes: %w", n, err)
	case kind == "application/json" || kind == "text/html":
		err = rejection{fmt.Errorf("the answer is %s, not a page of metrics", kind)}
	}
	if err != nil {
		v.buf.Reset()
	}
	return n, err
}

// explain makes an error that names no credentials: that of http.Client has the
// URL in it.
func (v *visitor) explain(ctx context.Context, r visit, err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(rejection)):
		return err
	case errors.Is(context.Cause(ctx), errStopping):
		return errStopping
	case errors.Is(context.Cause(ctx), errTimeout) && r.size > 0:
		return fmt.Errorf("the page was not complete within %v", v.timeout)
	case errors.Is(context.Cause(ctx), errTimeout):
		return fmt.Errorf("no answer within %v", v.timeout)
	}
	return err
}

func firstLine(b []byte) string {
	const most = 120
	line, _, _ := strings.Cut(strings.TrimSpace(string(b[:min(len(b), most)])), "\n")
	return strings.ToValidUTF8(line, "�")
}

// stamps are the instants between which the exporter answered. The transport
// sets them from its own goroutines, and again when it has to repeat a request
// on a new connection.
type stamps struct {
	mu          sync.Mutex
	sent, first time.Time
}

func (s *stamps) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// Not WroteRequest, which is called after the last byte has left, when
		// the exporter may have answered already.
		GotConn: func(httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sent, s.first = time.Now(), time.Time{}
		},
		GotFirstResponseByte: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.first = time.Now()
		},
	}
}

func (s *stamps) get() (sent, first time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.first
}
