package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

var (
	errTimeout  = errors.New("timeout")
	errStopping = errors.New("the run has stopped")
)

// A rejection is an answer that is no page: the source is there, but what it
// says is of no use.
type rejection struct{ error }

func (r rejection) Unwrap() error { return r.error }

// errNotMetrics is wrapped by the error of an answer that is meant for somebody
// else: JSON for programs, HTML for people.
var errNotMetrics = errors.New("not a page of metrics")

// A visit is what one request to a source gave.
type visit struct {
	begun  time.Time // before anything
	sent   time.Time // the request was about to leave
	first  time.Time // the first byte of the answer was there
	done   time.Time
	status int
	body   []byte // of the page, unpacked; valid until release
	wire   int64  // size of the body as it came
	plain  int64  // and unpacked, if it was compressed; 0 if not
	err    error

	buf *bytes.Buffer
}

// release gives the body's memory back.
func (v *visit) release() {
	if v.buf != nil {
		putBuffer(v.buf)
		v.buf, v.body = nil, nil
	}
}

// A visitor visits one source.
type visitor struct {
	*Config
	client  *http.Client
	url     string
	private bool // credentials may be sent
}

// visit asks for the page once. The caller must release what it gives.
func (v *visitor) visit(ctx context.Context) visit {
	ctx, cancel := context.WithTimeoutCause(ctx, v.Timeout, errTimeout)
	defer cancel()
	r := visit{begun: time.Now()}
	var t stamps
	resp, err := v.do(httptrace.WithClientTrace(ctx, t.trace()))
	header := time.Now()
	if err == nil {
		r.status = resp.StatusCode
		err = v.read(&r, resp)
	}
	r.done = time.Now()
	r.err = v.explain(ctx, &r, err)
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
	if v.private {
		maps.Copy(req.Header, v.Header)
		if host := v.Header.Get("Host"); host != "" {
			req.Host = host
		}
		if v.Authorize != nil && req.URL.User == nil {
			value, err := v.Authorize()
			if err != nil {
				return nil, fmt.Errorf("read the credentials: %w", err)
			}
			req.Header.Set("Authorization", value)
		}
	}
	if !v.NoCompression && !near(req.URL) {
		req.Header.Set("Accept-Encoding", encodings)
	}
	if _, ok := socketPath(req.URL.Hostname()); ok && req.Host == req.URL.Host {
		req.Host = "localhost"
	}
	return v.client.Do(req)
}

// read reads the body to its end, so that the connection can be used again, and
// so that a page that was cut short is known to be. Only a whole page becomes
// the visit's body.
func (v *visitor) read(r *visit, resp *http.Response) error {
	defer resp.Body.Close()
	r.buf = buffers.Get().(*bytes.Buffer)
	encoding := resp.Header.Get("Content-Encoding")
	var err error
	r.wire, err = unpack(r.buf, resp.Body, encoding, v.MaxPage)
	if encoding != "" {
		r.plain = int64(r.buf.Len())
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode/100 != 2:
		return rejection{errors.New(strings.TrimSpace("HTTP " + resp.Status + ": " + firstLine(r.buf.Bytes(), resp.Request)))}
	case errors.Is(err, errLarge) && r.wire <= v.MaxPage:
		return rejection{fmt.Errorf("the page is larger than %d bytes when it is unpacked", v.MaxPage)}
	case errors.Is(err, errLarge):
		return rejection{fmt.Errorf("the page is larger than %d bytes", v.MaxPage)}
	case errors.As(err, new(rejection)):
		return err
	case err != nil && encoding != "" && r.wire > 0 && !errors.Is(err, io.ErrUnexpectedEOF) && resp.Request.Context().Err() == nil:
		return rejection{fmt.Errorf("unpack the page: %w", err)}
	case err != nil:
		return fmt.Errorf("the page is cut short after %d bytes: %w", r.wire, err)
	case kind == "application/json" || kind == "text/html":
		return rejection{fmt.Errorf("the answer is %s, %w", kind, errNotMetrics)}
	}
	r.body = r.buf.Bytes()
	return nil
}

// explain makes an error that names no credentials: that of http.Client has the
// URL in it.
func (v *visitor) explain(ctx context.Context, r *visit, err error) error {
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
	case errors.Is(context.Cause(ctx), errTimeout) && r.wire > 0:
		return fmt.Errorf("the page was not complete within %v", v.Timeout)
	case errors.Is(context.Cause(ctx), errTimeout):
		return fmt.Errorf("no answer within %v", v.Timeout)
	}
	return err
}

// firstLine is what an answer says, unless it repeats a header of its request:
// those may be secret.
func firstLine(b []byte, req *http.Request) string {
	const most = 120
	line, _, _ := strings.Cut(strings.TrimSpace(string(b[:min(len(b), most)])), "\n")
	for name, values := range req.Header {
		if name == "Accept" || name == "Accept-Encoding" || name == "User-Agent" {
			continue
		}
		for _, value := range values {
			_, secret, _ := strings.Cut(value, " ")
			if value != "" && strings.Contains(line, value) || secret != "" && strings.Contains(line, secret) {
				return "(an answer that repeats credentials)"
			}
		}
	}
	return strings.ToValidUTF8(line, "�")
}
