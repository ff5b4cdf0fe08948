package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/sim"
)

// A server serves one listener.
type server struct {
	*http.Server
	listener net.Listener
}

// start listens at every address, and gives the lines that tell their URLs. The
// servers must be closed even beside an error.
func (o *options) start(m *sim.Machine) (servers []server, said string, err error) {
	scheme, wrap := "http", func(l net.Listener) net.Listener { return l }
	if o.tls {
		cert, err := o.certificate()
		if err != nil {
			return nil, "", err
		}
		scheme = "https"
		c := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
		wrap = func(l net.Listener) net.Listener { return tls.NewListener(l, c) }
	}
	for _, address := range o.listen {
		for i := range o.instances {
			l, err := listen(address, i)
			if err != nil {
				return servers, "", err
			}
			servers = append(servers, server{m.HTTP(), wrap(l)})
			said += fmt.Sprintf("llm %s://%s\n", scheme, l.Addr())
		}
	}
	if o.noDCGM {
		return servers, said, nil
	}
	l, err := net.Listen("tcp", o.dcgm)
	if err != nil {
		return servers, "", err
	}
	servers = append(servers, server{&http.Server{Handler: m.Exporter(), ReadHeaderTimeout: 30 * time.Second}, l})
	return servers, said + fmt.Sprintf("dcgm http://%s/metrics\n", l.Addr()), nil
}

// listen listens at the i-th port from that of address, or at a free one if that
// is 0.
func listen(address string, i int) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, cli.Usagef("--listen: %w", err)
	}
	if n, err := strconv.Atoi(port); err == nil && n > 0 {
		port = strconv.Itoa(n + i)
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// certificate makes one for all hosts that are listened at, and writes it where
// it was asked for.
func (o *options) certificate() (tls.Certificate, error) {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, address := range o.listen {
		if host, _, err := net.SplitHostPort(address); err == nil && host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	cert, pem, err := sim.Certificate(hosts...)
	if err == nil && o.certOut != "" {
		err = writeWhole(o.certOut, string(pem))
	}
	return cert, err
}
