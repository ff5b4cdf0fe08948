package prompt

import (
	"math"
	"strings"
	"testing"
)

func TestParseMix(t *testing.T) {
	t.Parallel()
	two := Mix{{Lengths{256, 10}, Lengths{128, 5}, 40}, {Lengths{512, 0}, Lengths{256, 0}, 60}}
	for _, c := range []struct {
		s, err string
		want   Mix
	}{
		{s: "256|10,128|5:40;512,256:60", want: two},
		{s: " 256 | 10 , 128|5 : 40 ; 512,256:60; ", want: two},
		{s: "[(256|10,128|5):40,(512,256):60]", want: two},
		{s: "[ (256|10,128|5) : 40 , (512,256):60 ]", want: two},
		{s: `{"pairs":[{"isl":256,"isl_stddev":10,"osl":128,"osl_stddev":5,"prob":40},{"isl":512,"osl":256,"prob":60}]}`, want: two},
		{s: "256|10,128|5:0.4;512,256:0.6", want: two},
		{s: "1,2:100", want: Mix{{Lengths{Mean: 1}, Lengths{Mean: 2}, 100}}},
		{s: "1,2:33.3333;1,2:33.3333;1,2:33.3334", want: Mix{{Lengths{Mean: 1}, Lengths{Mean: 2}, 33.3333}, {Lengths{Mean: 1}, Lengths{Mean: 2}, 33.3333}, {Lengths{Mean: 1}, Lengths{Mean: 2}, 33.3334}}},

		{s: "", err: "sequence distribution is empty"},
		{s: "256,128:40;512,256:50", err: "sequence distribution has shares that sum to 90, want percentages that sum to 100 (or fractions that sum to 1)"},
		{s: "256,128:40;512;x", err: `sequence distribution pair 2 "512": has no share: want "ISL,OSL:percent"`},
		{s: "256:40", err: `sequence distribution pair 1 "256:40": has no output length: want "ISL,OSL:percent"`},
		{s: "256,12x:100", err: `sequence distribution pair 1 "256,12x:100": "12x" is not a number`},
		{s: "1|y,2:100", err: `sequence distribution pair 1 "1|y,2:100": "y" is not a number`},
		{s: "1,NaN:100", err: `sequence distribution pair 1 "1,NaN:100": "NaN" is not a number`},
		{s: "0,2:100", err: `sequence distribution pair 1 "0,2:100": input length: a mean of 0, want more than 0 and no more than 16777216`},
		{s: "1,2|-3:100", err: `sequence distribution pair 1 "1,2|-3:100": output length: a standard deviation of -3, want 0 to 16777216`},
		{s: "1,2:-1;1,2:101", err: `sequence distribution pair 1 "1,2:-1": a share of -1, want 0 to 100`},
		{s: "[(1,2):100", err: `sequence distribution starts with "[" but does not end with "]"`},
		{s: "[(1,2):50,1,2:50]", err: `sequence distribution pair 2 "1,2:50": want "(ISL,OSL):percent"`},
		{s: "[]", err: `sequence distribution pair 1 "": want "(ISL,OSL):percent"`},
		{s: `{"pairs":[]}`, err: "sequence distribution has no pairs"},
		{s: `{"pairs":[{"isl":1,"prob":100}]}`, err: `sequence distribution pair 1: has no "osl"`},
		{s: `{"pairs":[{"isl":"1"}]}`, err: `sequence distribution is not what it should be: json: cannot unmarshal string into Go struct field .pairs.isl of type float64`},
	} {
		got, err := ParseMix(c.s)
		if err != nil != (c.err != "") || err != nil && err.Error() != c.err {
			t.Errorf("ParseMix(%q): error %v, want %s", c.s, err, c.err)
		}
		diff(t, c.s, c.want, got)
	}
}

