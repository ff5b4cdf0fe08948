package join

import (
	"iter"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// drain takes all lines of a stage and counts them.
func drain(b *testing.B, in iter.Seq2[record.Line, error]) (n int) {
	for _, err := range in {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}

// benchStage measures a stage on lines that are in memory, beside the lines alone.
func benchStage(b *testing.B, lines []record.Line, stage func(iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error]) {
	in := stage(seq(lines))
	b.SetBytes(int64(len(text(lines))))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, in)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(lines)), "ns/line")
}

// go test -run - -bench Stage -count 10 ./pkg/join | benchstat -
func BenchmarkStage(b *testing.B) {
	requests, gpus := load(b, 5000)
	all := sorted(append(requests, gpus...))
	first, last := all[0].Time, all[len(all)-1].Time
	b.Run("none", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] { return in })
	})
	b.Run("read", func(b *testing.B) {
		benchStage(b, all, func(iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
			all := text(all)
			return func(yield func(record.Line, error) bool) { record.Read(strings.NewReader(all), "all")(yield) }
		})
	})
	b.Run("reorder/live", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] { return Reorder(in, Holding{}) })
	})
	b.Run("reorder/file", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
			return Reorder(in, Holding{Start: DefaultWindow})
		})
	})
	b.Run("distinct", func(b *testing.B) { benchStage(b, all, Distinct) })
	b.Run("shift/all", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] { return ShiftAll(in, time.Second) })
	})
	b.Run("shift/host", func(b *testing.B) {
		o := NewOffsets(map[string]time.Duration{"node1": time.Second})
		benchStage(b, all, o.Shift)
	})
	b.Run("cut/before", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
			return Cut(in, Window{From: last - 1e9})
		})
	})
	b.Run("cut/inside", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
			return Cut(in, Window{From: first, To: last})
		})
	})
	b.Run("cut/behind", func(b *testing.B) {
		benchStage(b, all, func(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
			return Cut(in, Window{To: first + 1e9})
		})
	})
}
