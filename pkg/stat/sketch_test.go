package stat

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// held checks a sketch against the values that were added to it.
func held(t *testing.T, s *Sketch, x []float64) {
	t.Helper()
	x = slices.Sorted(slices.Values(x))
	got, want := s.Summary(Sample), Summarize(x, Sample)
	if got.N != want.N || got.Min != want.Min || got.Max != want.Max {
		t.Fatalf("%+v, want %+v", got, want)
	}
	size := max(math.Abs(want.Min), math.Abs(want.Max))
	if math.Abs(got.Mean-want.Mean) > 1e-12*size || math.Abs(got.Std-want.Std) > 1e-6*size {
		t.Fatalf("the mean is %v ± %v, want %v ± %v", got.Mean, got.Std, want.Mean, want.Std)
	}
	for q := 0.0; q <= 1; q += 1.0 / 64 {
		exact := Quantile(x, q)
		h := q * float64(len(x)-1)
		room := s.Error() * max(math.Abs(x[int(h)]), math.Abs(x[int(math.Ceil(h))])) * (1 + 1e-9)
		if exact > 0 && x[int(h)] > 0 {
			room = s.Error() * exact * (1 + 1e-9)
		}
		if d := math.Abs(s.Quantile(q) - exact); !(d <= room) {
			t.Fatalf("the %v quantile of %d values is %v, want %v ± %v", q, len(x), s.Quantile(q), exact, room)
		}
	}
}

func TestSketch(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"exponential": func() float64 { return rng.ExpFloat64() * 1e-3 },
		"heavy":       func() float64 { return math.Pow(rng.Float64(), -3) },
		"wide":        func() float64 { return math.Exp(rng.NormFloat64() * 100) },
		"both signs":  func() float64 { return rng.NormFloat64() * 1e6 },
		"whole":       func() float64 { return float64(rng.IntN(20)) },
		"equal":       func() float64 { return 0.1 },
		"negative":    func() float64 { return -1 - rng.Float64() },
	} {
		for _, err := range []float64{0.2, 0.05, 0.01, 0.001, 0.0002} {
			for _, n := range []int{1, 2, 3, 100, 5000} {
				s, bad := NewSketch(err)
				if bad != nil || s.Error() > err {
					t.Fatalf("an error of %v gives %v, %v", err, s, bad)
				}
				x := make([]float64, n)
				for i := range x {
					x[i] = draw()
					s.Add(x[i])
				}
				_ = name
				held(t, s, x)
			}
		}
	}
	if s, err := NewSketch(1e-5); err == nil {
		t.Errorf("an error of 1e-5 gives %v", s.Error())
	}
}

// Merged parts are the whole.
func TestSketchMerge(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var whole Sketch
	var x []float64
	for part := range 5 {
		var s Sketch
		for range part * 1000 {
			v := rng.NormFloat64() + float64(part)
			x = append(x, v)
			s.Add(v)
		}
		if err := whole.Merge(&s); err != nil {
			t.Fatal(err)
		}
	}
	held(t, &whole, x)
	fine, err := NewSketch(0.001)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Merge(fine) == nil {
		t.Error("sketches of different errors were merged")
	}
}

func TestSketchEmpty(t *testing.T) {
	t.Parallel()
	var s Sketch
	s.Add(math.NaN())
	s.Add(math.Inf(1))
	if s.Len() != 0 || !math.IsNaN(s.Quantile(0.5)) || s.Summary(Sample).N != 0 || s.Bytes() != 0 {
		t.Errorf("%+v", s)
	}
}

// Whatever is added, memory is bounded, and the quantiles of numbers that are not
// next to nothing are within the error.
func FuzzSketch(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\xf0\xbf"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xef\x7f\x01\x00\x00\x00\x00\x00\x00\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sketch
		var x []float64
		for ; len(b) >= 8; b = b[8:] {
			v := math.Float64frombits(binary.LittleEndian.Uint64(b))
			s.Add(v)
			if v-v == 0 && (v == 0 || math.Abs(v) > 1e-100 && math.Abs(v) < 1e100) {
				x = append(x, v)
			}
		}
		if s.Bytes() > 3<<20 {
			t.Fatalf("%d bytes", s.Bytes())
		}
		for q := 0.0; q <= 1; q += 0.1 {
			if v := s.Quantile(q); s.Len() > 0 && (!(v >= s.min) || !(v <= s.max)) && s.max-s.min < math.MaxFloat64 {
				t.Fatalf("the %v quantile is %v, from %v to %v", q, v, s.min, s.max)
			}
		}
		if len(x) > 0 && len(x) == s.Len() {
			held(t, &s, x)
		}
	})
}

// go test -bench Sketch ./pkg/stat
func BenchmarkSketch(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 1<<16)
	for i := range x {
		x[i] = rng.ExpFloat64()
	}
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		var s Sketch
		for i := 0; b.Loop(); i++ {
			s.Add(x[i%len(x)])
		}
		b.ReportMetric(float64(s.Bytes()), "B")
	})
	b.Run("summary", func(b *testing.B) {
		b.ReportAllocs()
		var s Sketch
		for _, v := range x {
			s.Add(v)
		}
		for b.Loop() {
			s.Summary(Population)
		}
	})
}
