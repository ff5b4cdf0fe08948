package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Rotate is a flag that says when a file of output is full: at full multiples
// of a time since the epoch in UTC (1h: at every full hour), at a size, or at
// whichever comes first ("1h,100MB"). The zero value is never.
type Rotate struct {
	Every time.Duration
	Size  int64 // bytes in the file
}

// sizes are the units of bytes.
var sizes = []struct {
	unit string
	n    int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

func (r *Rotate) Set(text string) error {
	var all Rotate
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		n, isSize := parseSize(part)
		d, isTime := parseEvery(part)
		switch {
		case isSize && all.Size == 0:
			all.Size = n
		case isTime && all.Every == 0:
			all.Every = d
		case isSize || isTime:
			return fmt.Errorf("%q has two of a kind", text)
		default:
			return fmt.Errorf("%q is neither a time such as 1h or 7d, of a second and more, nor a size such as 100MB, nor both with a comma between them", part)
		}
	}
	*r = all
	return nil
}

func parseSize(s string) (int64, bool) {
	for _, u := range sizes {
		if number, ok := strings.CutSuffix(s, u.unit); ok {
			x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			x *= float64(u.n)
			return int64(x), err == nil && x >= 1 && x < math.MaxInt64
		}
	}
	return 0, false
}

// parseEvery takes a Go duration, or a number of days.
func parseEvery(s string) (time.Duration, bool) {
	if number, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(number, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil && n > 0
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= time.Second
}

func (r *Rotate) String() string {
	var parts []string
	if r.Every > 0 {
		parts = append(parts, r.Every.String())
	}
	if r.Size > 0 {
		parts = append(parts, strconv.FormatInt(r.Size, 10)+"B")
	}
	return strings.Join(parts, ",")
}

func (r *Rotate) Type() string { return "when" }

// next is the first boundary after t.
func (r *Rotate) next(t time.Time) time.Time {
	if r.Every <= 0 {
		return time.Time{}
	}
	n := t.UnixNano()
	rest := n % int64(r.Every)
	if rest < 0 {
		rest += int64(r.Every)
	}
	return t.Add(r.Every - time.Duration(rest))
}
