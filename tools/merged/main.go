// Merged writes a merged stream of made-up requests, for measuring what reads
// it: N requests of M chunks each, log-normal times, 64 in flight.
//
// usage: merged [-n requests] [-chunks number] >FILE
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"time"
)

func main() {
	n := flag.Int("n", 1_000_000, "number of requests")
	chunks := flag.Int("chunks", 201, "chunks of each, which have one gap less between them")
	flag.Parse()
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	if err := write(w, *n, *chunks); err != nil {
		fmt.Fprintln(os.Stderr, "merged:", err)
		os.Exit(1)
	}
}

const flying = 64

func write(w *bufio.Writer, n, chunks int) error {
	rng := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	stamp := func(at float64) string {
		return begin.Add(time.Duration(at * 1e9)).Format("2006-01-02T15:04:05.000000000Z")
	}
	fmt.Fprintf(w, `{"time":"%s","type":"run","v":1,"run":"A","tool":"aiperf-load"}`+"\n", stamp(0))
	var free [flying]float64
	b := make([]byte, 0, 8<<10)
	last := 0.0
	for i := range n {
		slot := 0
		for j, t := range free {
			if t < free[slot] {
				slot = j
			}
		}
		start := free[slot]
		ttft := 0.05 * math.Exp(0.5*rng.NormFloat64())
		gaps := strconv.AppendFloat(b[:0], ttft, 'f', 6, 64)
		took := ttft
		for range chunks - 1 {
			g := math.Round(0.01*math.Exp(0.3*rng.NormFloat64())*1e6) / 1e6
			took += g
			gaps = strconv.AppendFloat(append(gaps, ','), g, 'f', -1, 64)
		}
		free[slot] = start + took
		last = max(last, free[slot])
		fmt.Fprintf(w, `{"time":"%s","type":"request","v":1,"run":"A","id":"%d","phase":"profiling","model":"Qwen/Qwen3-0.6B","url":"http://localhost:8000/v1/chat/completions","endpoint":"chat","conversation":"%d","turn":0,"start":"%s","took":%.9f,"ttft":%.9f,"gaps":[%s],"chunks":%d,"tokens":{"in":%d,"out":%d,"asked":%d,"source":"usage"},"bytes":{"sent":812,"received":41233},"http":{"status":200,"reused":true,"remote":"127.0.0.1:8000","sent":0.000012,"first_byte":%.9f},"finish":"length","gpu":{"energy":%.6f,"share":"equal","gpus":1,"power":341.2,"utilization":0.66,"sm_utilization":0.41,"sm_clock":1980000000,"throttled":false}}`+"\n",
			stamp(free[slot]), i, i, stamp(start), took, ttft, gaps, chunks, 100+i%400, chunks, chunks, ttft*0.99, took*5)
		b = gaps
	}
	fmt.Fprintf(w, `{"time":"%s","type":"energy","v":1,"scope":"total","gpus":1,"phase":"profiling","from":"%s","to":"%s","took":%.9f,"energy":%.6f,"readings":2,"verdict":"valid","reasons":[]}`+"\n",
		stamp(last), stamp(0), stamp(last), last, last*341.2)
	fmt.Fprintf(w, `{"time":"%s","type":"end","v":1,"run":"A","reason":"complete"}`+"\n", stamp(last+1))
	return w.Flush()
}
