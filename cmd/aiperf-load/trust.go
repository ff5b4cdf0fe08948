package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"

	"aiperf/pkg/cli"
)

// trust says which certificates are good; nil is the system's choice.
func (o *options) trust() (*tls.Config, error) {
	s := &o.server
	if err := o.excludes("insecure", "ca-cert"); err != nil {
		return nil, err
	}
	switch {
	case s.insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case s.caCert == "":
		return nil, nil
	}
	f, err := o.env.Open(s.caCert)
	if err != nil {
		return nil, cli.Usagef("--ca-cert: %w", err)
	}
	defer f.Close()
	pem, err := io.ReadAll(f)
	if err != nil {
		return nil, cli.Usagef("--ca-cert %q: %w", s.caCert, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, cli.Usagef("--ca-cert %q has no certificate in PEM form", s.caCert)
	}
	return &tls.Config{RootCAs: pool}, nil
}
