package cli

import (
	"math"
	"testing"
	"time"
)

func TestSeconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"333ms": 333 * time.Millisecond, "2m": 2 * time.Minute, "1.5": 1500 * time.Millisecond,
		"0": 0, "10": 10 * time.Second, ".25": 250 * time.Millisecond, "1e-3": time.Millisecond,
	} {
		var s Seconds
		if err := s.Set(text); err != nil || time.Duration(s) != want {
			t.Errorf("%q: %v, %v; want %v", text, time.Duration(s), err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "-5s", "NaN", "Inf", "1e300", "1 s"} {
		s := Seconds(math.MaxInt64)
		if err := s.Set(text); err == nil || s != math.MaxInt64 {
			t.Errorf("%q was taken as %v", text, time.Duration(s))
		}
	}
}
