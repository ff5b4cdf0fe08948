package cli

import (
	"strings"
	"testing"
	"time"
)

func TestRotate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, in string
		want    Rotate
		err     string
	}{
		{"a time", "1h", Rotate{Every: time.Hour}, ""},
		{"days", "7d", Rotate{Every: 7 * 24 * time.Hour}, ""},
		{"a size", "100MB", Rotate{Size: 100e6}, ""},
		{"a binary size", "1.5MiB", Rotate{Size: 3 << 19}, ""},
		{"both", "1h30m, 64kB", Rotate{Every: 90 * time.Minute, Size: 64000}, ""},
		{"both, the size first", "10B,1s", Rotate{Every: time.Second, Size: 10}, ""},
		{"nothing", "", Rotate{}, `"" is neither a time such as 1h or 7d`},
		{"a mere number", "100", Rotate{}, `"100" is neither`},
		{"less than a second", "100ms", Rotate{}, `"100ms" is neither`},
		{"backwards", "-1h", Rotate{}, `"-1h" is neither`},
		{"a size of nothing", "0MB", Rotate{}, `"0MB" is neither`},
		{"too many bytes", "1e300TB", Rotate{}, "neither"},
		{"no number", "NaNMB", Rotate{}, "neither"},
		{"two times", "1h,2h", Rotate{}, `"1h,2h" has two of a kind`},
	} {
		var got Rotate
		err := got.Set(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q gives %+v, %v; want %+v, %s", c.why, c.in, got, err, c.want, c.err)
		}
	}
}

func FuzzRotate(f *testing.F) {
	for _, s := range []string{"1h", "7d", "100MB", "1h,1.5GiB", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var a, b Rotate
		if a.Set(in) != nil {
			return
		}
		if a.Every < 0 || a.Size < 0 || a == (Rotate{}) {
			t.Fatalf("%q gives %+v", in, a)
		}
		if err := b.Set(a.String()); err != nil || a != b {
			t.Fatalf("%q gives %+v, whose text %q gives %+v, %v", in, a, a.String(), b, err)
		}
	})
}

func TestRotateNext(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		u, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, c := range []struct {
		why, from string
		every     time.Duration
		want      string
	}{
		{"the next full hour", "2026-11-25T12:34:56.5Z", time.Hour, "2026-11-25T13:00:00Z"},
		{"on the boundary", "2026-11-25T13:00:00Z", time.Hour, "2026-11-25T14:00:00Z"},
		{"midnight in UTC, wherever one is", "2026-11-25T23:30:00-05:00", 24 * time.Hour, "2026-11-27T00:00:00Z"},
		{"before the epoch", "1969-12-31T23:59:59.5Z", time.Minute, "1970-01-01T00:00:00Z"},
	} {
		if got := (&Rotate{Every: c.every}).next(at(c.from)); !got.Equal(at(c.want)) {
			t.Errorf("%s: %v, want %s", c.why, got, c.want)
		}
	}
	if got := (&Rotate{Size: 1}).next(time.Now()); !got.IsZero() {
		t.Errorf("without a time it is due at %v", got)
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 9, 8, 7, 6, time.FixedZone("", 3600))
	for _, c := range []struct{ why, in, first, third, err string }{
		{"all directives", "a/%Y%m%dT%H%M%S-%j-%s-100%%.ndjson.zst", "a/20261125T080807-329-1795594087-100%.ndjson.zst", "a/20261125T080807-329-1795594087-100%_3.ndjson.zst", ""},
		{"no extension", "gpu-%H", "gpu-08", "gpu-08_3", ""},
		{"an instant behind the last dot", "gpu.%H", "gpu.08", "gpu.08_3", ""},
		{"a hidden file", ".%H", ".08", ".08_3", ""},
		{"compression alone", "gpu-%H.gz", "gpu-08.gz", "gpu-08_3.gz", ""},
		{"no instant", "gpu.ndjson", "", "", "names one file; several need an instant in their name"},
		{"a percent sign is no instant", "100%%.ndjson", "", "", "names one file"},
		{"another directive", "gpu-%B", "", "", `"gpu-%B": %B is none of %Y %m %d %H %M %S %j %s %%`},
		{"a lone percent sign", "gpu-%H%", "", "", "ends with a lone %"},
		{"a directory by time", "%Y/gpu-%H", "", "", `directory "%Y" has a %`},
		{"a directory", "a/", "", "", "is a directory"},
	} {
		p, err := parsePattern(c.in)
		if err != nil {
			if c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.why, err, c.err)
			}
			continue
		}
		if first, third := p.name(at, 1), p.name(at, 3); first != c.first || third != c.third || c.err != "" {
			t.Errorf("%s: %s and %s, want %s and %s", c.why, first, third, c.first, c.third)
		}
	}
}

func TestPatternMatch(t *testing.T) {
	t.Parallel()
	p, err := parsePattern("x/gpu.%Y%m%dT%H%M.ndjson.zst")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"gpu.20261125T0908.ndjson.zst":      true,
		"gpu.20261125T0908_2.ndjson.zst":    true,
		"gpu.20261125T0908_x.ndjson.zst":    false,
		"gpu.20261325T0908.ndjson.zst":      false, // month 13
		"gpu.20261125T0908.ndjson":          false,
		"gpu.20261125T0908.ndjson.zst.part": false,
		"agpu.20261125T0908.ndjson.zst":     false,
		"gpu-20261125T0908.ndjson.zst":      false, // the dot is a dot
		"gpu.20261125T0908.ndjson.zst\n":    false,
	} {
		if got := p.match.MatchString(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// A pattern knows the names that it makes.
func FuzzPattern(f *testing.F) {
	f.Add("gpu-%Y%m%dT%H%M%S.ndjson.zst", int64(1795594087), 1)
	f.Add("%s%%%j", int64(-1), 20)
	f.Add("a%", int64(0), 0)
	f.Fuzz(func(t *testing.T, in string, sec int64, n int) {
		p, err := parsePattern(in)
		if err != nil || sec < -2e9 || sec > 2e11 || n < 1 {
			return
		}
		if len(in) > 100 {
			return
		}
		at := time.Unix(sec, 0).UTC()
		if sec < 0 && strings.Contains(in, "%s") || at.Year() > 9999 {
			return
		}
		name := p.name(at, n)
		base := name[strings.LastIndexByte(name, '/')+1:]
		if !p.match.MatchString(base) && !strings.Contains(in, "\n") {
			t.Fatalf("%q makes %q, which %v does not match", in, base, p.match)
		}
	})
}
