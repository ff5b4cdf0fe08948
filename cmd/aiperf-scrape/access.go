package main

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/scrape"

	"github.com/spf13/pflag"
)

// accessFlags say how to be let in.
type accessFlags struct {
	token, basic    string
	headers         []string
	caCert          string
	cert, key       string
	insecure, plain bool
}

func (a *accessFlags) register(f *pflag.FlagSet) {
	f.StringVar(&a.token, "bearer-token-file", "", "send the token in `FILE`, which is read again when it changes")
	f.StringVar(&a.basic, "basic-auth-file", "", "send the user:password in `FILE`, which is read again when it changes")
	f.StringArrayVarP(&a.headers, "header", "H", nil, "send the header `Name:Value` with each request; may be repeated")
	f.StringVar(&a.caCert, "ca-cert", "", "trust the certificates in `FILE` (PEM) besides the system's")
	f.StringVar(&a.cert, "client-cert", "", "show the certificate in `FILE` (PEM), which is read again when it changes")
	f.StringVar(&a.key, "client-key", "", "`FILE` with the key of --client-cert (default: the same file)")
	f.BoolVarP(&a.insecure, "insecure", "k", false, "trust any certificate")
	f.BoolVar(&a.plain, "no-compression", false, "never ask for compressed pages; sources on this machine are not asked anyway")
}

// mostSecret bounds a file with a credential, in bytes.
const mostSecret = 64 << 10

// access fills in what the flags say of it.
func (o *options) access(c *scrape.Config) error {
	a := &o.accessFlags
	if a.token != "" && a.basic != "" {
		return cli.Usagef("--bearer-token-file and --basic-auth-file exclude each other")
	}
	if a.insecure && a.caCert != "" {
		return cli.Usagef("--insecure and --ca-cert exclude each other")
	}
	c.NoCompression = a.plain
	var err error
	if c.Header, err = a.header(); err != nil {
		return err
	}
	switch {
	case a.token != "":
		c.Authorize = authorize(a.token, func(s string) (string, error) { return "Bearer " + s, nil })
	case a.basic != "":
		c.Authorize = authorize(a.basic, basic)
	}
	if c.Authorize != nil {
		if c.Header.Get("Authorization") != "" {
			return cli.Usagef("--header Authorization and a file with credentials contradict each other")
		}
		if _, err := c.Authorize(); err != nil {
			return cli.Usagef("read the credentials: %w", err)
		}
	}
	c.TLS, err = a.trust(o.env)
	return err
}

func (a *accessFlags) header() (http.Header, error) {
	h := http.Header{}
	for _, s := range a.headers {
		name, value, ok := strings.Cut(s, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, " \t") || control(name+value) {
			return nil, cli.Usagef("--header %q is not Name:Value", cli.RedactHeader(s))
		}
		h.Add(name, value)
	}
	return h, nil
}

// authorize makes the value of Authorization of what is in a file.
func authorize(name string, form func(string) (string, error)) func() (string, error) {
	w := &watched{name: name, most: mostSecret}
	return func() (string, error) {
		data, _, err := w.read()
		if err != nil {
			return "", err
		}
		secret := strings.TrimSpace(string(data))
		value, err := form(secret)
		switch {
		case err != nil:
			return "", fmt.Errorf("%s %w", name, err)
		case secret == "":
			return "", fmt.Errorf("%s is empty", name)
		case control(secret):
			return "", fmt.Errorf("%s has more than one line, or control characters", name)
		}
		return value, nil
	}
}

// control tells whether there is a character in s that cannot be in a header.
func control(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

func basic(s string) (string, error) {
	if !strings.Contains(s, ":") {
		return "", errors.New("is not user:password")
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)), nil
}

// trust says which certificates are good and which to show; nil is the system's
// choice.
func (a *accessFlags) trust(env *cli.Env) (*tls.Config, error) {
	if a.caCert == "" && a.cert == "" && a.key == "" && !a.insecure {
		return nil, nil
	}
	t := &tls.Config{InsecureSkipVerify: a.insecure}
	if a.caCert != "" {
		var err error
		if t.RootCAs, err = env.TrustFile(a.caCert); err != nil {
			return nil, err
		}
	}
	switch {
	case a.cert == "" && a.key != "":
		return nil, cli.Usagef("--client-key needs --client-cert")
	case a.cert != "":
		show := showCertificate(a.cert, a.key)
		if _, err := show(nil); err != nil {
			return nil, cli.Usagef("--client-cert: %w", err)
		}
		t.GetClientCertificate = show
	}
	return t, nil
}

// showCertificate reads the certificate for every connection anew, if its files
// have changed: what runs for months outlives many.
func showCertificate(cert, key string) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c := &watched{name: cert, most: mostTargets}
	k := c
	if key != "" && key != cert {
		k = &watched{name: key, most: mostTargets}
	}
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		certPEM, _, err := c.read()
		if err != nil {
			return nil, err
		}
		keyPEM, _, err := k.read()
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(certPEM, keyPEM)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cert, err)
		}
		return &pair, nil
	}
}
