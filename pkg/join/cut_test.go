package join

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// cutNaively is Cut by its definition, in as many passes as that takes.
func cutNaively(t *testing.T, lines []record.Line, from, to record.Time) []record.Line {
	keep := make([]bool, len(lines))
	facts := make([]told, len(lines))
	var open []string // runs that have begun before from and not ended
	for i, l := range lines {
		facts[i], _ = mentioned(l)
		if l.Time >= from {
			continue
		}
		switch l.Type {
		case record.TypeRun:
			open = append(open, facts[i].run)
		case record.TypeEnd:
			open = slices.DeleteFunc(open, func(r string) bool { return r == facts[i].run })
		}
	}
	horizon := from
	for i, l := range lines {
		is := func(kind, event string, until record.Time) bool { // a later line of the same thing
			return slices.ContainsFunc(lines[i+1:], func(m record.Line) bool {
				f, _ := mentioned(m)
				return m.Type == kind && m.Time < until && f.run == facts[i].run && (kind == record.TypeEnd || f.id == facts[i].id && f.phase == facts[i].phase || kind == record.TypeRequest && f.id == facts[i].id) && f.event == event
			})
		}
		switch {
		case l.Time >= from && l.Time < to:
			keep[i] = true
		case l.Time < from && (l.Type == record.TypeRun || l.Type == record.TypePhase && facts[i].event == "begin"):
			keep[i] = slices.Contains(open, facts[i].run) && (l.Type == record.TypeRun || !is(record.TypePhase, "end", from))
		case l.Time < from && l.Type == record.TypeBegin && !is(record.TypeRequest, "", from) && !is(record.TypeEnd, "", from):
			keep[i] = true
			horizon = min(horizon, facts[i].start)
		}
	}
	latest, closed := map[string]int{}, map[string]bool{}
	known := map[string]bool{}
	for i, l := range lines {
		if l.Type != record.TypeGPU && l.Type != record.TypeServer {
			continue
		}
		var g record.GPU
		if err := l.Decode(&g); err != nil {
			t.Fatal(err)
		}
		key := l.Type + g.Source + g.UUID + g.MIG
		switch {
		case l.Time < from:
			known[key] = true
			if j, ok := latest[key]; ok && g.Taken <= horizon {
				keep[j] = false
			}
			latest[key], keep[i] = i, true
		case l.Time < to:
			known[key] = true
		case known[key] && !closed[key]:
			keep[i], closed[key] = true, g.Taken >= to
		}
	}
	for i, l := range lines {
		begun := slices.ContainsFunc(lines[:i], func(m record.Line) bool {
			f, _ := mentioned(m)
			return m.Type == record.TypeRun && m.Time < to && f.run == facts[i].run
		})
		ended := slices.ContainsFunc(lines[:i], func(m record.Line) bool {
			f, _ := mentioned(m)
			return m.Type == record.TypeEnd && f.run == facts[i].run
		})
		if l.Type == record.TypeEnd && l.Time >= to && begun && !ended {
			keep[i] = true
		}
	}
	var out []record.Line
	for i, l := range lines {
		if keep[i] {
			out = append(out, l)
		}
	}
	return out
}

// stamp gives a record its time and makes a line of it.
func stamp(t testing.TB, s float64, r record.Record) record.Line {
	r.Head().Time = at(s)
	return line(t, r)
}

