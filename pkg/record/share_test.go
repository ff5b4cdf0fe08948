package record

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

// filled is a Share whose every key is there, so that a key which is new is
// not forgotten.
func filled(t testing.TB, x float64, s string, n int, truth bool) *Share {
	var share Share
	for i, v := 0, reflect.ValueOf(&share).Elem(); i < v.NumField(); i++ {
		switch f := v.Field(i).Addr().Interface().(type) {
		case **float64:
			y := x * float64(i+1)
			*f = &y
		case *string:
			*f = s
		case *int:
			*f = n
		case **int:
			*f = &n
		case *[]int:
			*f = []int{n, 79}[:min(max(n, 0), 2)]
		case *bool:
			*f = truth
		case **bool:
			*f = &truth
		default:
			t.Fatalf("a Share has a %T, which this test does not know", f)
		}
	}
	return &share
}

func checkShare(t *testing.T, s *Share) (handled bool) {
	t.Helper()
	want, err := json.Marshal(s)
	got, ok := s.appendJSON([]byte("x"))
	if ok && (err != nil || string(got) != "x"+string(want)) {
		t.Errorf("appendJSON gives\n%s, encoding/json\n%s %v", got[1:], want, err)
	}
	return ok
}

func TestShareAsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		share   *Share
		handled bool
	}{
		{"nothing is there", &Share{}, true},
		{"everything is there", filled(t, 12.125, "equal", 8, true), true},
		{"zeros that are there", filled(t, 0, "x", 0, false), true},
		{"a minus before zero", filled(t, math.Copysign(0, -1), "", 1, true), true},
		{"whole numbers", filled(t, 1.98e9, "equal", -1, true), true},
		{"whole numbers beyond 53 bits", filled(t, 1<<60, "equal", 1, true), true},
		{"numbers with an exponent", filled(t, 1e-9, "equal", 1, true), false},
		{"large numbers with an exponent", filled(t, 1e21, "equal", 1, true), false},
		{"no number", filled(t, math.NaN(), "equal", 1, true), false},
		{"what JSON must escape", filled(t, 1, `"`, 1, true), false},
		{"what encoding/json escapes for HTML", filled(t, 1, "<", 1, true), false},
		{"what is not ASCII", filled(t, 1, "\u2028", 1, true), false},
	} {
		if got := checkShare(t, c.share); got != c.handled {
			t.Errorf("%s: handled is %v", c.why, got)
		}
	}
}

func FuzzShareAsJSON(f *testing.F) {
	f.Add(1.5, "equal", 8, true)
	f.Add(1e-6, "a\x7f", 0, false)
	f.Add(-999999999999999868928.0, "&", -3, false)
	f.Fuzz(func(t *testing.T, x float64, s string, n int, truth bool) {
		checkShare(t, filled(t, x, s, n, truth))
		checkShare(t, &Share{Energy: &x, GPUs: n})
	})
}

func BenchmarkSplice(b *testing.B) {
	line := []byte(requestLine)
	energy, power, use, clock, no := 12.730512345, 341.207, 0.66, 1.98e9, false
	share := &Share{Energy: &energy, Share: "equal", GPUs: 8, Power: &power, Utilization: &use, SMClock: &clock, Throttled: &no}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Splice(line, "gpu", share); err != nil {
			b.Fatal(err)
		}
	}
}
