package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

const midnight = record.Time(1_800_000_000e9)

// tell gives a builder that tells its story some records, as lines.
func tell(t testing.TB, records ...record.Record) *Report {
	t.Helper()
	var buf bytes.Buffer
	w := record.NewWriter(&buf, record.StartClock())
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	var b Builder
	b.Tell()
	for l, err := range record.Read(&buf, "test") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Report()
}

// made is a request of the profiling phase.
func made(id string, at, took, ttft float64, out int) *record.Request {
	return &record.Request{Run: "R", ID: id, Phase: record.Profiling, Start: midnight.Add(at), Took: &took, TTFT: &ttft, Tokens: &record.Tokens{Out: &out}}
}

// brieflyTold is what the story reads of a request.
func brieflyTold(t testing.TB, r *record.Request) *brief {
	t.Helper()
	text, err := json.Marshal(r)
	b := new(brief)
	if err == nil {
		err = json.Unmarshal(text, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The bins of the load are what counting every request in every bin gives,
// however often the grid became coarser, and in whatever order they came.
func TestLoadEqualsBruteForce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, seconds := range []float64{0.5, 3, 100, 1e5} {
		var list []*record.Request
		for i := range 300 {
			took := seconds * 0.2 * random.Float64()
			r := made(fmt.Sprint(i), seconds*random.Float64(), took, took*random.Float64(), random.IntN(100))
			if i%7 == 0 {
				r.Error = &record.Error{Class: record.ClassTimeout}
			}
			list = append(list, r)
		}
		var g grid
		for _, r := range list {
			g.request(brieflyTold(t, r))
		}
		l := g.load()
		if len(l.Bins) > mostBins {
			t.Fatalf("%v s: %d bins", seconds, len(l.Bins))
		}
		slow := bruteLoad(l, list)
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(b)) })
		if diff := cmp.Diff(slow, l, near); diff != "" {
			t.Errorf("%v s in bins of %v s (-want +got):\n%.2000s", seconds, l.Width, diff)
		}
		coarse := l.Coarser(3)
		if diff := cmp.Diff(sum(l), sum(coarse), near); diff != "" {
			t.Errorf("%v s: coarser bins hold something else (-want +got):\n%s", seconds, diff)
		}
	}
}

func bruteLoad(l *Load, list []*record.Request) *Load {
	to := &Load{From: l.From, Width: l.Width, Bins: make([]Bin, len(l.Bins))}
	bin := func(at record.Time) int { return int(math.Floor(at.Sub(l.From)/l.Width + 1e-12)) }
	// share is what of [a, b] lies in a bin.
	share := func(i int, a, b record.Time) float64 {
		from, till := a.Sub(l.From), b.Sub(l.From)
		return max(0, min(till, float64(i+1)*l.Width)-max(from, float64(i)*l.Width))
	}
	for _, r := range list {
		end := r.Start.Add(*r.Took)
		to.Bins[bin(r.Start)].Begun++
		if r.Error == nil {
			to.Bins[bin(end)].Done++
		} else {
			to.Bins[bin(end)].Failed++
		}
		first := r.Start.Add(*r.TTFT)
		for i := range to.Bins {
			to.Bins[i].Active += share(i, r.Start, end) / l.Width
			if first < end {
				to.Bins[i].Tokens += share(i, first, end) / end.Sub(first) * float64(*r.Tokens.Out)
			}
		}
	}
	return to
}

func sum(l *Load) (b Bin) {
	for _, x := range l.Bins {
		b.Begun += x.Begun
		b.Done += x.Done
		b.Failed += x.Failed
		b.Active += x.Active * l.Width
		b.Tokens += x.Tokens
	}
	return b
}

// Instants that no clock of a run would give neither stop the program nor make
// it hold more.
func TestLoadOfOddInstants(t *testing.T) {
	t.Parallel()
	first, _ := record.ParseTime("1678-01-01T00:00:00.000000000Z")
	last, _ := record.ParseTime("2261-12-31T23:59:59.000000000Z")
	var g grid
	for _, at := range []record.Time{first, last, 0, midnight, first + 1, last - 1} {
		for _, took := range []float64{0, 1, maxGap, math.Inf(1), math.NaN(), -1} {
			r := brieflyTold(t, made("1", 0, 1, 0.1, 10))
			r.Start, r.Took = at, &took
			g.request(r)
		}
	}
	if l := g.load(); len(l.Bins) == 0 || len(l.Bins) > mostBins {
		t.Errorf("%d bins", len(l.Bins))
	}
}

