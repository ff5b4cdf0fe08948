package load

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// sockets is a plan for a server on real sockets.
func sockets(url string, requests, concurrency int) Plan {
	p := plan(&network{}, true, closedLoop(record.Profiling, requests, concurrency))
	p.Target.URLs = []string{url + "/v1/chat/completions"}
	p.Target.Dial = nil
	return p
}

// serveConns serves each connection by a function until the test is over, and
// gives the URL.
func serveConns(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// connections counts the connections that a server's requests come over.
func connections(t *testing.T) (h http.Handler, count func() int) {
	var mu sync.Mutex
	seen := map[string]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[r.RemoteAddr] = true
			mu.Unlock()
			stream(step{0, word + stop + done})(w, r)
		}), func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(seen)
		}
}

func TestReuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reuse Reuse
		want  int
	}{{Pooled, 1}, {Never, 6}, {Sticky, 3}} {
		h, count := connections(t)
		s := httptest.NewServer(h)
		defer s.Close()
		p := sockets(s.URL, 6, 1)
		p.Phases[0].Conversations = talks(0, 2, 0)
		p.Reuse = c.reuse
		for i, r := range requests(t, Run(t.Context(), p)) {
			if r.Error != nil {
				t.Errorf("%s: %+v", c.reuse, r.Error)
			}
			if want := c.reuse == Pooled && i > 0 || c.reuse == Sticky && i%2 == 1; r.HTTP.Reused != want || (r.HTTP.Connect == nil) != want {
				t.Errorf("%s: request %s says reused %v, connect %v", c.reuse, r.ID, r.HTTP.Reused, r.HTTP.Connect)
			}
		}
		if got := count(); got != c.want {
			t.Errorf("%q: %d connections, want %d", c.reuse, got, c.want)
		}
	}
}

// TLS is verified unless told otherwise, and its steps are in the record; HTTP/2
// is spoken over it and by prior knowledge.
func TestTLSAndHTTP2(t *testing.T) {
	t.Parallel()
	h, _ := connections(t)
	secure := httptest.NewUnstartedServer(h)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	plain := httptest.NewUnstartedServer(h)
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	for _, c := range []struct {
		why     string
		url     string
		config  *tls.Config
		http2   bool
		version string
		class   string
	}{
		{"trusted", secure.URL, &tls.Config{RootCAs: trusted}, false, "", ""},
		{"not trusted", secure.URL, nil, false, "", record.ClassTLS},
		{"not verified", secure.URL, &tls.Config{InsecureSkipVerify: true}, false, "", ""},
		{"HTTP/2 over TLS", secure.URL, &tls.Config{RootCAs: trusted}, true, "2", ""},
		{"HTTP/2 not trusted", secure.URL, nil, true, "", record.ClassTLS},
		{"HTTP/2 by prior knowledge", plain.URL, nil, true, "2", ""},
		{"TLS to a server without", "https" + plain.URL[len("http"):], nil, false, "", record.ClassTLS},
	} {
		p := sockets(c.url, 3, 1)
		p.Target.TLS, p.Target.HTTP2 = c.config, c.http2
		for i, r := range requests(t, Run(t.Context(), p)) {
			class := ""
			if r.Error != nil {
				class = r.Error.Class
			}
			if class != c.class || r.HTTP.Version != c.version {
				t.Errorf("%s: version %q, error %+v", c.why, r.HTTP.Version, r.Error)
			}
			if c.class == "" && (*r.TTFT < 0 || r.Chunks != 1 || r.HTTP.Sent == nil || r.HTTP.Remote == "" || r.HTTP.Reused != (i > 0)) {
				t.Errorf("%s: request %s: %+v", c.why, r.ID, r.HTTP)
			}
			if handshake := r.HTTP.TLS != nil; c.class == "" && handshake != (i == 0 && c.url == secure.URL) {
				t.Errorf("%s: request %s says TLS took %v", c.why, r.ID, r.HTTP.TLS)
			}
		}
	}
}

// A server that closes kept connections without a word, as llama.cpp's does
// after each stream, fails no request.
func TestServerThatHangsUp(t *testing.T) {
	t.Parallel()
	p := sockets(serveConns(t, answerOnce), 400, 8)
	for _, r := range requests(t, Run(t.Context(), p)) {
		if r.Error != nil {
			t.Errorf("request %s: %+v", r.ID, r.Error)
		}
	}
}

// A port that nobody listens at, a name that is none, and running out of
// descriptors are failures to connect.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, url := range []string{"http://" + l.Addr().String(), "http://127.0.0.1:0"} {
		for _, r := range requests(t, Run(t.Context(), sockets(url, 1, 1))) {
			if r.Error == nil || r.Error.Class != record.ClassConnect || r.Took == nil {
				t.Errorf("%s: %+v", url, r.Error)
			}
		}
	}
}

// An answer that comes compressed though nobody asked for it is no token's.
func TestCompressedAnswer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "\x1f\x8b")
	}))
	defer s.Close()
	for _, r := range requests(t, Run(t.Context(), sockets(s.URL, 1, 1))) {
		want := "the answer is compressed (gzip), which was not asked for"
		if r.Error == nil || r.Error.Class != record.ClassDecode || r.Error.Message != want {
			t.Errorf("error %+v", r.Error)
		}
	}
}

// A body of many megabytes goes out whole.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	var got int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, word+stop+done)
	}))
	defer s.Close()
	p := sockets(s.URL, 1, 1)
	c := single(0)
	c.Turns[0].Messages[0].Content = fmt.Sprintf("%05000000d", 7)
	p.Phases[0].Conversations = func(yield func(prompt.Conversation, error) bool) { yield(c, nil) }
	for _, r := range requests(t, Run(t.Context(), p)) {
		if r.Error != nil || got < 5e6 || r.Bytes.Sent != got {
			t.Errorf("%d bytes came, %d were sent, error %+v", got, r.Bytes.Sent, r.Error)
		}
	}
}

// What a server says before it has read a large body is its answer, whatever
// becomes of the rest of the body.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	url := serveConns(t, func(c net.Conn) {
		defer c.Close()
		c.Read(make([]byte, 1000))
		io.WriteString(c, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo long")
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, io.LimitReader(c, 100<<10))
	})
	p := sockets(url, 3, 1)
	c := single(0)
	c.Turns[0].Messages[0].Content = fmt.Sprintf("%020000000d", 7)
	p.Phases[0].Conversations = func(yield func(prompt.Conversation, error) bool) {
		for i := 0; yield(c, nil); i++ {
			c.Index = i
		}
	}
	for _, r := range requests(t, Run(t.Context(), p)) {
		if r.Error == nil || r.Error.Class != record.ClassStatus || r.Error.Message != "HTTP 413: too long" {
			t.Errorf("request %s: %+v", r.ID, r.Error)
		}
	}
}
