package cmd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// BenchmarkAddedError is what a client adds to the instants that it measures:
// from a chunk's leaving the simulator, which writes it down, to its arrival
// in the client's records; of aiperf-load, and of a loop over sockets that takes
// the time after each read. Both include the kernel's part.
//
//	go test -run '^$' -bench AddedError ./cmd
func BenchmarkAddedError(b *testing.B) {
	for _, c := range []struct {
		streams, answers, tokens int
		itl                      time.Duration // such that the machine keeps up
	}{
		{1, 10, 40, 2 * time.Millisecond},
		{64, 64, 60, 16 * time.Millisecond},
		{512, 512, 12, 100 * time.Millisecond},
	} {
		b.Run(fmt.Sprintf("streams=%d", c.streams), func(b *testing.B) { addedError(b, c.streams, c.answers, c.tokens, c.itl) })
	}
}

func addedError(b *testing.B, streams, answers, tokens int, itl time.Duration) {
	dir, peer := needs(b)
	truth := filepath.Join(b.TempDir(), "truth.ndjson")
	sim := benchSimulator(b, dir, "--truth", truth, "--batch", "1000", "--ttft", (4 * itl).String(), "--itl", itl.String(), "--jitter", "0.5")
	n, m, osl := strconv.Itoa(streams), strconv.Itoa(answers), strconv.Itoa(tokens)
	var ours, theirs []string
	for b.Loop() {
		for range rounds {
			name := fmt.Sprintf("raw%d", len(theirs))
			load, loop := filepath.Join(b.TempDir(), "load.ndjson"), filepath.Join(b.TempDir(), "raw.ndjson")
			mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(sim.llm, load, "--streaming", "--osl", osl, "--concurrency", n, "--request-count", m)...)
			mustMeasure(b, peer, "raw", "-u", sim.llm, "-streaming", "-osl", osl, "-concurrency", n, "-request-count", m, "-name", name, "-o", loop)
			ours, theirs = append(ours, load), append(theirs, loop)
		}
	}
	if err := sim.stop(); err != nil {
		b.Fatal(err)
	}
	left := leftAt(requests(b, truth, "sim.request"))
	var o, t errorsOf
	for i := range ours {
		o.add(b, left, loadArrivals(requests(b, ours[i], "request")))
		t.add(b, left, rawArrivals(b, theirs[i]))
	}
	for _, q := range []struct {
		name         string
		ours, theirs []float64
	}{{"p50", o.p50, t.p50}, {"p99", o.p99, t.p99}, {"first-p50", o.first50, t.first50}, {"first-p99", o.first99, t.first99}} {
		var ratios []float64
		for i := range q.ours {
			ratios = append(ratios, q.ours[i]/q.theirs[i])
		}
		metric(b, median(q.ours), "load-"+q.name+"-µs")
		metric(b, median(q.theirs), "socket-"+q.name+"-µs")
		metric(b, median(ratios), q.name+"-load/socket")
	}
}

// leftAt are the instants at which the chunks of each request left, in
// nanoseconds.
func leftAt(all []benchRecord) map[string][]int64 {
	left := map[string][]int64{}
	for _, r := range all {
		for _, s := range r.Sent {
			left[r.ID] = append(left[r.ID], r.Arrived.UnixNano()+int64(s*1e9))
		}
	}
	return left
}

// loadArrivals are the instants at which they arrived, by aiperf-load.
func loadArrivals(all []benchRecord) map[string][]int64 {
	came := map[string][]int64{}
	for _, r := range all {
		id, at := r.Run+"-"+r.ID, 0.0
		for _, gap := range r.Gaps {
			at += gap
			came[id] = append(came[id], r.Start.UnixNano()+int64(at*1e9))
		}
	}
	return came
}

// rawArrivals are those by the loop over sockets, without the event that
// tells the role, in front, and the three at the end.
func rawArrivals(b *testing.B, name string) map[string][]int64 {
	b.Helper()
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	came := map[string][]int64{}
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var a struct {
			ID     string  `json:"id"`
			Events []int64 `json:"events_ns"`
		}
		if err := d.Decode(&a); err == io.EOF {
			return came
		} else if err != nil || len(a.Events) < 4 {
			b.Fatalf("%s: %d events, %v", name, len(a.Events), err)
		}
		came[a.ID] = a.Events[1 : len(a.Events)-3]
	}
}

// errorsOf are the errors of each round, in microseconds.
type errorsOf struct{ p50, p99, first50, first99 []float64 }

func (e *errorsOf) add(b *testing.B, left, came map[string][]int64) {
	b.Helper()
	var all, first []float64
	for id, at := range came {
		if len(left[id]) != len(at) {
			b.Fatalf("request %s: %d chunks left, %d arrived", id, len(left[id]), len(at))
		}
		for i := range at {
			us := float64(at[i]-left[id][i]) / 1e3
			all = append(all, us)
			if i == 0 {
				first = append(first, us)
			}
		}
	}
	e.p50, e.p99 = append(e.p50, quantile(all, 0.5)), append(e.p99, quantile(all, 0.99))
	e.first50, e.first99 = append(e.first50, quantile(first, 0.5)), append(e.first99, quantile(first, 0.99))
}
