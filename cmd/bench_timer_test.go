package cmd_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkTimer is how much later than due requests are sent, 1000 a second
// at even gaps, and the rate that comes out; beside it, how late a loop of
// time.Sleep wakes that does nothing else. On a machine that others use, the
// round in which the 99th percentile was least says more than the median.
//
//	go test -run '^$' -bench Timer ./cmd
func BenchmarkTimer(b *testing.B) {
	const rate, count = 1000, 1000
	dir, peer := needs(b)
	url := shortServer(b)
	out := filepath.Join(b.TempDir(), "out.ndjson")
	var p50, p99, worst, achieved, sleep50, sleep99, ratios []float64
	for b.Loop() {
		for range rounds {
			mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(url, out, "--osl", "1", "--request-rate", strconv.Itoa(rate),
				"--arrival-pattern", "constant", "--request-count", strconv.Itoa(count))...)
			late, r := lateness(b, requests(b, out, "request"))
			p50, p99 = append(p50, quantile(late, 0.5)), append(p99, quantile(late, 0.99))
			worst, achieved = append(worst, quantile(late, 1)), append(achieved, r)
			s50, s99 := sleeps(b, peer, rate, count)
			sleep50, sleep99 = append(sleep50, s50), append(sleep99, s99)
			ratios = append(ratios, quantile(late, 0.99)/s99)
		}
	}
	metric(b, median(p50), "late-p50-µs")
	metric(b, median(p99), "late-p99-µs")
	metric(b, slices.Min(p99), "late-p99-least-µs")
	metric(b, median(worst), "late-max-µs")
	metric(b, median(achieved), "requests/s")
	metric(b, median(sleep50), "sleep-p50-µs")
	metric(b, median(sleep99), "sleep-p99-µs")
	metric(b, slices.Min(sleep99), "sleep-p99-least-µs")
	metric(b, median(ratios), "p99-late/sleep")
}

// lateness is how late each request was, in microseconds, and their rate.
func lateness(b *testing.B, all []benchRecord) (late []float64, rate float64) {
	b.Helper()
	var starts []time.Time
	for _, r := range all {
		if r.Late == nil {
			b.Fatalf("request %s does not tell how late it was", r.ID)
		}
		late, starts = append(late, *r.Late*1e6), append(starts, r.Start)
	}
	span := slices.MaxFunc(starts, time.Time.Compare).Sub(slices.MinFunc(starts, time.Time.Compare))
	return late, float64(len(all)-1) / span.Seconds()
}

// sleeps is how late time.Sleep wakes, in microseconds.
func sleeps(b *testing.B, peer string, rate, count int) (p50, p99 float64) {
	b.Helper()
	cmd := exec.Command(peer, "tick", "-rate", strconv.Itoa(rate), "-count", strconv.Itoa(count))
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(cmd, err)
	}
	if _, err := fmt.Fscan(bytes.NewReader(out), &p50, &p99); err != nil {
		b.Fatalf("%s says %q: %v", cmd, out, err)
	}
	return p50, p99
}
