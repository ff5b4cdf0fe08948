package cmd_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// BenchmarkStreamMemory is the resident memory that one more open stream takes
// in aiperf-load, and in a loop over sockets with a buffer of 16 KiB each.
//
//	go test -run '^$' -bench StreamMemory ./cmd
func BenchmarkStreamMemory(b *testing.B) {
	const few, many = 10, 10000
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Max < many+500 {
		b.Skipf("%d streams need as many open files, but the hard limit is %d (%v)", many, files.Max, err)
	}
	dir, peer := needs(b)
	// The first tokens come when all requests have been sent.
	sim := benchSimulator(b, dir, "--batch", strconv.Itoa(2*many), "--ttft", "3s", "--itl", "200ms", "--jitter", "0.3")
	out := filepath.Join(b.TempDir(), "out.ndjson")
	load := func(n int) float64 {
		return float64(mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(sim.llm, out, "--streaming", "--osl", "4",
			"--concurrency", strconv.Itoa(n), "--request-count", strconv.Itoa(n))...).peak)
	}
	loop := func(n int) float64 {
		return float64(mustMeasure(b, peer, "raw", "-u", sim.llm, "-streaming", "-osl", "4",
			"-concurrency", strconv.Itoa(n), "-request-count", strconv.Itoa(n)).peak)
	}
	var ours, theirs, open []float64
	for b.Loop() {
		small := load(few)
		ours = append(ours, (load(many)-small)/(many-few)/1024)
		open = append(open, float64(mostOpen(requests(b, out, "request"))))
		small = loop(few)
		theirs = append(theirs, (loop(many)-small)/(many-few)/1024)
	}
	metric(b, median(ours), "load-KiB/stream")
	metric(b, median(theirs), "socket-KiB/stream")
	metric(b, median(open), "streams")
}

// mostOpen is how many requests were in flight at once.
func mostOpen(all []benchRecord) int {
	type edge struct {
		at int64
		by int
	}
	var edges []edge
	for _, r := range all {
		start := r.Start.UnixNano()
		edges = append(edges, edge{start, 1}, edge{start + int64(r.Took*1e9), -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	most, now := 0, 0
	for _, e := range edges {
		now += e.by
		most = max(most, now)
	}
	return most
}
