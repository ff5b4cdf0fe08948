package sim

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listen serves a machine on a socket, over TLS if there is a certificate.
func listen(t testing.TB, m *Machine, cert *tls.Certificate) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"h2", "http/1.1"}})
	}
	s := m.HTTP()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return address
}

func quickConfig() Config {
	c := Defaults
	c.TTFT, c.PerToken, c.ITL = 1, 1, 1
	return c
}

// A safeBuffer may be written while it is read.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// trueRequests are the requests of a truth.
func trueRequests(t testing.TB, truth string) (all []TrueRequest) {
	t.Helper()
	for line := range strings.Lines(truth) {
		var r TrueRequest
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Type == TypeRequest {
			all = append(all, r)
		}
	}
	return all
}

// The server speaks what its clients do, and the truth tells which.
func TestProtocols(t *testing.T) {
	t.Parallel()
	cert, pem, err := Certificate("127.0.0.1", "sim.example")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the certificate is not in PEM")
	}
	for _, c := range []struct {
		why, scheme string
		set         func(*http.Protocols)
		proto       string
	}{
		{"HTTP/1.1", "http", func(p *http.Protocols) { p.SetHTTP1(true) }, "HTTP/1.1"},
		{"HTTP/1.1 over TLS", "https", func(p *http.Protocols) { p.SetHTTP1(true) }, "HTTP/1.1"},
		{"HTTP/2 over TLS", "https", func(p *http.Protocols) { p.SetHTTP2(true) }, "HTTP/2.0"},
		{"HTTP/2 that the client knows of", "http", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }, "HTTP/2.0"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			m := New(quickConfig())
			var truth safeBuffer
			m.WriteTruth(&truth)
			address := ""
			if c.scheme == "https" {
				address = listen(t, m, &cert)
			} else {
				address = listen(t, m, nil)
			}
			p := new(http.Protocols)
			c.set(p)
			tr := &http.Transport{Protocols: p, TLSClientConfig: &tls.Config{RootCAs: roots}}
			client := &http.Client{Transport: tr}
			for range 2 {
				resp, err := client.Post(c.scheme+"://"+address+"/v1/chat/completions", "application/json", strings.NewReader(styledBody))
				if err != nil {
					t.Fatal(err)
				}
				var b strings.Builder
				copyTo(&b, resp)
				if resp.Proto != c.proto || !strings.HasSuffix(b.String(), "data: [DONE]\n\n") {
					t.Errorf("%s: %s", resp.Proto, b.String())
				}
			}
			tr.CloseIdleConnections()
			if err := m.EndTruth(); err != nil {
				t.Fatal(err)
			}
			type told struct {
				Proto  string
				TLS    bool
				Server string
				Conn   int64
				Remote bool
			}
			var got []told
			for _, r := range trueRequests(t, truth.b.String()) {
				got = append(got, told{r.Proto, r.TLS, r.Server, r.Conn, strings.HasPrefix(r.Remote, "127.0.0.1:")})
			}
			want := told{c.proto, c.scheme == "https", address, 1, true}
			if diff := cmp.Diff([]told{want, want}, got); diff != "" {
				t.Errorf("truth (-want +got):\n%s", diff)
			}
		})
	}
}

// Two connections have two numbers.
func TestConnectionsAreNumbered(t *testing.T) {
	t.Parallel()
	m := New(quickConfig())
	var truth safeBuffer
	m.WriteTruth(&truth)
	url := "http://" + listen(t, m, nil) + "/v1/completions"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 {
		resp, err := client.Post(url, "application/json", strings.NewReader(`{"prompt":"a","max_tokens":1}`))
		if err != nil {
			t.Fatal(err)
		}
		copyTo(io.Discard, resp)
	}
	m.EndTruth()
	all := trueRequests(t, truth.b.String())
	if len(all) != 2 || all[0].Conn != 1 || all[1].Conn != 2 || all[0].Remote == all[1].Remote {
		t.Errorf("%+v", all)
	}
}

// A stale connection promises keep-alive, answers as others do, and ends behind
// the answer without a word.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	address := listen(t, New(quickConfig()), nil)
	for _, body := range []string{`{"prompt":"a","max_tokens":2}`, `{"prompt":"a","max_tokens":2,"stream":true}`} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "POST /v1/completions HTTP/1.1\r\nHost: sim\r\nX-Sim-Fault: stale\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
		b, err := io.ReadAll(conn)
		conn.Close()
		answer := string(b)
		if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || !strings.Contains(answer, "\r\nConnection: keep-alive\r\n") ||
			!strings.Contains(answer, "river") || !strings.HasSuffix(answer, "\r\n0\r\n\r\n") {
			t.Errorf("%v:\n%s", err, answer)
		}
	}
	// A reset in it ends it without the last chunk.
	req, _ := http.NewRequest("POST", "http://"+address+"/v1/completions", strings.NewReader(`{"prompt":"a","stream":true}`))
	req.Header.Set(faultHeader, "stale+reset")
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := copyTo(io.Discard, resp); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the reset gives %v", err)
	}
}

func TestBodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	address := listen(t, New(quickConfig()), nil)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /v1/completions HTTP/1.1\r\nHost: sim\r\nContent-Length: 1000000000000\r\n\r\n")
	go io.Copy(conn, io.LimitReader(endless{}, maxBody+1))
	b := make([]byte, 12)
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 413" {
		t.Errorf("%s, %v", b, err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
