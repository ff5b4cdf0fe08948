package cli

import (
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"
)

func TestInstant(t *testing.T) {
	t.Parallel()
	noon := record.At(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		why, in string
		want    record.Time
		err     string
	}{
		{"the present", "now", noon, ""},
		{"hours ago", "2h", noon.Add(-7200), ""},
		{"several units", "1h30m", noon.Add(-5400), ""},
		{"days ago", "7d", noon.Add(-7 * 86400), ""},
		{"an instant of another zone", "2026-11-25T12:00:00+01:00", noon.Add(-3600), ""},
		{"an instant of the records", noon.String(), noon, ""},
		{"seconds since the epoch", "1795608000", noon, ""},
		{"fractions of them", "1795608000.25", noon.Add(0.25), ""},
		{"milliseconds", "1795608000000", 0, "too small or too large for seconds since the epoch"},
		{"a time without a unit", "3600", 0, "a time ago has a unit"},
		{"the future", "-2h", 0, "is neither a time ago"},
		{"a word", "yesterday", 0, "is neither a time ago"},
		{"nothing", "", 0, "is neither a time ago"},
		{"not a number", "NaN", 0, "too small or too large"},
	} {
		var i Instant
		err := i.Set(c.in)
		if err != nil || c.err != "" {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %q gives %v, want %s", c.why, c.in, err, c.err)
			}
			continue
		}
		if got := i.When(noon); got != c.want {
			t.Errorf("%s: %q is %v, want %v", c.why, c.in, got, c.want)
		}
	}
}

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"now", "2h", "7d", "1795608000.25", "2026-11-25T12:00:00Z", "-1h", "1e9"} {
		f.Add(s)
	}
	const now = record.Time(1795608000e9)
	f.Fuzz(func(t *testing.T, in string) {
		var i Instant
		if i.Set(in) != nil {
			return
		}
		if i.ago < 0 {
			t.Fatalf("%q lies in the future", in)
		}
		if i.String() != in {
			t.Fatalf("%q has the text %q", in, i.String())
		}
		i.When(now)
	})
}
