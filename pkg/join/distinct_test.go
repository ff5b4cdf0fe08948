package join

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestDistinct(t *testing.T) {
	t.Parallel()
	const request = `{"time":"2026-11-23T12:00:01.000000000Z","type":"request","v":1,"id":"%d"%s}` + "\n"
	ask := func(id int, more string) string { return fmt.Sprintf(request, id, more) }
	note := func(words ...string) string {
		return strings.ReplaceAll(stream(words...), `"type":"x"`, `"type":"note"`)
	}
	var many, backwards strings.Builder
	for i := range 100 {
		many.WriteString(ask(i, ""))
		backwards.WriteString(ask(99-i, `,"gpu":{"energy":1}`))
	}
	for _, c := range []struct {
		why, in, want string
		again         int
	}{
		{"nothing", "", "", 0},
		{"no two", note("01 a", "01 b", "02 a"), note("01 a", "01 b", "02 a"), 0},
		{"of an unknown type", stream("01 a", "01 a"), stream("01 a", "01 a"), 0},
		{"neighbours", note("01 a", "01 a", "02 b", "02 b", "02 b"), note("01 a", "02 b"), 3},
		{"not neighbours, as in a file whose equal times are not in the order of bytes", note("01 b", "01 a", "01 b", "01 a"), note("01 b", "01 a"), 2},
		{"at another instant", note("01 a", "02 b", "01 a"), note("01 a", "02 b", "01 a"), 0},
		{"a request that was merged before", ask(1, `,"gpu":{"energy":1}`) + ask(1, ""), ask(1, `,"gpu":{"energy":1}`), 1},
		{"a request that was merged with a server's metrics", ask(1, `,"server":{"running":1},"gpu":{"energy":1}`) + ask(1, ""), ask(1, `,"server":{"running":1},"gpu":{"energy":1}`), 1},
		{"with a server's metrics alone, behind the plain one", ask(1, "") + ask(1, `,"server":{"running":1}`), ask(1, ""), 1},
		{"merged with others", ask(1, `,"gpu":{"energy":1}`) + ask(1, `,"gpu":{"energy":2}`), ask(1, `,"gpu":{"energy":1}`), 1},
		{"another request", ask(1, `,"gpu":{"energy":1}`) + ask(1, `,"took":1`), ask(1, `,"gpu":{"energy":1}`) + ask(1, `,"took":1`), 0},
		{"many of one instant", many.String() + backwards.String() + note("02 a"), many.String() + note("02 a"), 100},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			got, errs := passed(Distinct(record.Read(strings.NewReader(c.in), "f")))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var want []string
			if c.again > 0 {
				want = []string{fmt.Sprintf("info duplicates lines that had come before: %d; they are left out, for the inputs overlap", c.again)}
			}
			if diff := cmp.Diff(want, errs); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// Inputs that overlap in any way give what the whole gives, in any order of the
// inputs.
func TestDistinctOverlap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 6))
		m := makeRun(t, r)
		parts := make([][]record.Line, 2+r.IntN(6))
		for _, l := range m.lines {
			for i := range parts {
				if r.IntN(3) == 0 {
					parts[i] = append(parts[i], l)
				}
			}
			if first := &parts[0]; len(*first) == 0 || (*first)[len(*first)-1].Time != l.Time || !slices.Equal((*first)[len(*first)-1].Raw, l.Raw) {
				*first = append(*first, l)
			}
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var inputs []iter.Seq2[record.Line, error]
		for _, p := range parts {
			inputs = append(inputs, Reorder(seq(p), Holding{Start: DefaultWindow}))
		}
		got, _ := passed(Distinct(Merge(inputs...)))
		want, _ := passed(Distinct(seq(m.lines)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
