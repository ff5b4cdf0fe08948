package record

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTimeText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want string // "" for an error
	}{
		{"2026-11-23T12:00:00.000000000Z", "2026-11-23T12:00:00.000000000Z"},
		{"2026-11-23T12:00:00.123456789Z", "2026-11-23T12:00:00.123456789Z"},
		{"2024-02-29T23:59:59.999999999Z", "2024-02-29T23:59:59.999999999Z"},
		{"1969-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.000000001Z"},
		{"2026-11-23T12:00:00Z", "2026-11-23T12:00:00.000000000Z"},
		{"2026-11-23T13:00:00.5+01:00", "2026-11-23T12:00:00.500000000Z"},
		{"2023-02-29T00:00:00.000000000Z", ""},
		{"2026-13-01T00:00:00.000000000Z", ""},
		{"2026-11-23T24:00:00.000000000Z", ""},
		{"2026-11-23 12:00:00.000000000Z", ""},
		{"2026-11-23T12:00:00.00000000xZ", ""},
		{"0001-01-01T00:00:00.000000000Z", ""},
		{"9999-01-01T00:00:00.000000000Z", ""},
		{"", ""},
	} {
		got, err := ParseTime(c.text)
		switch {
		case c.want == "" && err == nil:
			t.Errorf("ParseTime(%q) = %v, want an error", c.text, got)
		case c.want != "" && (err != nil || got.String() != c.want):
			t.Errorf("ParseTime(%q) = %v, %v; want %s", c.text, got, err, c.want)
		}
	}
}

// The fast path agrees with the time package on every day of 600 years.
func TestParseFixedAgreesWithTheTimePackage(t *testing.T) {
	t.Parallel()
	for d := time.Date(1678, 1, 1, 3, 4, 5, 6, time.UTC); d.Year() < 2262; d = d.AddDate(0, 0, 1) {
		s := d.Format(layout)
		got, ok := parseFixed(s)
		if !ok || got != At(d) {
			t.Fatalf("parseFixed(%q) = %d, %v; want %d", s, got, ok, At(d))
		}
	}
}

func TestTimeArithmetic(t *testing.T) {
	t.Parallel()
	a := At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if b := a.Add(1.9337); b.Sub(a) != 1.9337 || b.String() != "2026-11-23T12:00:01.933700000Z" {
		t.Errorf("1.9337 s later: %v, which is %v s", b, b.Sub(a))
	}
	if b := a.Add(-0.000000001); b != a-1 {
		t.Errorf("a nanosecond before: %v", b)
	}
}

// A step of the wall clock does not reach a running Clock, whose instants are
// one wall-clock reading and monotonic time from there.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := StartClock()
		first := c.Now()
		time.Sleep(90 * time.Minute)
		if got := c.Now().Sub(first); got != 5400 {
			t.Errorf("90 minutes later it is %v s later", got)
		}
		if now := time.Now(); c.At(now) != At(now) {
			t.Errorf("At gives %v for %v", c.At(now), now)
		}
	})
}

func TestNewRunID(t *testing.T) {
	t.Parallel()
	early, late := NewRunID(At(time.UnixMilli(1e12))), NewRunID(At(time.UnixMilli(1e12+1)))
	if len(early) != 26 || early >= late {
		t.Errorf("ids %q and %q are not 26 letters each in the order of time", early, late)
	}
	if again := NewRunID(At(time.UnixMilli(1e12))); again == early || again[:10] != early[:10] {
		t.Errorf("ids %q and %q of one instant: want the same ten letters and then others", early, again)
	}
	// The first ten letters are the milliseconds, 5 bits each.
	if want := "00X3AAA400"; early[:10] != want {
		t.Errorf("id %q of 1e12 ms does not begin with %s", early, want)
	}
}

// What parseFixed takes is the canonical form of the instant that the time
// package reads from it, and it takes all of them.
func FuzzParseFixed(f *testing.F) {
	f.Add("2026-11-23T12:00:00.123456789Z")
	f.Add("2024-02-29T23:59:59.99999999:Z")
	f.Add("2026-11-23T1/:00:00.000000000Z")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseFixed(s)
		if again, too := parseFixed([]byte(s)); again != got || too != ok {
			t.Errorf("parseFixed(%q) = %v, %v of a string, and %v, %v of bytes", s, got, ok, again, too)
		}
		want, err := time.Parse(layout, s)
		fits := err == nil && want.Format(layout) == s && want.Year() >= 1678 && want.Year() <= 2261
		if ok != fits || ok && got != At(want) {
			t.Errorf("parseFixed(%q) = %v, %v; time.Parse gives %v, %v", s, got, ok, want, err)
		}
	})
}

func BenchmarkParseFixed(b *testing.B) {
	s := []byte("2026-11-23T12:00:00.123456789Z")
	for b.Loop() {
		if _, ok := parseFixed(s); !ok {
			b.Fatal("no instant")
		}
	}
}