// A track keeps the lowest and the highest reading, in order, in bounded space.
func TestTrackKeepsPeaks(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 2000, 50_000} {
		for _, order := range []string{"in order", "mixed"} {
			at := make([]int, n)
			for i := range at {
				at[i] = i
			}
			if order == "mixed" {
				rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { at[i], at[j] = at[j], at[i] })
			}
			var k track
			for _, i := range at {
				x := 1.0
				switch i {
				case n / 3:
					x = -5
				case n / 2:
					x = 9
				}
				k.add(midnight.Add(float64(i)*0.1), x)
			}
			got := k.track()
			if got.Of != n || len(got.T) > 2*mostStretches || n <= mostStretches && len(got.T) != n {
				t.Errorf("%d %s: %d points that stand for %d", n, order, len(got.T), got.Of)
			}
			if n > 9 && (slices.Min(got.X) != -5 || slices.Max(got.X) != 9) {
				t.Errorf("%d %s: a peak is lost", n, order)
			}
			if !slices.IsSorted(got.T) {
				t.Errorf("%d %s: not in order", n, order)
			}
		}
	}
}

// Beyond mostTold requests a uniform sample is kept, the same in any order; the
// slowest and the count are those of all.
func TestSample(t *testing.T) {
	t.Parallel()
	const n = 3*mostTold + 17
	var forth, back sample
	add := func(s *sample, i int) {
		took := 1 + float64(i%1000)
		s.add(&brief{Run: "R", ID: fmt.Sprint(i), Start: midnight.Add(float64(i)), Took: &took})
	}
	for i := range n {
		add(&forth, i)
		add(&back, n-1-i)
	}
	a, b := forth.list(), back.list()
	if len(a) != mostTold || forth.of != n {
		t.Errorf("%d kept of %d, want %d of %d", len(a), forth.of, mostTold, n)
	}
	same := slices.EqualFunc(a, b, func(x, y Told) bool { return x.Start == y.Start })
	if !same {
		t.Error("the sample depends on the order")
	}
	// The mean start of a uniform sample is n/2 ± n/√12/√mostTold.
	var mean float64
	for _, x := range a {
		mean += x.Start.Sub(midnight) / float64(len(a))
	}
	if off := math.Abs(mean-n/2) / (n / math.Sqrt(12*mostTold)); off > 5 {
		t.Errorf("the sample is off by %.1f standard errors", off)
	}
	if s := forth.slowest(); len(s) != mostSlow || s[0].Took != 1000 || s[mostSlow-1].Took != 1000 {
		t.Errorf("the slowest are %d from %v to %v", len(s), s[0].Took, s[len(s)-1].Took)
	}
}

// The same request over and over has one number, and still fills no more room.
func TestSampleOfOneRequest(t *testing.T) {
	t.Parallel()
	var s sample
	r := brieflyTold(t, made("1", 0, 1, 0.1, 5))
	for range 5 * mostTold {
		s.add(r)
	}
	if len(s.kept) > 2*mostTold || len(s.list()) != mostTold || s.of != 5*mostTold {
		t.Errorf("%d kept, %d told, of %d", len(s.kept), len(s.list()), s.of)
	}
}

