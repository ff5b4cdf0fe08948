package join

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	gocmp "github.com/google/go-cmp/cmp"
)

// passed is what a stage makes of lines: their text, and its errors.
func passed(in iter.Seq2[record.Line, error]) (out string, errs []string) {
	var b strings.Builder
	for l, err := range in {
		var r *Remark
		switch {
		case errors.As(err, &r):
			errs = append(errs, r.Level+" "+r.Code+" "+r.Message)
		case err != nil:
			errs = append(errs, err.Error())
		default:
			b.Write(l.Raw)
			b.WriteByte('\n')
		}
	}
	return b.String(), errs
}

func TestReorder(t *testing.T) {
	t.Parallel()
	file := Holding{Start: DefaultWindow}
	const kept = "; every line is kept, but what is computed from their order may be wrong"
	const stepped = "warning clock-step f:%d: the time goes back by %s s here, from 2026-11-23T12:00:%s.000000000Z to 2026-11-23T12:00:%s.000000000Z: the clock was set, or files were put one behind the other; the lines from here on stay where they are and do not meet those of other streams in time; to mend it, split the file before this line and name both parts, with an --offset for one whose clock was wrong"
	var back []string // of a clock that was set back by 40 s
	for i := range 20 {
		s := 50 + i%10
		if i >= 10 {
			s -= 40
		}
		back = append(back, fmt.Sprintf("%02d %d", s, i))
	}
	mixed := slices.Clone(back)
	mixed[14], mixed[15] = mixed[15], mixed[14] // behind the step
	for _, c := range []struct {
		why      string
		holding  Holding
		in, want []string
		errs     []string
	}{
		{"nothing", file, nil, nil, nil},
		{"sorted", file, []string{"01 a", "02 b", "03 c", "09 d"}, []string{"01 a", "02 b", "03 c", "09 d"}, nil},
		{"equal times stay as they are, though their bytes are not in order", file,
			[]string{"01 b", "01 a", "01 c"}, []string{"01 b", "01 a", "01 c"}, nil},
		{"equal times among disordered ones come in the order of arrival", file,
			[]string{"03 d", "02 b", "02 a", "03 c"}, []string{"02 b", "02 a", "03 d", "03 c"},
			[]string{"info reordered f: lines out of order: 2, by 1 s at most; they were put in order"}},
		{"late by just the window", file, []string{"06 b", "01 a"}, []string{"01 a", "06 b"},
			[]string{"info reordered f: lines out of order: 1, by 5 s at most; they were put in order"}},
		{"late by more than the window, but nothing newer has gone out", file, []string{"16 b", "02 a", "17 c"}, []string{"02 a", "16 b", "17 c"},
			[]string{"info reordered f: lines out of order: 1, by 14 s at most; they were put in order"}},
		{"one line comes too late", file, []string{"10 a", "17 b", "07 c", "18 d"}, []string{"10 a", "07 c", "17 b", "18 d"},
			[]string{"f:3: unsorted: time 2026-11-23T12:00:07.000000000Z comes after 2026-11-23T12:00:17.000000000Z" + kept}},
		{"far too late", file, []string{"10 a", "17 b", "01 c", "18 d"}, []string{"10 a", "01 c", "17 b", "18 d"},
			[]string{"f:3: unsorted: time 2026-11-23T12:00:01.000000000Z comes after 2026-11-23T12:00:17.000000000Z" + kept}},
		{"the first is told, the others are counted", file, []string{"10 a", "17 b", "07 c", "08 d", "01 e", "18 f"}, []string{"10 a", "07 c", "08 d", "01 e", "17 b", "18 f"},
			[]string{"f:3: unsorted: time 2026-11-23T12:00:07.000000000Z comes after 2026-11-23T12:00:17.000000000Z" + kept,
				"warning unsorted f: lines too late to be put in order: 3, by 16 s at most"}},
		{"far too late at the end alone is no step", file, []string{"10 a", "17 b", "01 c"}, []string{"10 a", "17 b", "01 c"},
			[]string{"f:3: unsorted: time 2026-11-23T12:00:01.000000000Z comes after 2026-11-23T12:00:17.000000000Z" + kept}},
		{"a line from the future is passed like a clock that was set back", file, []string{"01 a", "59 f", "02 b", "03 c"}, []string{"01 a", "59 f", "02 b", "03 c"},
			[]string{fmt.Sprintf(stepped, 3, "57.000", "59", "02")}},
		{"a live stream is held after the first disorder only", Holding{},
			[]string{"03 a", "02 b", "06 c", "05 d"}, []string{"03 a", "02 b", "05 d", "06 c"},
			[]string{"f:2: unsorted: time 2026-11-23T12:00:02.000000000Z comes after 2026-11-23T12:00:03.000000000Z" + kept,
				"info reordered f: lines out of order: 1, by 1 s at most; they were put in order"}},
		{"too little memory", Holding{Start: DefaultWindow, Bytes: 3 * perLine},
			[]string{"02 b", "03 c", "04 d", "01 a"}, []string{"02 b", "03 c", "01 a", "04 d"},
			[]string{"f:4: unsorted: time 2026-11-23T12:00:01.000000000Z comes after 2026-11-23T12:00:04.000000000Z" + kept}},
		{"the clock is set back", file, mixed, back,
			[]string{fmt.Sprintf(stepped, 11, "49.000", "59", "10"),
				"info reordered f: lines out of order: 1, by 1 s at most; they were put in order"}},
		{"a step shortly before the end", file, back[:12], back[:12],
			[]string{fmt.Sprintf(stepped, 11, "49.000", "59", "10")}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			// One input: Merge tells nothing that has been told.
			got, errs := passed(Merge(Reorder(record.Read(strings.NewReader(stream(c.in...)), "f"), c.holding)))
			if diff := gocmp.Diff(stream(c.want...), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := gocmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// Disorder within the window gives what a stable sort by time gives.
func TestReorderIsStableSort(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var lines []record.Line
		s := 0.0
		for i := range 1 + r.IntN(2000) {
			s += float64(r.IntN(4)) * 0.01
			l := record.Line{Raw: fmt.Appendf(nil, "%d", i), File: "f", Number: i + 1}
			l.Time = at(s - float64(r.IntN(5))*r.Float64()) // up to 4 s late
			lines = append(lines, l)
		}
		want := slices.Clone(lines)
		slices.SortStableFunc(want, func(a, b record.Line) int { return cmp.Compare(a.Time, b.Time) })
		got, errs := passed(Reorder(seq(lines), Holding{Start: DefaultWindow}))
		if diff := gocmp.Diff(text(want), got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		for _, e := range errs {
			if !strings.HasPrefix(e, "info reordered") {
				t.Errorf("seed %d: %s", seed, e)
			}
		}
	}
}

// Whatever the disorder, every line comes out once.
func TestReorderKeepsAll(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var lines []record.Line
		for i := range r.IntN(300) {
			l := record.Line{Raw: fmt.Appendf(nil, "%d", i), File: "f", Number: i + 1}
			l.Time = at(float64(r.IntN(1 + r.IntN(60))))
			if r.IntN(40) == 0 {
				l.Time = []record.Time{never, ever}[r.IntN(2)]
			}
			lines = append(lines, l)
		}
		h := Holding{Start: time.Duration(r.IntN(3)) * time.Second, Window: time.Duration(1+r.IntN(9)) * time.Second, Bytes: r.IntN(40 * perLine)}
		out, _ := passed(Reorder(seq(lines), h))
		got := strings.Fields(out)
		want := strings.Fields(text(lines))
		slices.Sort(got)
		slices.Sort(want)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// A sorted live stream is passed on line by line, and errors in between too.
func TestReorderLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		var out []string
		go func() {
			for l, err := range Reorder(record.Read(r, "f"), Holding{}) {
				if err != nil {
					out = append(out, "error")
					continue
				}
				out = append(out, string(l.Raw[len(l.Raw)-3:]))
			}
		}()
		for i, c := range []struct {
			why, in string
			want    []string
		}{
			{"at once", stream("01 a"), []string{`a"}`}},
			{"equal times too", stream("01 b"), []string{`a"}`, `b"}`}},
			{"an error", "nonsense\n", []string{`a"}`, `b"}`, "error"}},
			{"a gap changes nothing", stream("40 c"), []string{`a"}`, `b"}`, "error", `c"}`}},
			{"out of order: told, and passed on", stream("39 d"), []string{`a"}`, `b"}`, "error", `c"}`, "error", `d"}`}},
			{"held from then on", stream("41 e"), []string{`a"}`, `b"}`, "error", `c"}`, "error", `d"}`}},
			{"until the window has passed", stream("46 f"), []string{`a"}`, `b"}`, "error", `c"}`, "error", `d"}`, `e"}`}},
		} {
			if _, err := io.WriteString(w, c.in); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if diff := gocmp.Diff(c.want, out); diff != "" {
				t.Fatalf("%d, %s (-want +got):\n%s", i, c.why, diff)
			}
		}
		w.Close()
		synctest.Wait()
	})
}

// Lines that keep a large block alive are copied or let go, whatever their times.
func TestReorderMemory(t *testing.T) {
	t.Parallel()
	held, most := 0, 0
	in := func(yield func(record.Line, error) bool) {
		for i := range 50_000 {
			block := make([]byte, 4096)
			l := record.Line{Raw: block[:100:100], File: "f", Number: i}
			l.Time = at(float64(i) * 1e-3)
			if i%10 == 0 {
				l.Time = at(1e6 - float64(i)) // from the future, and ever less so
			}
			held++
			most = max(most, held)
			if !yield(l, nil) {
				return
			}
		}
	}
	for _, err := range Reorder(in, Holding{Start: DefaultWindow, Bytes: 1 << 20}) {
		if err == nil {
			held--
		}
	}
	if held != 0 || most > 2<<20/(100+perLine) {
		t.Errorf("%d lines were held at most, %d at the end", most, held)
	}
}

func TestStepNoted(t *testing.T) {
	t.Parallel()
	by := 2.5
	n := &record.Note{Run: "A", Level: record.Warning, Code: ClockStep, Message: "the wall clock was set", Seconds: &by}
	n.Time = at(3)
	other := &record.Note{Run: "A", Level: record.Info, Code: "other", Message: "no clock-step at all"}
	other.Time = at(4)
	_, errs := passed(Reorder(seq([]record.Line{line(t, n), line(t, other)}), Holding{}))
	want := []string{"warning clock-step test:1: the producer notes that its clock was set by +2.500 s; its lines go by the clock as it was at its start; if it is right since then, --offset test=+2.500s sets this file right"}
	if diff := gocmp.Diff(want, errs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