// makeHistory is several runs of load and of scraping, one after another and
// at once.
func makeHistory(t *testing.T, r *rand.Rand) (lines []record.Line) {
	for i := range 1 + r.IntN(4) {
		run, s := fmt.Sprint("load", i), 60*r.Float64()
		lines = append(lines, stamp(t, s, &record.Run{Run: run, Tool: "aiperf-load"}))
		for j := range 1 + r.IntN(20) {
			phase := record.Profiling
			if j == 0 {
				phase = record.Warmup
			}
			if j < 2 {
				lines = append(lines, stamp(t, s+0.0001, &record.Phase{Run: run, Phase: phase, Event: "begin"}))
			}
			s += 2 * r.Float64()
			id, took := fmt.Sprint(j), 15*r.Float64()
			lines = append(lines, stamp(t, s+0.001, &record.Begin{Run: run, ID: id, Phase: phase, Start: at(s)}))
			if r.IntN(5) > 0 {
				lines = append(lines, stamp(t, s+took+0.001, &record.Request{Run: run, ID: id, Phase: phase, Start: at(s), Took: &took}))
			}
			if j == 0 {
				lines = append(lines, stamp(t, s+0.5, &record.Phase{Run: run, Phase: phase, Event: "end"}))
			}
		}
		if r.IntN(4) > 0 {
			lines = append(lines, stamp(t, s+16, &record.End{Run: run, Reason: record.Complete}))
		}
	}
	for i := range 1 + r.IntN(3) {
		run, source, s := fmt.Sprint("scrape", i), fmt.Sprintf("http://n%d:9400/metrics", i), 50*r.Float64()
		until, step := s+60*r.Float64(), 0.1+3*r.Float64()
		lines = append(lines, stamp(t, s, &record.Run{Run: run, Tool: "aiperf-scrape"}))
		for ; s < until; s += step {
			for g := range 1 + i {
				if r.IntN(10) > 0 {
					labels := map[string]string{"pod": fmt.Sprint(r.IntN(3))}
					lines = append(lines, stamp(t, s+0.01, &record.GPU{Source: source, UUID: fmt.Sprint("GPU-", g), Labels: labels, Taken: at(s - 0.2*r.Float64())}))
				}
			}
			lines = append(lines, stamp(t, s+0.02, &record.Server{Source: source, Taken: at(s)}),
				stamp(t, s+0.03, &record.Scrape{Source: source}))
		}
		lines = append(lines, stamp(t, s, &record.End{Run: run, Reason: record.Complete}))
	}
	return sorted(lines)
}

func TestCutIsItsDefinition(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 3))
		lines := makeHistory(t, r)
		from := at(80 * r.Float64())
		to := from.Add(40 * r.Float64())
		want := cutNaively(t, lines, from, to)
		for _, stop := range []bool{false, true} {
			got, _ := passed(Cut(seq(lines), Window{from, to, stop}))
			if diff := cmp.Diff(text(want), got); diff != "" {
				t.Fatalf("seed %d, stop %v (-want +got):\n%s", seed, stop, diff)
			}
		}
		// What was cut can be cut again.
		got, _ := passed(Cut(seq(want), Window{From: from, To: to}))
		if diff := cmp.Diff(text(want), got); diff != "" {
			t.Fatalf("seed %d, again (-want +got):\n%s", seed, diff)
		}
		got, _ = passed(Cut(seq(lines), Window{}))
		if diff := cmp.Diff(text(lines), got); diff != "" {
			t.Fatalf("seed %d, open (-want +got):\n%s", seed, diff)
		}
	}
}

// In a window of a run every request that was sent inside is charged what it was
// charged in the whole run, for those in flight with it are there too. One that
// was sent before shares with fewer, and is not charged less.
func TestCutCharges(t *testing.T) {
	t.Parallel()
	charged, earlier := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		m := makeRun(t, r)
		whole := attribute(t, m.lines, Options{})
		from := 2 + 8*r.Float64()
		var part []record.Line
		for l, err := range Cut(seq(m.lines), Window{From: at(from), To: at(from + 2 + 6*r.Float64())}) {
			if err == nil {
				part = append(part, l)
			}
		}
		shares := attribute(t, part, Options{}).shares
		for _, q := range m.sent {
			share, want := shares[q.id], whole.shares[q.id]
			if share == nil || share.Energy == nil || want.Energy == nil {
				continue
			}
			d := *share.Energy - *want.Energy
			switch {
			case q.start >= from && max(d, -d) > 1e-6, d < -1e-6:
				t.Errorf("seed %d, request %s: %v J in the window, %v J in the whole run", seed, q.id, *share.Energy, *want.Energy)
			case q.start >= from:
				charged++
			default:
				earlier++
			}
		}
	}
	if charged < 100 || earlier < 100 {
		t.Errorf("only %d and %d requests were charged", charged, earlier)
	}
}

func TestCutSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	lines := []record.Line{stamp(t, 1, &record.Begin{Run: "A", ID: "1"}), stamp(t, 2, &record.Request{Run: "A", ID: "1"})}
	const none = "warning empty-window no line is inside the window"
	before, behind := fmt.Sprintf("; the last one before it is of %v", at(2)), fmt.Sprintf("; the first one behind it is of %v", at(1))
	for _, c := range []struct {
		why      string
		lines    []record.Line
		from, to float64
		want     string
	}{
		{"too early", lines, -2, -1, none + behind},
		{"too late", lines, 10, 20, none + before},
		{"too short", lines, 1.2, 1.3, none + fmt.Sprintf("; the last one before it is of %v; the first one behind it is of %v", at(1), at(2))},
		{"nothing at all", nil, 1, 2, none},
	} {
		for _, stop := range []bool{false, true} {
			got, errs := passed(Cut(seq(c.lines), Window{at(c.from), at(c.to), stop}))
			if diff := cmp.Diff([]string{c.want}, errs); diff != "" || strings.Contains(got, `"request"`) {
				t.Errorf("%s: %s (-want +got):\n%s", c.why, got, diff)
			}
		}
	}
}

