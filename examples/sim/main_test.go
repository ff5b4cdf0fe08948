package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aiperf/pkg/cli"
)

// starts runs the command until the test ends, and gives the lines that it
// prints until it listens.
func starts(t *testing.T, lines int, args ...string) (said []string, end func()) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		err := run(ctx, &cli.Env{Name: "sim", Args: args, Stdout: w, Stderr: io.Discard, Getenv: func(string) string { return "" }})
		w.CloseWithError(err)
		failed <- err
	}()
	end = func() {
		cancel()
		if err := <-failed; err != nil {
			t.Errorf("sim %v: %v", args, err)
		}
	}
	in := bufio.NewReader(r)
	for range lines {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("sim %v: %v", args, err)
		}
		said = append(said, strings.TrimSuffix(line, "\n"))
	}
	return said, end
}

// Several addresses and instances are several ports of one machine, over TLS
// with a certificate that a client can trust.
func TestPortsAndTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, truth := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "truth.ndjson")
	said, end := starts(t, 5, "--listen", "127.0.0.1:0", "--listen", "localhost:0", "--instances", "2", "--dcgm-listen", "127.0.0.1:0",
		"--tls", "--tls-cert-out", cert, "--truth", truth, "--ttft", "1ns", "--itl", "1ns", "--ready", filepath.Join(dir, "ready"))
	ready, err := os.ReadFile(filepath.Join(dir, "ready"))
	if want := strings.Join(said, "\n") + "\n"; err == nil && string(ready) != want {
		t.Errorf("--ready has %q, want %q", ready, want)
	}
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	var urls []string
	for _, line := range said[:4] {
		url, ok := strings.CutPrefix(line, "llm ")
		if !ok || slices.Contains(urls, url) {
			t.Errorf("line %q among %q", line, said)
		}
		urls = append(urls, url)
		resp, err := (&http.Client{Transport: tr}).Post(url+"/v1/completions", "application/json", strings.NewReader(`{"prompt":"a","max_tokens":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(resp.Body); !bytes.Contains(b, []byte("river")) || resp.ProtoMajor != 2 {
			t.Errorf("%s %s", resp.Proto, b)
		}
		resp.Body.Close()
	}
	if !strings.HasPrefix(said[4], "dcgm http://127.0.0.1:") {
		t.Errorf("last line %q", said[4])
	}
	tr.CloseIdleConnections()
	end()
	b, err := os.ReadFile(truth)
	if n := strings.Count(string(b), `"path":"/v1/completions"`); err != nil || n != 4 {
		t.Errorf("%d requests in the truth, %v", n, err)
	}
}

// Instances take one port behind the other if the first is given.
func TestPortsInOrder(t *testing.T) {
	t.Parallel()
	l, err := listen("127.0.0.1:0", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if _, err := listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port-1)), 1); err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("the port behind %d is not %d: %v", port-1, port, err)
	}
	if _, err := listen("nowhere", 0); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("an address without a port: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"--instances 0", "--instances"},
		{"--tls-cert-out x", "--tls-cert-out"},
		{"--fault gremlins", `"gremlins" is unknown`},
		{"--fault crlf:x", "the rate is no number"},
		{"--fault crlf:2", "from 0 to 1"},
		{"--reasoning-tokens -1", "reasoning"},
		{"more", "operand"},
	} {
		err := run(t.Context(), &cli.Env{Name: "sim", Args: strings.Fields(c.args), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("sim %s: %v, want it to say %s", c.args, err, c.want)
		}
	}
}
