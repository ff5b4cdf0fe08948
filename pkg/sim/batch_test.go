package sim

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClientThatLeavesFreesItsPlace(t *testing.T) {
	for _, after := range []time.Duration{10 * ms, 100 * ms} {
		for _, fault := range []string{"", "stall", "reset"} {
			synctest.Test(t, func(t *testing.T) {
				cfg := plainConfig()
				cfg.Batch = 1
				m, c := start(t, cfg)
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						req, _ := http.NewRequestWithContext(ctx, "POST", "http://sim:80/v1/completions", strings.NewReader(`{"prompt":"a","stream":true}`))
						req.Header.Set("X-Sim-Fault", fault)
						if resp, err := c.Do(req); err == nil {
							io.Copy(io.Discard, resp.Body)
							resp.Body.Close()
						}
					})
				}
				wg.Wait()
				idle(t, m)
			})
		}
	}
}

// Requests beyond the batch wait for a place, in order.
func TestBatchQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Batch = 2
		m, c := start(t, cfg)
		from := time.Now()
		var mu sync.Mutex
		var took []time.Duration
		var wg sync.WaitGroup
		for range 5 {
			time.Sleep(ms)
			wg.Go(func() {
				resp := post(t.Context(), t, c, "/v1/completions", `{"prompt":"a","max_tokens":2}`) // 91 ms
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(from))
			})
		}
		time.Sleep(ms)
		if running, waiting := m.batch.count(); running != 2 || waiting != 3 {
			t.Errorf("%d are running and %d waiting, want 2 and 3", running, waiting)
		}
		wg.Wait()
		want := []time.Duration{92 * ms, 93 * ms, 183 * ms, 184 * ms, 274 * ms}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		idle(t, m)
	})
}
