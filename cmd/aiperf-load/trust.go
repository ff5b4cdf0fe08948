package main

import "crypto/tls"

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
	pool, err := o.env.TrustFile(s.caCert)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool}, nil
}
