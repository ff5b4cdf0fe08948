package wire

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Through makes a dialer connect by way of a proxy, whose URL may be http or
// https; nil is none. Behind it, TLS goes through a tunnel; without TLS, requests
// must name the whole URL.
func (d *Dialer) Through(proxy *url.URL) error {
	if proxy != nil && proxy.Scheme != "http" && proxy.Scheme != "https" {
		return fmt.Errorf("proxy %q has the scheme %q; http and https are understood", proxy.Redacted(), proxy.Scheme)
	}
	d.proxy = proxy
	return nil
}

func proxyAddr(proxy *url.URL) string {
	port := proxy.Port()
	switch {
	case port == "" && proxy.Scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	return net.JoinHostPort(proxy.Hostname(), port)
}

// ProxyAuthorization is the value of the header field by which the user in a
// proxy's URL is told; empty if there is none.
func ProxyAuthorization(proxy *url.URL) string {
	if proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

// tunnel asks a proxy for a connection to addr.
func tunnel(ctx context.Context, c net.Conn, proxy *url.URL, addr string) error {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := "CONNECT " + addr + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if auth := ProxyAuthorization(proxy); auth != "" {
		ask += "Proxy-Authorization: " + auth + "\r\n"
	}
	if _, err := c.Write([]byte(ask + "\r\n")); err != nil {
		return fmt.Errorf("ask the proxy %s for a tunnel: %w", proxy.Host, err)
	}
	// A byte at a time: what stands behind the answer is not the reader's.
	resp, err := http.ReadResponse(bufio.NewReaderSize(oneByte{c}, 16), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fmt.Errorf("ask the proxy %s for a tunnel: %w", proxy.Host, err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy %s opens no tunnel to %s: HTTP %s", proxy.Host, addr, resp.Status)
	}
	return nil
}

type oneByte struct{ net.Conn }

func (o oneByte) Read(b []byte) (int, error) { return o.Conn.Read(b[:min(len(b), 1)]) }