// With Stop nothing is read behind what is needed.
func TestCutStops(t *testing.T) {
	t.Parallel()
	lines := []record.Line{stamp(t, 0, &record.Run{Run: "A"}), read(t, 0, 1, nil), read(t, 0, 11, nil),
		stamp(t, 12, &record.End{Run: "A"}), read(t, 0, 21, nil), read(t, 0, 22, nil)}
	for _, c := range []struct {
		why      string
		to       float64
		stop     bool
		pulled   int
		wantLast float64
	}{
		{"the end of the run and a reading", 5, true, 4, 12},
		{"a reading behind the window", 15, true, 5, 21.001},
		{"nobody asked for it", 5, false, 6, 12},
	} {
		pulled := 0
		in := func(yield func(record.Line, error) bool) {
			for _, l := range lines {
				if pulled++; !yield(l, nil) {
					return
				}
			}
		}
		var last record.Time
		for l, err := range Cut(in, Window{From: at(0.5), To: at(c.to), Stop: c.stop}) {
			if err != nil {
				t.Error(err)
			}
			last = l.Time
		}
		if pulled != c.pulled || last != at(c.wantLast) {
			t.Errorf("%s: %d lines were read, and the last is of %v; want %d and %v", c.why, pulled, last, c.pulled, at(c.wantLast))
		}
	}
}

// A request that never ends does not make all readings since stay in memory.
func TestCutMemory(t *testing.T) {
	t.Parallel()
	c := 0
	in := func(yield func(record.Line, error) bool) {
		if !yield(stamp(t, 0, &record.Begin{Run: "A", ID: "lost", Start: at(0)}), nil) {
			return
		}
		g := read(t, 0, 0, nil)
		g.Raw = append(g.Raw[:len(g.Raw)-1], []byte(`,"x":"`+strings.Repeat("x", 4000)+`"}`)...)
		for i := range 20_000 {
			l := g
			l.Time = at(float64(i))
			l.Raw = slices.Replace(slices.Clone(g.Raw), 9, 39, []byte(l.Time.String())...)
			l.Raw = []byte(strings.Replace(string(l.Raw), at(0).String(), l.Time.String(), 1))
			if !yield(l, nil) {
				return
			}
		}
	}
	for range Cut(in, Window{From: at(30_000)}) {
		c++
	}
	if c > heldMost/4000 || c == 0 {
		t.Errorf("%d lines were kept", c)
	}
}

// Lines out of order, and such as make no sense, end nothing.
func FuzzCut(f *testing.F) {
	f.Add([]byte(stream("01 a", "09 b", "05 c")), int64(3), int64(6))
	f.Add([]byte(`{"time":"2026-11-23T12:00:01Z","type":"run","run":5}
{"time":"2026-11-23T12:00:02Z","type":"begin","run":"A","id":null,"start":1}
{"time":"2026-11-23T12:00:03.000000000Z","type":"gpu","v":1,"source":"s","taken":"2026-11-23T12:00:0x.000000000Z"}
{"time":"2026-11-23T12:00:09.000000000Z","type":"gpu","v":1,"taken":"2026-11-23T12:00:09.000000000Z","gpu":1}
{"time":"2026-11-23T12:00:09.000000000Z","type":"end","run":"A"}
`), int64(2), int64(8))
	base, err := record.ParseTime("2026-11-23T12:00:00Z")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte, from, to int64) {
		w := Window{From: base + record.Time(from)*1e9, To: base + record.Time(to)*1e9}
		want := map[string]bool{}
		for l, err := range record.Read(strings.NewReader(string(in)), "f") {
			if err == nil {
				want[string(l.Raw)] = l.Time >= w.From && l.Time < w.To
			}
		}
		for l, err := range Cut(record.Read(strings.NewReader(string(in)), "f"), w) {
			if err != nil {
				continue
			}
			if _, ok := want[string(l.Raw)]; !ok {
				t.Fatalf("%q was not there", l.Raw)
			}
			delete(want, string(l.Raw))
		}
		for l, inside := range want {
			if inside && w.From != 0 && w.To != 0 {
				t.Fatalf("%q was inside", l)
			}
		}
	})
}
