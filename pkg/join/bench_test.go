package join

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// load makes n requests with 50 gaps each and readings of 8 GPUs 3 times a
// second, 10 requests a second.
func load(t testing.TB, n int) (requests, gpus []record.Line) {
	r := rand.New(rand.NewPCG(1, 1))
	gaps := make(record.Gaps, 50)
	for i := range n {
		for j := range gaps {
			gaps[j] = 0.02 * r.Float64()
		}
		s := float64(i) / 10
		ls := sent{id: fmt.Sprint(i), start: s, end: s + 1, phase: record.Profiling}.lines(t)
		var q record.Request
		if err := ls[1].Decode(&q); err != nil {
			t.Fatal(err)
		}
		q.Gaps, q.Model, q.URL = gaps, "Qwen/Qwen3-0.6B", "http://localhost:8000/v1/chat/completions"
		requests = append(requests, ls[0], line(t, &q))
	}
	for g := range 8 {
		gpus = append(gpus, steady(t, g, -2, float64(n)/10+3, 0.333, 300)...)
	}
	return sorted(requests), sorted(gpus)
}

// go test -run - -bench Merge -count 10 ./pkg/join | benchstat -
func BenchmarkMerge(b *testing.B) {
	requests, gpus := load(b, 5000)
	a, g := text(requests), text(gpus)
	b.SetBytes(int64(len(a) + len(g)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range Merge(record.Read(strings.NewReader(a), "a"), record.Read(strings.NewReader(g), "g")) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(requests)+len(gpus) {
			b.Fatal(n)
		}
	}
}

func BenchmarkAttribute(b *testing.B) {
	requests, gpus := load(b, 5000)
	all := sorted(append(requests, gpus...))
	var in iter.Seq2[record.Line, error] = seq(all)
	b.SetBytes(int64(len(text(all))))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Attribute(in, Options{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/line")
}
