package cmd_test

import (
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkTimer is how much later than due requests are sent, 1000 a second
// at even gaps, and the rate that comes out.
//
//	go test -run '^$' -bench Timer ./cmd
func BenchmarkTimer(b *testing.B) {
	const rate = "1000"
	dir, _ := needs(b)
	url := shortServer(b)
	out := filepath.Join(b.TempDir(), "out.ndjson")
	var p50, p99, worst, achieved []float64
	for b.Loop() {
		for range rounds {
			mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(url, out, "--osl", "1",
				"--request-rate", rate, "--arrival-pattern", "constant", "--request-count", "1000")...)
			var late []float64
			var first, last time.Time
			for _, r := range requests(b, out, "request") {
				if r.Late == nil {
					b.Fatalf("request %s has no late", r.ID)
				}
				late = append(late, *r.Late*1e6)
				if first.IsZero() || r.Start.Before(first) {
					first = r.Start
				}
				if r.Start.After(last) {
					last = r.Start
				}
			}
			p50, p99 = append(p50, quantile(late, 0.5)), append(p99, quantile(late, 0.99))
			worst = append(worst, quantile(late, 1))
			achieved = append(achieved, float64(len(late)-1)/last.Sub(first).Seconds())
		}
	}
	metric(b, median(p50), "late-p50-µs")
	metric(b, median(p99), "late-p99-µs")
	metric(b, median(worst), "late-max-µs")
	metric(b, median(achieved), "requests/s")
}
