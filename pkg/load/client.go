package load

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/wire"
)

// A client sends requests to one URL.
type client struct {
	Target
	url    *url.URL // without credentials
	shown  string
	head   []byte // what the heads of all requests begin with
	dialer wire.Dialer
	addr   string // to connect to
	idle   pool
	h2     *http.Transport // nil for HTTP/1.1

	secrets []string // what must not be told though a server repeats it
}

// handshakeTimeout bounds connecting and, apart, the TLS handshake.
const handshakeTimeout = 10 * time.Second

func newClients(p Plan) ([]*client, error) {
	var all []*client
	for _, u := range p.Target.URLs {
		c, err := newClient(p.Target, u, p.Reuse)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no URL to send requests to")
	}
	return all, nil
}

func newClient(t Target, where string, reuse Reuse) (*client, error) {
	u, err := url.Parse(where)
	if err != nil {
		return nil, fmt.Errorf("parse URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("URL %q is not http://… or https://…", u.Redacted())
	}
	header := fields(t)
	if user := u.User; user != nil {
		password, _ := user.Password()
		r := http.Request{Header: header}
		r.SetBasicAuth(user.Username(), password)
		u.User = nil
	}
	c := &client{Target: t, url: u, shown: shown(u)}
	c.Header = header
	c.secrets = secrets(header)
	if t.HTTP2 {
		c.h2 = newHTTP2(t)
		return c, nil
	}
	proxy, err := t.proxy(u)
	if err != nil {
		return nil, err
	}
	c.dialer = wire.Dialer{Dial: t.Dial, Timeout: handshakeTimeout}
	c.addr = addr(u)
	if u.Scheme == "https" {
		c.dialer.TLS = tlsFor(t.TLS, u.Hostname(), "http/1.1")
	}
	if err := c.dialer.Through(proxy); err != nil {
		return nil, err
	}
	target := u.RequestURI()
	if proxy != nil && u.Scheme == "http" {
		target = u.String()
	}
	c.head = appendHead(nil, target, u.Host, c.Header, proxyAuth(proxy, u), reuse == Never)
	return c, nil
}

// shown is a URL as records and errors have it: without a user and without the
// parameters, in which some servers want a key.
func shown(u *url.URL) string {
	plain := *u
	plain.User, plain.RawQuery, plain.ForceQuery = nil, "", false
	return plain.String()
}

// proxy is what requests to a URL go by way of; nil is none.
func (t Target) proxy(u *url.URL) (*url.URL, error) {
	find := t.Proxy
	if find == nil {
		find = http.ProxyFromEnvironment
	}
	proxy, err := find(&http.Request{URL: u})
	if err != nil { // whose text may have the proxy's password in it
		return nil, fmt.Errorf("find the proxy for %s: what the environment says of it cannot be understood", u.Host)
	}
	return proxy, nil
}

// addr is what to connect to for a URL.
func addr(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
}

func tlsFor(base *tls.Config, host, protocol string) *tls.Config {
	config := base.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	config.ServerName = cmp.Or(config.ServerName, host)
	config.NextProtos = []string{protocol}
	return config
}

// proxyAuth is what a proxy is told with each request. In front of TLS it is
// told once, by the dialer.
func proxyAuth(proxy, u *url.URL) string {
	if proxy == nil || u.Scheme != "http" {
		return ""
	}
	return wire.ProxyAuthorization(proxy)
}

// fields are the header fields of all requests of a target.
func fields(t Target) http.Header {
	h := http.Header{}
	h.Set("User-Agent", "aiperf-load")
	h.Set("Content-Type", contentType(t.ContentType))
	h.Set("Accept", "application/json")
	if t.Options.Streaming {
		h.Set("Accept", "text/event-stream")
	}
	for k, v := range t.Endpoint.Header {
		h.Set(k, v)
	}
	for k, v := range t.Header {
		h[http.CanonicalHeaderKey(k)] = v
	}
	return h
}

// contentType is the header field for a type of body.
func contentType(kind string) string {
	if kind == formType {
		return formType + "; boundary=" + boundary
	}
	return cmp.Or(kind, "application/json")
}

// appendHead appends a request's head up to what differs between requests.
func appendHead(b []byte, target, host string, h http.Header, proxyAuth string, once bool) []byte {
	b = append(b, "POST "+target+" HTTP/1.1\r\nHost: "+cmp.Or(h.Get("Host"), host)+"\r\n"...)
	for _, k := range slices.Sorted(maps.Keys(h)) {
		if k == "Host" || k == "Content-Length" || k == "Transfer-Encoding" { // the message has its own
			continue
		}
		for _, v := range h[k] {
			b = append(b, k+": "+oneLine(v)+"\r\n"...)
		}
	}
	if proxyAuth != "" {
		b = append(b, "Proxy-Authorization: "+proxyAuth+"\r\n"...)
	}
	if once {
		b = append(b, "Connection: close\r\n"...)
	}
	return b
}

// oneLine keeps a header field's value from being more than that.
func oneLine(v string) string {
	if !strings.ContainsAny(v, "\r\n") {
		return v
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(v)
}

func (c *client) close() {
	c.idle.close()
	if c.h2 != nil {
		c.h2.CloseIdleConnections()
	}
}
