package join

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// stream makes a line of the given second, with a word to tell it by.
func stream(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		second, word, _ := strings.Cut(w, " ")
		fmt.Fprintf(&b, `{"time":"2026-11-23T12:00:%s.000000000Z","type":"x","v":1,"word":%q}`+"\n", second, word)
	}
	return b.String()
}

func merged(inputs ...iter.Seq2[record.Line, error]) (out string, errs []error) {
	var b strings.Builder
	for l, err := range Merge(inputs...) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.Write(l.Raw)
		b.WriteByte('\n')
	}
	return b.String(), errs
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		in     []string
		want   string
		errors []string
	}{
		{"none", nil, "", nil},
		{"one", []string{stream("01 a", "02 b")}, stream("01 a", "02 b"), nil},
		{"two", []string{stream("01 a", "03 c"), stream("02 b", "04 d")}, stream("01 a", "02 b", "03 c", "04 d"), nil},
		{"empty ones", []string{"", stream("01 a"), "\n\n"}, stream("01 a"), nil},
		{"equal times by bytes", []string{stream("01 b", "01 d"), stream("01 a", "01 c")}, stream("01 a", "01 b", "01 c", "01 d"), nil},
		{"equal lines both", []string{stream("01 a"), stream("01 a")}, stream("01 a", "01 a"), nil},
		{"no newline at the end", []string{strings.TrimSuffix(stream("01 a"), "\n"), stream("02 b")}, stream("01 a", "02 b"), nil},
		{"bad line", []string{stream("01 a") + "nonsense\n" + stream("03 c"), stream("02 b")}, stream("01 a", "02 b", "03 c"),
			[]string{`0:2: not JSON: "nonsense"`}},
		{"half a line", []string{stream("01 a") + `{"time":"2026`, stream("02 b")}, stream("01 a", "02 b"),
			[]string{`0:2: the stream breaks off in the middle of a line, which is skipped: "{\"time\":\"2026"`}},
		{"unsorted, told once", []string{stream("05 e", "01 a", "07 g", "06 f"), stream("02 b", "06 x")},
			stream("02 b", "05 e", "01 a", "06 x", "07 g", "06 f"),
			[]string{"0:2: unsorted: time 2026-11-23T12:00:01.000000000Z comes after 2026-11-23T12:00:05.000000000Z; every line is kept, but what is computed from their order may be wrong"}},
		{"unsorted alone", []string{stream("05 e", "01 a")}, stream("05 e", "01 a"),
			[]string{"0:2: unsorted: time 2026-11-23T12:00:01.000000000Z comes after 2026-11-23T12:00:05.000000000Z; every line is kept, but what is computed from their order may be wrong"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var inputs []iter.Seq2[record.Line, error]
			for i, s := range c.in {
				inputs = append(inputs, record.Read(strings.NewReader(s), fmt.Sprint(i)))
			}
			got, errs := merged(inputs...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var texts []string
			for _, err := range errs {
				texts = append(texts, err.Error())
			}
			if diff := cmp.Diff(c.errors, texts); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// An input that cannot be read any further does not take the others with it.
func TestMergeReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("device on fire")
	in := io.MultiReader(strings.NewReader(stream("01 a")), errReader{broken})
	got, errs := merged(record.Read(in, "bad"), record.Read(strings.NewReader(stream("02 b", "03 c")), "good"))
	if diff := cmp.Diff(stream("01 a", "02 b", "03 c"), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(errs) != 1 || !errors.Is(errs[0], broken) {
		t.Errorf("errors: %v", errs)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// The order of the inputs does not matter, nor how lines are spread over them.
func TestMergePermuted(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		m := makeRun(t, r)
		parts := make([][]record.Line, 1+r.IntN(9))
		for _, l := range m.lines {
			i := r.IntN(len(parts))
			parts[i] = append(parts[i], l)
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var inputs []iter.Seq2[record.Line, error]
		for _, p := range parts {
			inputs = append(inputs, seq(p))
		}
		got, errs := merged(inputs...)
		if diff := cmp.Diff(text(m.lines), got); diff != "" || errs != nil {
			t.Fatalf("seed %d: errors %v (-want +got):\n%s", seed, errs, diff)
		}
	}
}

// A line comes out as soon as every input has shown its next one, though
// nobody has ended; leaving the loop ends the readers.
func TestMergeLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ar, aw := io.Pipe()
		br, bw := io.Pipe()
		var out []string
		go func() {
			for l, err := range Merge(record.Read(ar, "a"), record.Read(br, "b")) {
				if err != nil {
					t.Error(err)
				}
				out = append(out, string(l.Raw[len(l.Raw)-3:]))
				if len(out) == 3 {
					break
				}
			}
			out = append(out, "left")
		}()
		say := func(w io.Writer, words ...string) {
			if _, err := io.WriteString(w, stream(words...)); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		say(aw, "01 a")
		if len(out) != 0 {
			t.Fatalf("%q came out before the other input showed anything", out)
		}
		say(bw, "02 b")
		if diff := cmp.Diff([]string{`a"}`}, out); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		say(aw, "03 c")
		if diff := cmp.Diff([]string{`a"}`, `b"}`}, out); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		say(bw, "04 d")
		aw.Close()
		bw.Close()
		synctest.Wait()
		if diff := cmp.Diff([]string{`a"}`, `b"}`, `c"}`, "left"}, out); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// One input that stands still does not stop the others from being read, but
// only by so much.
func TestMergeReadsAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idle, release := io.Pipe()
		taken := 0
		endless := func(yield func(record.Line, error) bool) {
			for ; yield(record.Line{Raw: make([]byte, 1000)}, nil); taken++ {
			}
		}
		go func() {
			for range Merge(endless, record.Read(idle, "idle")) {
				break
			}
		}()
		synctest.Wait()
		if taken < 500 || taken > 2000 {
			t.Errorf("%d lines of 1000 bytes were read ahead", taken)
		}
		release.Close()
		synctest.Wait()
	})
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(stream("01 a", "03 c")), []byte(stream("02 b")), []byte(""))
	f.Add([]byte(stream("05 a", "03 c")+"nonsense\n"), []byte(`{"type":"x","time":"2026-11-23T12:00:01Z"}`), []byte("{}\n[]\n\n1"))
	f.Add([]byte(`{"time":"2026-11-23T12:00:01.000000000Z","type":"gpu","v":1,"source":"s","uuid":"u","taken":"2026-11-23T12:00:01Z","fields":{"power_usage":1e300}}`),
		[]byte(`{"time":"2026-11-23T12:00:01.000000000Z","type":"begin","v":1,"run":"r","id":"1","phase":"profiling","start":"2026-11-23T12:00:01Z"}`),
		[]byte(`{"time":"2026-11-23T12:00:02.000000000Z","type":"request","v":1,"run":"r","id":"1","phase":"profiling","start":"2026-11-23T12:00:01Z","took":-1e18,"gpu":{}}`))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var want []string
		var inputs []iter.Seq2[record.Line, error]
		for _, in := range [][]byte{a, b, c} {
			for l, err := range record.Read(bytes.NewReader(in), "in") {
				if err == nil {
					want = append(want, string(l.Raw))
				}
			}
			inputs = append(inputs, record.Read(bytes.NewReader(in), "in"))
		}
		var got []string
		var lines []record.Line
		for l, err := range Merge(inputs...) {
			var bad *record.LineError
			switch {
			case err == nil:
				got, lines = append(got, string(l.Raw)), append(lines, l)
			case !errors.As(err, &bad):
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		// Attribute keeps the number of lines of every type but energy.
		n := 0
		for l, err := range Attribute(seq(lines), Options{}) {
			if err == nil && l.Type != record.TypeEnergy {
				n++
			}
		}
		for _, l := range lines {
			if l.Type != record.TypeEnergy {
				n--
			}
		}
		if n != 0 {
			t.Errorf("Attribute made %d lines more", n)
		}
	})
}
