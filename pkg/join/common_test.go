package join

import (
	"fmt"
	"testing"

	"aiperf/pkg/record"
)

// Texts come out as they are, however many there are and whatever was seen
// before them.
func TestCommonTexts(t *testing.T) {
	t.Parallel()
	check := func(why, value, want string, ok bool) {
		t.Helper()
		p := pick{}
		got := "unset"
		if !ok {
			want = "unset"
		}
		if p.text("k", record.Value(value), &got); got != want || (p.err == nil) != ok {
			t.Errorf("%s: text of %s is %q, %v", why, value, got, p.err)
		}
	}
	for range 2 {
		for i := range 2000 {
			check("many texts", fmt.Sprintf(`"node%d"`, i), fmt.Sprintf("node%d", i), true)
		}
		check("the text of an escape", `"\u0061"`, "a", true)
		check("a text that looks like another's escape", `"\\u0061"`, `\u0061`, true)
		check("no text, after one of the same inside", `"true"`, "true", true)
		check("no text, after one of the same inside", `(true)`, "", false)
		check("an empty text", `""`, "", true)
		check("bytes that are not UTF-8", "\"\xff\"", "\ufffd", true)
		check("the character that stands for them", "\"\ufffd\"", "\ufffd", true)
	}
}

func BenchmarkReadGPU(b *testing.B) {
	_, gpus := load(b, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := readGPU(gpus[i%len(gpus)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMention(b *testing.B) {
	requests, _ := load(b, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := mentionOf(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
	}
}
