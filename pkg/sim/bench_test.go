package sim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What a chunk costs the server, which shares the processor with the client.
//
// go test -run=^$ -bench=Chunks ./pkg/sim
func BenchmarkChunks(b *testing.B) {
	cfg := Defaults
	cfg.TTFT, cfg.PerToken, cfg.ITL, cfg.Output = time.Nanosecond, time.Nanosecond, time.Nanosecond, 1000
	s := httptest.NewServer(New(cfg).Server())
	defer s.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		resp, err := http.Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{"messages":[{"content":"a"}],"stream":true}`))
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		n += 1000
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "chunks/s")
}
