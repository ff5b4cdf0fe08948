package cmd_test

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// BenchmarkRequestCPU is the CPU time of one request that is not streamed, of
// aiperf-load and of a loop over net/http. What it takes to start is taken off
// by a run with few requests.
//
//	go test -run '^$' -bench RequestCPU ./cmd
func BenchmarkRequestCPU(b *testing.B) {
	const few, many, streams = 200, 10200, 16
	dir, peer := needs(b)
	url := shortServer(b)
	out := filepath.Join(b.TempDir(), "out.ndjson")
	load := func(n int) time.Duration {
		return mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(url, out, "--osl", "1",
			"--concurrency", strconv.Itoa(streams), "--request-count", strconv.Itoa(n))...).cpu
	}
	loop := func(n int) time.Duration {
		return mustMeasure(b, peer, "http", "-u", url, "-concurrency", strconv.Itoa(streams), "-request-count", strconv.Itoa(n)).cpu
	}
	var ours, theirs, ratios []float64
	for b.Loop() {
		for range rounds {
			o := perUnit(load(many)-load(few), many-few)
			t := perUnit(loop(many)-loop(few), many-few)
			ours, theirs, ratios = append(ours, o), append(theirs, t), append(ratios, o/t)
		}
	}
	metric(b, median(ours), "load-µs/request")
	metric(b, median(theirs), "net/http-µs/request")
	metric(b, median(ratios), "load/net/http")
}

// BenchmarkEventCPU is the CPU time of one event of a stream that comes alone
// in a read, of aiperf-load and of a loop over sockets that takes the time
// after each read. Runs whose answers have one token are taken off.
//
//	go test -run '^$' -bench EventCPU ./cmd
func BenchmarkEventCPU(b *testing.B) {
	const streams, answers, tokens = 64, 64, 301
	dir, peer := needs(b)
	sim := benchSimulator(b, dir, "--ttft", "20ms", "--itl", "5ms", "--jitter", "0.5")
	out := filepath.Join(b.TempDir(), "out.ndjson")
	load := func(osl int) time.Duration {
		return mustMeasure(b, filepath.Join(dir, "aiperf-load"), loadArgs(sim.llm, out, "--streaming", "--osl", strconv.Itoa(osl),
			"--concurrency", strconv.Itoa(streams), "--request-count", strconv.Itoa(answers))...).cpu
	}
	loop := func(osl int) time.Duration {
		return mustMeasure(b, peer, "raw", "-u", sim.llm, "-streaming", "-osl", strconv.Itoa(osl),
			"-concurrency", strconv.Itoa(streams), "-request-count", strconv.Itoa(answers)).cpu
	}
	var ours, theirs, ratios []float64
	for b.Loop() {
		for range rounds {
			o := perUnit(load(tokens)-load(1), answers*(tokens-1))
			t := perUnit(loop(tokens)-loop(1), answers*(tokens-1))
			ours, theirs, ratios = append(ours, o), append(theirs, t), append(ratios, o/t)
		}
	}
	metric(b, median(ours), "load-µs/event")
	metric(b, median(theirs), "socket-µs/event")
	metric(b, median(ratios), "load/socket")
}

// perUnit is d in microseconds for each of n.
func perUnit(d time.Duration, n int) float64 { return float64(d) / 1e3 / float64(n) }