func TestStory(t *testing.T) {
	t.Parallel()
	reading := func(at, power, violation, xid, joules float64) *record.GPU {
		return &record.GPU{Source: "s", Host: "h", GPU: new(int), UUID: "U", Model: "M", Taken: midnight.Add(at), Fields: map[string]float64{
			record.FieldPower: power, record.FieldPowerViol: violation, record.FieldXID: xid, record.FieldEnergy: joules}}
	}
	running, waiting, kv1, kv2 := 3.0, 2.0, 0.25, 0.5
	hot := true
	failed := made("2", 1, 0.5, 0.1, 0)
	failed.Error = &record.Error{Class: record.ClassStatus, Code: 500, Message: "boom"}
	slow := made("3", 2, 4, 0.1, 10)
	slow.GPU = &record.Share{Throttled: &hot}
	r := tell(t,
		&record.Run{Run: "R", Tool: "aiperf-load"},
		&record.Phase{Run: "R", Phase: record.Profiling, Event: "begin"},
		made("1", 0, 1, 0.1, 10), failed, slow,
		reading(0, 100, 0, 0, 1000), reading(1, 200, 0, 0, 1150), reading(2, 200, 0.1, 0, 1150), reading(3, 150, 0.3, 0, 1500),
		reading(4, 150, 0.3, 79, 1650), reading(5, 150, 0.4, 79, 1800),
		&record.Server{Source: "v", Server: "vllm", Taken: midnight, Series: []record.Series{
			{Name: "vllm:num_requests_running", Type: record.Gauge, Value: &running}, {Name: "vllm:num_requests_waiting", Type: record.Gauge, Value: &waiting},
			{Name: "vllm:kv_cache_usage_perc", Type: record.Gauge, Value: &kv1}, {Name: "vllm:kv_cache_usage_perc", Type: record.Gauge, Value: &kv2}}},
		&record.Note{Level: record.Info, Code: "regime", Message: "steady"},
		&record.Note{Level: record.Info, Code: "other", Message: "not a mark"},
		&record.Note{Level: record.Warning, Code: "clock-step", Message: "the clock jumped"})
	s := r.Story
	if s.Of != 3 || len(s.Requests) != 3 || s.Requests[1].Error != record.ClassStatus || !s.Requests[2].Throttled {
		t.Errorf("requests %+v", s.Requests)
	}
	if len(s.Slowest) != 2 || s.Slowest[0].ID != "3" || s.Slowest[0].GPU == nil {
		t.Errorf("slowest %+v", s.Slowest)
	}
	if len(s.GPUs) != 1 {
		t.Fatalf("%d GPUs", len(s.GPUs))
	}
	g := s.GPUs[0]
	at := func(x float64) record.Time { return midnight.Add(x) }
	if diff := cmp.Diff([]Span{{at(1), at(3), "power limit"}, {at(4), at(5), "power limit"}}, g.Throttled); diff != "" {
		t.Errorf("throttled (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{150, 175, 150, 150}, g.Tracks[energyRate].X); diff != "" {
		t.Errorf("the slope of the energy counter between its updates (-want +got):\n%s", diff)
	}
	q := s.Servers[0].Tracks
	if q["running"].X[0] != 3 || q["waiting"].X[0] != 2 || q["kv"].X[0] != 0.5 {
		t.Errorf("server %+v", q)
	}
	var kinds []string
	for _, m := range s.Marks {
		kinds = append(kinds, m.Kind+": "+m.Text)
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"error: request 2: status: boom", "note: the clock jumped", "regime: steady", "xid: XID 79 on h | GPU 0"}, kinds); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	if len(s.Phases) != 1 || s.Phases[0].Name != record.Profiling {
		t.Errorf("phases %+v", s.Phases)
	}
}

// Nobody pays for a story who does not want one.
func TestNoStoryUnlessAsked(t *testing.T) {
	t.Parallel()
	var b Builder
	if r := b.Report(); r.Story != nil {
		t.Error("there is a story")
	}
}

// Whatever lines say, a story can be told.
func FuzzStory(f *testing.F) {
	f.Add(`{"time":"2026-01-01T00:00:00.000000000Z","type":"request","v":1,"run":"R","id":"1","phase":"profiling","start":"2026-01-01T00:00:00.000000000Z","took":1e300,"ttft":-1,"tokens":{"out":9}}`)
	f.Add(`{"time":"2026-01-01T00:00:00.000000000Z","type":"gpu","v":1,"source":"s","taken":"1700-01-01T00:00:00Z","fields":{"power_usage":1e308,"energy_consumption":-1e308,"xid_errors":3}}`)
	f.Add(`{"time":"2026-01-01T00:00:00.000000000Z","type":"server","v":1,"source":"s","taken":"2026-01-01T00:00:00Z","series":[{"name":"token_usage","value":1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var b Builder
		b.Tell()
		for range 2 {
			for l, err := range record.Read(strings.NewReader(text), "fuzz") {
				if err == nil {
					b.Add(l)
				}
			}
		}
		if s := b.Report().Story; s == nil || s.Load != nil && len(s.Load.Bins) > mostBins {
			t.Error("no story, or too long a one")
		}
	})
}

// go test -bench Told ./pkg/report
func BenchmarkTold(b *testing.B) {
	r := brieflyTold(b, made("1", 0, 1, 0.1, 100))
	var t teller
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.ID, r.Start = fmt.Sprint(i), midnight.Add(float64(i)*0.01)
		t.request(r)
	}
}
