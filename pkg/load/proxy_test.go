package load

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"aiperf/pkg/record"
)

// A proxyServer forwards requests that name the whole URL and opens tunnels. It
// wants to know the user.
type proxyServer struct {
	t                   *testing.T
	forwarded, tunneled atomic.Int64
}

func (p *proxyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" {
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		p.forwarded.Add(1)
		(&httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.Out.Header.Del("Proxy-Authorization") }}).ServeHTTP(w, r)
		return
	}
	p.tunneled.Add(1)
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		p.t.Error(err)
		return
	}
	defer here.Close()
	// The first bytes of TLS follow in the same packet as the answer's end.
	io.WriteString(here, "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
	go io.Copy(there, buf)
	io.Copy(here, there)
}

func TestProxy(t *testing.T) {
	t.Parallel()
	h, _ := connections(t)
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	p := &proxyServer{t: t}
	proxy := httptest.NewServer(p)
	defer proxy.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	for _, c := range []struct {
		why, url, user      string
		forwarded, tunneled int64
		class, message      string
	}{
		{"a request that the proxy forwards", plain.URL, "user:pass@", 3, 0, "", ""},
		{"TLS through a tunnel", secure.URL, "user:pass@", 0, 1, "", ""},
		{"a proxy that does not know the user", plain.URL, "", 0, 0, record.ClassStatus, "HTTP 407: who are you?"},
		{"a tunnel for nobody", secure.URL, "", 0, 0, record.ClassConnect, "opens no tunnel to"},
	} {
		p.forwarded.Store(0)
		p.tunneled.Store(0)
		plan := sockets(c.url, 3, 1)
		plan.Target.TLS = &tls.Config{RootCAs: trusted}
		plan.Target.Proxy = func(*http.Request) (*url.URL, error) {
			return url.Parse("http://" + c.user + strings.TrimPrefix(proxy.URL, "http://"))
		}
		for _, r := range requests(t, Run(t.Context(), plan)) {
			if c.class == "" && r.Error != nil {
				t.Errorf("%s: %+v", c.why, r.Error)
			}
			if c.class != "" && (r.Error == nil || r.Error.Class != c.class || !strings.Contains(r.Error.Message, c.message)) {
				t.Errorf("%s: error %+v, want %s %q", c.why, r.Error, c.class, c.message)
			}
		}
		if f, n := p.forwarded.Load(), p.tunneled.Load(); f != c.forwarded || n != c.tunneled {
			t.Errorf("%s: %d forwarded and %d tunnels, want %d and %d", c.why, f, n, c.forwarded, c.tunneled)
		}
	}
}
