package load

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/record"
)

// A Target is where requests go and how they are spoken.
type Target struct {
	URL      string // of the endpoint, whole
	Endpoint openai.Endpoint
	Options  openai.Options
	Header   http.Header   // sent with each request
	Timeout  time.Duration // of a whole request; 0 is no limit

	// Dial opens connections; nil is the network's own.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A client sends requests to one target over connections that it keeps.
type client struct {
	Target
	clock record.Clock
	shown string // the URL without credentials
	http  http.Client
	tr    *http.Transport
}

// handshakeTimeout bounds connecting and, apart, the TLS handshake.
const handshakeTimeout = 10 * time.Second

func newClient(t Target, clock record.Clock, connections int) (*client, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, fmt.Errorf("parse URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("URL %q is not http://… or https://…", u.Redacted())
	}
	dial := dialFunc(t.Dial)
	if dial == nil {
		dial = (&net.Dialer{Timeout: handshakeTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	c := &client{Target: t, clock: clock}
	if user := u.User; user != nil {
		password, _ := user.Password()
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user.Username(), password)
		c.Header = c.Header.Clone()
		if c.Header == nil {
			c.Header = http.Header{}
		}
		c.Header.Set("Authorization", r.Header.Get("Authorization"))
		u.User = nil
		c.URL = u.String()
	}
	c.shown = u.String()
	c.tr = &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial.stamping(clock),
		TLSHandshakeTimeout: handshakeTimeout,
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     5 * time.Minute,
		DisableCompression:  true, // a compressor would hold tokens back
		ReadBufferSize:      16 << 10,
	}
	c.http = http.Client{
		Transport: c.tr,
		// A redirect is answered by whoever did not do the work: it is an error.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func (c *client) close() { c.tr.CloseIdleConnections() }

// request makes the HTTP request for a job.
func (c *client) request(ctx context.Context, run string, j job) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(j.body))
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "aiperf-load")
	if c.Options.Streaming {
		h.Set("Accept", "text/event-stream")
	} else {
		h.Set("Accept", "application/json")
	}
	h.Set("X-Request-ID", run+"-"+j.id)
	h.Set("X-Correlation-ID", run+"-"+j.prompt.Conversation)
	maps.Copy(h, c.Header)
	if host := c.Header.Get("Host"); host != "" {
		req.Host = host
	}
	// Present but empty, this is not sent, and tells net/http that it may try
	// again when a kept connection turns out to have been closed meanwhile. A
	// server that advertises keep-alive and closes would otherwise fail one
	// request in ten.
	h["Idempotency-Key"] = nil
	return req, nil
}
