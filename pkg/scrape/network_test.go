package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// once visits a source once, over real sockets.
func once(t *testing.T, url string, c Config) *records {
	t.Helper()
	c.Sources, c.Count = sources(t, url), 1
	r := &records{}
	for rec, err := range Run(t.Context(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r.add(rec)
	}
	if len(r.scrapes) != 1 {
		t.Fatalf("%d visits", len(r.scrapes))
	}
	return r
}

// certificate makes a certificate for 127.0.0.1, valid until the given time.
func certificate(t *testing.T, until time.Time) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "exporter"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func pool(c tls.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.Leaf)
	return p
}

func TestTLS(t *testing.T) {
	t.Parallel()
	good, expired, ours := certificate(t, time.Now().Add(time.Hour)), certificate(t, time.Now().Add(-time.Hour)), certificate(t, time.Now().Add(time.Hour))
	for _, c := range []struct {
		why    string
		server *tls.Config
		client *tls.Config
		want   string // in the error; empty: GPUs
	}{
		{"the authority is known", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: pool(good)}, ""},
		{"it is not", &tls.Config{Certificates: []tls.Certificate{good}}, nil, "certificate signed by unknown authority"},
		{"nobody looks", &tls.Config{Certificates: []tls.Certificate{expired}}, &tls.Config{InsecureSkipVerify: true}, ""},
		{"an expired certificate", &tls.Config{Certificates: []tls.Certificate{expired}}, &tls.Config{RootCAs: pool(expired)}, "certificate has expired or is not yet valid"},
		{"a client's certificate", &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(ours)},
			&tls.Config{RootCAs: pool(good), Certificates: []tls.Certificate{ours}}, ""},
		{"none", &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(ours)},
			&tls.Config{RootCAs: pool(good)}, "certificate required"},
	} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 1 {
				t.Errorf("%s: over %s", c.why, r.Proto)
			}
			fmt.Fprint(w, gpuPage(1, 0))
		}))
		srv.TLS = c.server
		srv.Config.ErrorLog = quiet()
		srv.StartTLS()
		r := once(t, srv.URL, Config{TLS: c.client})
		if e := r.scrapes[0].Error; (e == "") != (c.want == "") || !strings.Contains(e, c.want) || (len(r.gpus) == 1) != (c.want == "") {
			t.Errorf("%s: %d GPUs, error %q, want %q", c.why, len(r.gpus), e, c.want)
		}
		srv.Close()
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err) // a directory with a long name
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/gpu" || r.Host != "localhost" {
			t.Errorf("asked for %s of %s", r.URL, r.Host)
		}
		fmt.Fprint(w, gpuPage(1, 0))
	})}
	go srv.Serve(l)
	defer srv.Close()
	r := once(t, "unix://"+path+":/gpu", Config{})
	if len(r.gpus) != 1 || r.gpus[0].Source != "unix://"+path+":/gpu" {
		t.Errorf("%+v, %+v", r.scrapes[0], r.gpus)
	}
	if r := once(t, "unix://"+path+"x", Config{}); !strings.Contains(r.scrapes[0].Error, "no such file or directory") || strings.Contains(r.scrapes[0].Error, socketHost) {
		t.Errorf("a socket that is not there: %q", r.scrapes[0].Error)
	}
}

func zipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.Bytes()
}

func zstandard(t *testing.T, s string) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll([]byte(s), nil)
}

// encoded answers whoever asks for compressed pages.
func encoded(encoding string, body []byte) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		resp := answer(200, string(body))
		resp.Request = r
		if strings.Contains(r.Header.Get("Accept-Encoding"), encoding) || encoding == "br" {
			resp.Header.Set("Content-Encoding", encoding)
		}
		return resp, nil
	})
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	page := gpuPage(1, 0, 1)
	const most = 1000
	big := strings.Repeat("# nothing\n", 1_000_000)
	for _, c := range []struct {
		why, encoding string
		body          []byte
		want          string // in the error; empty: GPUs
	}{
		{"gzip", "gzip", zipped(page), ""},
		{"zstd", "zstd", zstandard(t, page), ""},
		{"two members", "gzip", append(zipped(page[:20]), zipped(page[20:])...), ""},
		{"another one", "br", []byte("x"), `the page is encoded as "br", which was not asked for`},
		{"a bomb", "gzip", zipped(big)[:900], "the page is larger than 1000 bytes when it is unpacked"},
		{"a bomb in zstd", "zstd", zstandard(t, big), "the page is larger than 1000 bytes when it is unpacked"},
		{"endless members without content", "gzip", bytes.Repeat(zipped(""), 1000), "the page is larger than 1000 bytes"},
		{"cut in its middle", "gzip", zipped(page)[:60], "the page is cut short after 60 bytes: unexpected EOF"},
		{"cut in its beginning", "gzip", zipped(page)[:5], "the page is cut short after 5 bytes: unexpected EOF"},
		{"cut in zstd", "zstd", zstandard(t, page)[:60], "the page is cut short after 60 bytes: unexpected EOF"},
		{"nothing at all", "gzip", nil, "cut short"},
		{"something else", "gzip", []byte(page), "unpack the page: gzip: invalid header"},
		{"something else in zstd", "zstd", []byte(page), "unpack the page: "},
		{"a window of a gigabyte", "zstd", []byte("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00"), "unpack the page: window size exceeded"},
	} {
		r := once(t, "http://node1/metrics", Config{MaxPage: most, Transport: encoded(c.encoding, c.body)})
		s := r.scrapes[0]
		if c.want != "" {
			if !strings.Contains(s.Error, c.want) || len(r.gpus) > 0 {
				t.Errorf("%s: %q, %d GPUs; want %q", c.why, s.Error, len(r.gpus), c.want)
			}
			continue
		}
		if s.Error != "" || len(r.gpus) != 2 || *s.Bytes != int64(len(c.body)) || s.Plain == nil || *s.Plain != int64(len(page)) {
			t.Errorf("%s: %+v, %d GPUs", c.why, s, len(r.gpus))
		}
	}
	for _, c := range []struct {
		why, url string
		config   Config
		want     string
	}{
		{"far away", "http://node1", Config{}, "gzip, zstd"},
		{"not if it is not wanted", "http://node1", Config{NoCompression: true}, ""},
		{"not of this machine", "localhost:1", Config{}, ""},
		{"not of this machine by its address", "[::1]:1", Config{}, ""},
		{"not over a socket", "unix:///x", Config{}, ""},
	} {
		asked := "?"
		c.config.Transport = transport(func(r *http.Request) (*http.Response, error) {
			asked = r.Header.Get("Accept-Encoding")
			return answer(200, page), nil
		})
		if once(t, c.url, c.config); asked != c.want {
			t.Errorf("%s: asked for %q, want %q", c.why, asked, c.want)
		}
	}
}

