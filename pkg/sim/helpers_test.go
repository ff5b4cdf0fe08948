package sim

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// plainConfig has round figures.
func plainConfig() Config {
	c := Defaults
	c.TTFT, c.PerToken, c.ITL = 80*ms, ms, 10*ms
	return c
}

// start runs a machine's server in memory and gives a client for it.
func start(t *testing.T, cfg Config) (*Machine, *http.Client) {
	t.Helper()
	m := New(cfg)
	var n Network
	s := &http.Server{Handler: m.Server()}
	l := n.Listen("sim:80")
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	tr := &http.Transport{DialContext: n.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		s.Close()
		<-done
	})
	return m, &http.Client{Transport: tr}
}

func post(ctx context.Context, t *testing.T, c *http.Client, path, body string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://sim:80"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	return resp
}

// arrivals reads a stream and gives its events' data and instants.
func arrivals(r io.Reader, from time.Time) (data []string, at []time.Duration) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if d, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			data = append(data, d)
			at = append(at, time.Since(from))
		}
	}
	return data, at
}

const streamed = `{"model":"m","messages":[{"role":"user","content":"one two three four"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":4}`

// idle checks that nothing is left on the GPUs and all places are free.
func idle(t *testing.T, m *Machine) {
	t.Helper()
	synctest.Wait()
	s := m.gpus.at(time.Now())
	if running, waiting := m.batch.count(); s.prefilling != 0 || s.decoding != 0 || s.tokens != 0 || running != 0 || waiting != 0 {
		t.Errorf("left behind: %d in prefill, %d in decode, %d tokens; %d running, %d waiting", s.prefilling, s.decoding, s.tokens, running, waiting)
	}
}
