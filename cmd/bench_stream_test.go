package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"aiperf/pkg/record"
)

// Streams for the benchmarks of the merge, as aiperf-load and aiperf-scrape
// write them; the same for the same sizes.

// flyingRequests is how many requests are in flight in such a stream, each for
// about two seconds.
const flyingRequests = 160

var streamEpoch = func() record.Time {
	t, err := record.ParseTime("2026-11-23T12:00:00.000000000Z")
	if err != nil {
		panic(err)
	}
	return t
}()

// A streamFile is a stream that is being made.
type streamFile struct {
	b    *testing.B
	w    io.Writer
	end  func() error
	buf  []byte
	last record.Time
}

// newStream makes a file, of zstd data if its name says so.
func newStream(b *testing.B, name string) *streamFile {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	if !strings.HasSuffix(name, ".zst") {
		w := bufio.NewWriterSize(f, 1<<20)
		return &streamFile{b: b, w: w, end: func() error { return firstError(w.Flush(), f.Close()) }}
	}
	z, err := zstd.NewWriter(f, zstd.WithWindowSize(1<<20))
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(z, 1<<20)
	return &streamFile{b: b, w: w, end: func() error { return firstError(w.Flush(), z.Close(), f.Close()) }}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes a record at t, or a nanosecond after the one before.
func (s *streamFile) write(t record.Time, r record.Record) {
	s.last = max(t, s.last+1)
	r.Head().Time = s.last
	var err error
	if s.buf, err = record.Append(s.buf[:0], r); err == nil {
		_, err = s.w.Write(s.buf)
	}
	if err != nil {
		s.b.Fatal(err)
	}
}

func (s *streamFile) close() {
	if err := s.end(); err != nil {
		s.b.Fatal(err)
	}
}

// makeLoad writes n requests with begin lines, each with so many gaps, and
// gives how many seconds they take.
func makeLoad(b *testing.B, name, run string, n, gaps int) float64 {
	s := newStream(b, name)
	defer s.close()
	random := rand.New(rand.NewPCG(1, uint64(len(run))))
	s.write(streamEpoch, &record.Run{Run: run, Tool: "aiperf-load", Host: "client"})
	type place struct {
		id         int
		start, end record.Time
	}
	places := make([]place, flyingRequests)
	sent := 0
	begin := func(p *place, at record.Time) {
		if sent == n {
			*p = place{end: math.MaxInt64}
			return
		}
		sent++
		*p = place{sent, at, at.Add(0.5 + 3*random.Float64())}
		s.write(at+20_000, &record.Begin{Run: run, ID: fmt.Sprint(sent), Phase: record.Profiling, Start: at})
	}
	for i := range places {
		begin(&places[i], streamEpoch.Add(0.5+float64(i)*0.01))
	}
	for range n {
		first := &places[0]
		for i := range places {
			if places[i].end < first.end {
				first = &places[i]
			}
		}
		end := max(first.end, s.last)
		s.write(end+50_000, benchRequest(random, run, first.id, first.start, end, gaps))
		begin(first, end+100_000)
	}
	s.write(s.last.Add(0.001), &record.End{Run: run, Reason: record.Complete})
	return s.last.Sub(streamEpoch)
}

func benchRequest(random *rand.Rand, run string, id int, start, end record.Time, gaps int) *record.Request {
	micro := func(x float64) float64 { return math.Round(x*1e6) / 1e6 }
	took := micro(end.Sub(start))
	ttft := micro(0.05 + 0.1*random.Float64())
	reused, in, out, zero := true, 90+random.IntN(20), 150+random.IntN(100), 0
	firstByte, sent := ttft-0.000_2, 0.000_041
	r := &record.Request{
		Run: run, ID: fmt.Sprint(id), Phase: record.Profiling,
		Model: "Qwen/Qwen3-0.6B", URL: "http://localhost:8000/v1/chat/completions", Endpoint: "chat",
		Conversation: fmt.Sprint(id), Turn: &zero,
		Start: start, Took: &took, TTFT: &ttft, Chunks: out,
		Tokens: &record.Tokens{In: &in, Out: &out, Reasoning: &zero, Asked: &out, Source: record.FromUsage},
		Bytes:  &record.Bytes{Sent: 700 + int64(random.IntN(200)), Received: 40_000 + int64(random.IntN(5000))},
		HTTP:   &record.HTTP{Status: 200, Reused: reused, Remote: "127.0.0.1:8000", Sent: &sent, FirstByte: &firstByte},
		Finish: "length",
	}
	for i := range gaps {
		gap := micro((took - ttft) / float64(gaps) * (0.5 + random.Float64()))
		if i == 0 {
			gap = ttft
		}
		r.Gaps = append(r.Gaps, gap)
	}
	return r
}

// makeGPU writes readings of 8 GPUs ten times a second, for so many seconds.
func makeGPU(b *testing.B, name, run string, seconds float64) {
	s := newStream(b, name)
	defer s.close()
	const gpus, interval = 8, 0.1
	random := rand.New(rand.NewPCG(2, uint64(len(run))))
	source := "http://node1:9400/metrics"
	s.write(streamEpoch, &record.Run{Run: run, Tool: "aiperf-scrape", Host: "node1"})
	var energy [gpus]float64
	for t := 0.0; t < seconds+1; t += interval {
		taken := streamEpoch.Add(t + 0.001*random.Float64())
		for i := range gpus {
			energy[i] += interval * 400
			s.write(taken+900_000, benchReading(random, source, i, taken, energy[i]))
		}
		took, status, bytes, n := 0.0018, 200, int64(9000), gpus
		s.write(taken+1_000_000, &record.Scrape{Source: source, Took: &took, Status: status, Bytes: &bytes, GPUs: &n})
	}
	s.write(s.last.Add(0.001), &record.End{Run: run, Reason: record.Complete})
}

func benchReading(random *rand.Rand, source string, i int, taken record.Time, energy float64) *record.GPU {
	within := 0.0009
	whole := func(x float64) float64 { return math.Round(x) }
	return &record.GPU{
		Source: source, Host: "node1", Platform: "nvidia", GPU: &i, UUID: fmt.Sprintf("GPU-afc3c15a-%04d", i),
		Model: "NVIDIA H100 80GB HBM3", Taken: taken, Within: &within,
		Fields: map[string]float64{
			record.FieldPower:         whole((300+200*random.Float64())*1000) / 1000,
			record.FieldEnergy:        whole(energy*1000) / 1000,
			record.FieldUtilization:   whole(random.Float64()*100) / 100,
			record.FieldSMUtilization: whole(random.Float64()*1000) / 1000,
			record.FieldSMClock:       1e6 * whole(1500+400*random.Float64()),
			"memory_used":             1 << 20 * whole(60000+1000*random.Float64()),
			"memory_clock":            2.619e9,
			"gpu_temperature":         whole(50 + 20*random.Float64()),
			"memory_temperature":      whole(60 + 20*random.Float64()),
			record.FieldXID:           0,
		},
	}
}

// streamPair makes a load and the readings meanwhile in dir, about as many
// readings as requests.
func streamPair(b *testing.B, dir string, n int) (load, gpu string) {
	load, gpu = filepath.Join(dir, "load.ndjson.zst"), filepath.Join(dir, "gpu.ndjson.zst")
	seconds := makeLoad(b, load, "load", n, 0)
	makeGPU(b, gpu, "gpu", seconds)
	return load, gpu
}