// TestAccess: who is sent credentials, and that they are read anew each time.
func TestAccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testAccess)
}

func testAccess(t *testing.T) {
	list, err := Sources([]string{"http://a", "http://me:pw@b"}, true)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[string][]string{}
	n := 0
	c := Config{Sources: list, Count: 2, Interval: time.Second, MaxConcurrency: 1,
		Header: http.Header{"X-Scope-Orgid": {"me"}},
		Authorize: func() (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if n++; n == 2 {
				return "", errors.New("token is empty")
			}
			return fmt.Sprint("Bearer ", n), nil
		},
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			user, _, _ := r.BasicAuth()
			value := r.Header.Get("Authorization")
			if user != "" {
				value = "user " + user
			}
			got[r.URL.Host] = append(got[r.URL.Host], strings.TrimSpace(value+" "+r.Header.Get("X-Scope-Orgid")))
			return answer(200, ""), nil
		})}
	r := &records{}
	for rec, err := range Run(t.Context(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r.add(rec)
	}
	want := map[string][]string{"a": {"Bearer 1 me"}, "b": {"user me me", "user me me"}, "localhost:9400": {"", ""}, "localhost:9401": {"", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
	failed := 0
	for _, s := range r.scrapes {
		if s.Error == "read the credentials: token is empty" {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d visits without credentials failed, want 1", failed)
	}
}

// TestRedirect: credentials do not follow to another host or to plain text.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, to, want string }{
		{"another host", "http://evil/metrics", "redirected to another host, evil"},
		{"another port", "http://node1:81/metrics", "redirected to another host, node1:81"},
		{"without TLS", "http://node1/metrics", "redirected from https to http"},
	} {
		visits := 0
		r := once(t, "https://me:s3cret@node1/metrics", Config{Transport: transport(func(req *http.Request) (*http.Response, error) {
			visits++
			resp := answer(302, "")
			resp.Header.Set("Location", c.to)
			resp.Request = req
			return resp, nil
		})})
		if e := r.scrapes[0].Error; e != c.want || visits != 1 {
			t.Errorf("%s: %q after %d visits, want %q", c.why, e, visits, c.want)
		}
	}
}

// TestUnreachable: what is told of a host that cannot be found, or that does not
// answer, without its credentials.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	resolver := func(ctx context.Context, _, address string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: strings.TrimSuffix(address, ":80"), IsNotFound: true}}
	}
	for _, c := range []struct {
		why, url string
		config   Config
		want     string
	}{
		{"nobody listens", "http://me:s3cret@" + closed, Config{}, "connection refused"},
		{"no such host", "http://me:s3cret@gone.invalid", Config{Transport: &http.Transport{DialContext: resolver}}, "lookup gone.invalid: no such host"},
	} {
		r := once(t, c.url, c.config)
		if e := r.scrapes[0].Error; !strings.Contains(e, c.want) || strings.Contains(e, "s3cret") {
			t.Errorf("%s: %q, want %q", c.why, e, c.want)
		}
		if diff := cmp.Diff([]string{Unreachable}, r.codes()); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", c.why, diff)
		}
	}
}

// TestKeepAlive: a source keeps its connection.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	conns := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		conns[r.RemoteAddr] = true
		fmt.Fprint(w, gpuPage(1, 0))
	}))
	defer srv.Close()
	visits := 0
	for rec, err := range Run(t.Context(), Config{Sources: sources(t, srv.URL), Count: 10, Interval: time.Millisecond}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := rec.(*record.Scrape); ok {
			visits++
		}
	}
	if len(conns) != 1 || visits == 0 {
		t.Errorf("%d visits over %d connections", visits, len(conns))
	}
}
