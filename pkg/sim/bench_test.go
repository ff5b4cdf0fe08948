package sim

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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

// How late chunks leave with a client in the same process.
//
// go test -run=^$ -bench=Punctual -benchtime=1x ./pkg/sim
func BenchmarkPunctual(b *testing.B) {
	for _, c := range []struct {
		streams int
		itl     time.Duration
		tokens  int
	}{{512, 20 * ms, 250}, {4096, 500 * ms, 10}} {
		b.Run(fmt.Sprintf("streams=%d/itl=%v", c.streams, c.itl), func(b *testing.B) {
			cfg := Defaults
			cfg.Batch, cfg.ITL = c.streams, c.itl
			m := New(cfg)
			var truth safeBuffer
			m.WriteTruth(&truth)
			address := listen(b, m, nil)
			tr := &http.Transport{MaxIdleConnsPerHost: c.streams}
			defer tr.CloseIdleConnections()
			body := fmt.Sprintf(`{"messages":[{"content":"a"}],"stream":true,"max_tokens":%d}`, c.tokens)
			for b.Loop() {
				var wg sync.WaitGroup
				for range c.streams {
					time.Sleep(time.Second / time.Duration(c.streams))
					wg.Go(func() {
						resp, err := (&http.Client{Transport: tr}).Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(body))
						if err == nil {
							_, err = copyTo(io.Discard, resp)
						}
						if err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
			}
			m.EndTruth()
			var late []float64
			for _, r := range trueRequests(b, truth.b.String()) {
				first := r.Began.Sub(r.Arrived) + (cfg.TTFT + cfg.PerToken).Seconds()
				for i, s := range r.Sent {
					late = append(late, s-first-float64(i)*c.itl.Seconds())
				}
			}
			slices.Sort(late)
			b.ReportMetric(1e3*late[len(late)/2], "p50-late-ms")
			b.ReportMetric(1e3*late[len(late)*99/100], "p99-late-ms")
		})
	}
}
