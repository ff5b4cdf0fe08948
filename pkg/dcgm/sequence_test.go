package dcgm

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// mutate changes a page as exporters do, and as nobody would: other numbers,
// other values, lines that come, go, move, repeat and break, a page cut short.
func mutate(r *rand.Rand, b []byte) []byte {
	lines := slices.Collect(bytes.Lines(b))
	if len(lines) == 0 {
		return b
	}
	line := func() int { return r.IntN(len(lines)) }
	for range r.IntN(4) {
		i := line()
		l := bytes.TrimSuffix(lines[i], []byte{'\n'})
		value := bytes.LastIndexByte(l, ' ') + 1
		switch r.IntN(12) {
		case 0:
			return next(bytes.Join(lines, nil), r.IntN(10))
		case 1, 2:
			lines[i] = append(slices.Clone(l[:value]), someValues[r.IntN(len(someValues))]+"\n"...)
		case 3:
			if lines = slices.Delete(lines, i, i+1); len(lines) == 0 {
				return nil
			}
		case 4:
			lines = slices.Insert(lines, i, lines[line()])
		case 5:
			j := line()
			lines[i], lines[j] = lines[j], lines[i]
		case 6:
			j := line()
			lines = append(slices.Clone(lines[j:]), lines[:j]...)
		case 7:
			lines[i] = bytes.Replace(lines[i], []byte(`gpu="0"`), []byte(`gpu="0",pod="p"`), 1)
		case 8:
			lines[i] = bytes.Replace(lines[i], []byte(`gpu="1"`), []byte(`gpu="1",GPU_I_ID="7"`), 1)
		case 9:
			lines[i] = bytes.ToUpper(lines[i])
		case 10:
			at := r.IntN(len(lines[i]))
			lines[i] = slices.Concat(lines[i][:at], []byte{"\"{}=, \n1x\\#"[r.IntN(11)]}, lines[i][at:])
		case 11:
			page := bytes.Join(lines, nil)
			return page[:r.IntN(len(page)+1)]
		}
	}
	return bytes.Join(lines, nil)
}

var someValues = []string{"0", "-0", "1", "66", "NaN", "+Inf", "ERROR - FAILED", "9223372036854775794", "1e22", "1.5e-7", "4.55497156e+08",
	"9007199254740993", "0.1", "123456789012345678901", "1 1795437373934", "", "1_0", "0x1p4", ".5", "5.", "1e400", "2147483632"}

// sequence checks that a Parser says of each page what Parse does, and of
// repeats what a comparison does.
func sequence(t *testing.T, pages [][]byte) {
	t.Helper()
	var p Parser
	var before []record.GPU
	had := false
	for i, b := range pages {
		got, gotErr := p.Parse(b)
		want, wantErr := Parse(b)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("page %d: error %v, want %v\n%q", i, gotErr, wantErr, b)
		}
		if gotErr == nil {
			if repeat := had && Same(before, want.GPUs); got.Repeat != repeat {
				t.Fatalf("page %d: repeat %v, want %v\n%q", i, got.Repeat, repeat, b)
			}
			before, had = want.GPUs, true
		}
		got.Repeat = false
		if reflect.DeepEqual(want, got) {
			agree(t, b)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("page %d (-Parse +Parser):\n%s\n%q", i, diff, b)
		}
	}
}

func TestSequences(t *testing.T) {
	t.Parallel()
	for _, name := range pages(t) {
		b := page(t, name)
		r := rand.New(rand.NewPCG(1, uint64(len(b))))
		sequence(t, [][]byte{b, b, next(b, 1), rotate(b, 3), next(b, 2), mutate(r, b), b, nil, b, []byte("<html>\n"), b})
	}
	r := rand.New(rand.NewPCG(2, 3))
	b := page(t, "bad-value")
	var list [][]byte
	for range 300 {
		list = append(list, b)
		if b = mutate(r, b); len(b) > 20_000 || r.IntN(20) == 0 {
			b = page(t, "bad-value")
		}
	}
	sequence(t, list)
}

// some is a tenth of the lines of a page, from all over it.
func some(b []byte) (out []byte) {
	i := 0
	for l := range bytes.Lines(b) {
		if i++; i%10 < 2 && len(out) < 4_000 {
			out = append(out, l...)
		}
	}
	return out
}

// FuzzSequence mutates a page between calls.
func FuzzSequence(f *testing.F) {
	for i, name := range pages(f) {
		f.Add(some(page(f, name)), uint64(i))
	}
	f.Add([]byte(sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "1")+sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "7", `pod="x"`)), uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		if len(b) > 8_000 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		list := [][]byte{b}
		for range 6 {
			switch r.IntN(4) {
			case 0:
				list = append(list, list[r.IntN(len(list))])
			default:
				list = append(list, mutate(r, list[len(list)-1]))
			}
		}
		sequence(t, list)
	})
}

// TestForgets: a Parser of a source whose lines change for ever does not grow.
func TestForgets(t *testing.T) {
	t.Parallel()
	var p Parser
	for i := range 3000 {
		pod := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		for _, b := range []string{sample("DCGM_FI_DEV_GPU_TEMP", "36", `pod="`+pod+`"`), "x" + pod + " y\n"} {
			_, _ = p.Parse([]byte(b))
		}
	}
	if len(p.lines) > 300 {
		t.Errorf("%d lines are remembered", len(p.lines))
	}
}

// TestRecycle: what is given back is used again, and what is not stays as it
// was.
func TestRecycle(t *testing.T) {
	t.Parallel()
	var p Parser
	b := page(t, "template")
	kept, err := p.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Parse(b)
	for i := range 3 {
		given, err := p.Parse(next(b, i+1))
		if err != nil {
			t.Fatal(err)
		}
		p.Recycle(&given)
		if given.GPUs != nil {
			t.Error("readings that were given back are still there")
		}
	}
	if diff := cmp.Diff(want.GPUs, kept.GPUs); diff != "" {
		t.Errorf("readings that were kept changed (-want +got):\n%s", diff)
	}
	got, _ := p.Parse(b)
	if diff := cmp.Diff(want.GPUs, got.GPUs); diff != "" {
		t.Errorf("readings in used maps (-want +got):\n%s", diff)
	}
}

// TestAllocations is the promise of a page's cost; its time is for benchmarks.
func TestAllocations(t *testing.T) {
	for _, name := range []string{"template", "expfmt"} {
		b := [][]byte{page(t, name), next(page(t, name), 1)}
		var p Parser
		n := 0
		got := testing.AllocsPerRun(50, func() {
			if _, err := p.Parse(b[n%2]); err != nil {
				t.Fatal(err)
			}
			n++
		})
		if got > 50 {
			t.Errorf("%s: %v allocations a page", name, got)
		}
	}
}
