package cli

import (
	"crypto/x509"
	"io"
)

// TrustFile gives the system's certificates and those in the PEM file that the
// flag --ca-cert names.
func (e *Env) TrustFile(name string) (*x509.CertPool, error) {
	f, err := e.Open(name)
	if err != nil {
		return nil, Usagef("--ca-cert: %w", err)
	}
	defer f.Close()
	pem, err := io.ReadAll(f)
	if err != nil {
		return nil, Usagef("--ca-cert %q: %w", name, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, Usagef("--ca-cert %q has no certificate in PEM form", name)
	}
	return pool, nil
}