func TestMixIsDrawnByShare(t *testing.T) {
	t.Parallel()
	m, err := ParseMix("100|10,20|2:30;1000,200:70")
	if err != nil {
		t.Fatal(err)
	}
	var short, out []float64
	const n = 4000
	for _, c := range must(t, n, Synthetic{Mix: m}.Source(words{})) {
		if in := c.Turns[0].In; in != 1000 {
			short = append(short, float64(in))
			out = append(out, float64(*c.Turns[0].Out))
		} else if *c.Turns[0].Out != 200 {
			t.Fatal("input and output are of two pairs")
		}
	}
	if len(short) < 1084 || len(short) > 1316 { // 1200 ± 4 standard deviations
		t.Errorf("%d of %d are short, want some 1200", len(short), n)
	}
	if mean, sd := moments(short); math.Abs(mean-100) > 1.2 || math.Abs(sd-10) > 0.9 {
		t.Errorf("input has mean %.2f and deviation %.2f, want 100 and 10", mean, sd)
	}
	if mean, _ := moments(out); math.Abs(mean-20) > 0.25 {
		t.Errorf("output has mean %.2f, want 20", mean)
	}
}

func FuzzParseMix(f *testing.F) {
	for _, s := range []string{"256|10,128|5:40;512,256:60", "[(256|10,128|5):40,(512,256):60]", `{"pairs":[{"isl":1,"osl":2,"prob":1}]}`, "[(", "1,2:1e2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMix(s)
		if err != nil {
			if m != nil || !strings.HasPrefix(err.Error(), "sequence distribution ") {
				t.Fatalf("%v beside error %v", m, err)
			}
			return
		}
		again, err := ParseMix(m.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", s, m, err)
		}
		diff(t, s, m, again)
		if in, out := m.draw(numbers(1, 0, 0)); in < 1 || out < 1 || in > maxTokens || out > maxTokens {
			t.Fatalf("%q draws %d and %d", s, in, out)
		}
	})
}

func TestModels(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	m := Models{Names: names}
	for i, want := range []string{"a", "b", "c", "a"} {
		diff(t, "round robin", want, m.Pick(i))
	}
	for _, c := range []struct {
		m    Models
		want [3]float64
	}{
		{Models{Names: names, Strategy: "random", Seed: 3}, [3]float64{1. / 3, 1. / 3, 1. / 3}},
		{Models{Names: names, Strategy: "weighted", Weights: []float64{1, 0, 4}}, [3]float64{0.2, 0, 0.8}},
		{Models{Names: names, Strategy: "weighted", Weights: []float64{1e-9, 2e-9, 1e-9}}, [3]float64{0.25, 0.5, 0.25}},
	} {
		if err := c.m.Check(); err != nil {
			t.Fatal(err)
		}
		const n = 8000
		count := make(map[string]int)
		for i := range n {
			if got := c.m.Pick(i); got != c.m.Pick(i) {
				t.Fatal("one request has two models")
			}
			count[c.m.Pick(i)]++
		}
		for k, name := range names {
			if got := float64(count[name]) / n; math.Abs(got-c.want[k]) > 0.023 || c.want[k] == 0 && got > 0 {
				t.Errorf("%+v: %s has %.3f of the requests, want %.3f", c.m, name, got, c.want[k])
			}
		}
	}
	diff(t, "none", "", Models{}.Pick(1))
	diff(t, "at the end", "b", Models{Names: names, Weights: []float64{1, 2, 0}}.weighted(1))
	for why, m := range map[string]Models{
		"no names":         {},
		"unknown strategy": {Names: names, Strategy: "best"},
		"too few weights":  {Names: names, Strategy: "weighted", Weights: []float64{1}},
		"negative weight":  {Names: names, Strategy: "weighted", Weights: []float64{1, -1, 1}},
		"not a number":     {Names: names, Strategy: "weighted", Weights: []float64{1, math.NaN(), 1}},
		"weights of 0":     {Names: names, Strategy: "weighted", Weights: []float64{0, 0, 0}},
	} {
		if m.Check() == nil {
			t.Errorf("%s: no error", why)
		}
		m.Pick(5) // does not panic
	}
}
