package scrape

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// newClient keeps one connection per source: visits of a source do not overlap.
// It follows a redirect on the same host only, for what another host says is
// not what was asked for, and no credentials are for it.
func newClient(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		to, from := req.URL, via[0].URL
		switch {
		case to.Host != from.Host:
			return rejection{fmt.Errorf("redirected to another host, %s", to.Host)}
		case to.Scheme != from.Scheme:
			return rejection{fmt.Errorf("redirected from %s to %s", from.Scheme, to.Scheme)}
		case len(via) > 3:
			return rejection{errors.New("redirected too often")}
		}
		return nil
	}}
}

// newTransport speaks HTTP/1.1 only: over HTTP/2 the sources of one host would
// share a connection, and wait for each other.
func newTransport(trust *tls.Config) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, math.MaxInt
	// An exporter that is visited once a minute keeps its connection.
	t.IdleConnTimeout = 5 * time.Minute
	t.DisableCompression = true // the visitor does it, within bounds
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSClientConfig = trust.Clone()
	t.DialContext = dial
	t.Proxy = func(req *http.Request) (*url.URL, error) {
		if _, ok := socketPath(req.URL.Hostname()); ok {
			return nil, nil
		}
		return http.ProxyFromEnvironment(req)
	}
	return t
}

// dial connects to a host, or to the Unix socket that it stands for.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if host, _, err := net.SplitHostPort(address); err == nil {
		if path, ok := socketPath(host); ok {
			return d.DialContext(ctx, "unix", path)
		}
	}
	return d.DialContext(ctx, network, address)
}

// near tells whether a source is on this machine, where compressing its pages
// would cost more than it saves.
func near(u *url.URL) bool {
	host := u.Hostname()
	if _, ok := socketPath(host); ok || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
