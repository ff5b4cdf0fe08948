package load

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Reach tries to connect to the target's host once and gives the error. It
// spares a run that could only fail. A target behind a proxy is not tried.
func (t Target) Reach(ctx context.Context, limit time.Duration) error {
	u, err := url.Parse(t.URL)
	if err != nil {
		return err
	}
	if p, err := http.ProxyFromEnvironment(&http.Request{URL: u}); p != nil || err != nil {
		return err
	}
	dial := t.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return c.Close()
}
