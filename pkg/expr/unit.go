package expr

import (
	"slices"
	"strings"
)

// A unit is a multiple of a base unit. It has a factor and a divisor because
// 3/1000 is the number nearest to 0.003, and 3·0.001 is not.
type unit struct {
	base     string
	mul, div float64
}

var units = map[string]unit{
	"s": {"s", 1, 1}, "ms": {"s", 1, 1e3}, "us": {"s", 1, 1e6}, "µs": {"s", 1, 1e6}, "μs": {"s", 1, 1e6}, "ns": {"s", 1, 1e9},
	"min": {"s", 60, 1}, "h": {"s", 3600, 1},
	"W": {"W", 1, 1}, "mW": {"W", 1, 1e3}, "kW": {"W", 1e3, 1}, "MW": {"W", 1e6, 1},
	"J": {"J", 1, 1}, "mJ": {"J", 1, 1e3}, "kJ": {"J", 1e3, 1}, "MJ": {"J", 1e6, 1}, "Wh": {"J", 3600, 1}, "kWh": {"J", 3.6e6, 1},
	"B": {"bytes", 1, 1}, "kB": {"bytes", 1e3, 1}, "KB": {"bytes", 1e3, 1}, "MB": {"bytes", 1e6, 1}, "GB": {"bytes", 1e9, 1}, "TB": {"bytes", 1e12, 1},
	"KiB": {"bytes", 1 << 10, 1}, "MiB": {"bytes", 1 << 20, 1}, "GiB": {"bytes", 1 << 30, 1}, "TiB": {"bytes", 1 << 40, 1},
	"Hz": {"Hz", 1, 1}, "kHz": {"Hz", 1e3, 1}, "MHz": {"Hz", 1e6, 1}, "GHz": {"Hz", 1e9, 1},
	"°C": {"°C", 1, 1}, "C": {"°C", 1, 1},
	"%":     {"1", 1, 100},
	"token": {"tokens", 1, 1}, "tokens": {"tokens", 1, 1},
	"request": {"requests", 1, 1}, "requests": {"requests", 1, 1}, "req": {"requests", 1, 1},
}

// pers are the words after a slash, with what a number is divided by.
var pers = map[string]unit{
	"s": {"s", 1, 1}, "sec": {"s", 1, 1}, "second": {"s", 1, 1}, "min": {"s", 1, 60}, "h": {"s", 1, 3600},
	"token": {"token", 1, 1}, "tokens": {"token", 1, 1},
	"request": {"request", 1, 1}, "requests": {"request", 1, 1}, "req": {"request", 1, 1},
	"user": {"user", 1, 1}, "W": {"W", 1, 1}, "kW": {"W", 1, 1e3}, "J": {"J", 1, 1}, "kJ": {"J", 1, 1e3},
}

// spoken are units as people say them.
var spoken = map[string]string{
	"sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms", "usec": "us",
	"microseconds": "us", "nanoseconds": "ns", "m": "min", "mins": "min", "minute": "min", "minutes": "min", "hr": "h", "hour": "h", "hours": "h",
	"watt": "W", "watts": "W", "joule": "J", "joules": "J", "percent": "%", "pct": "%", "byte": "B", "bytes": "B", "reqs": "requests", "tok": "tokens",
}

// likeUnit is the unit that was meant by word; empty if that is not clear.
func likeUnit(word string) string {
	if u, ok := spoken[strings.ToLower(word)]; ok {
		return u
	}
	return closest(word, units)
}

// closest is the key of m that is like word but for case, or for one letter,
// the first of several.
func closest[T any](word string, m map[string]T) string {
	var best string
	for _, k := range sortedKeys(m) {
		if strings.EqualFold(k, word) {
			return k
		}
		if best == "" && len(word) > 1 && len(k) > 1 && oneOff(word, k) {
			best = k
		}
	}
	return best
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// oneOff tells whether a letter changed, added or left out, or two exchanged,
// make b of a.
func oneOff(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		swapped := i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		return i < len(a) && (swapped || a[i+1:] == b[i+1:])
	}
	return a[i+1:] == b[i:]
}

// A Quantity says what a name stands for.
type Quantity struct {
	// Unit is its base unit, such as "s", "J/token" or "tokens/s/user"; "1" is a
	// share, and the empty string says that there is none.
	Unit string
	// Bare lets it be compared with a number that has no unit.
	Bare bool
}

// fits tells whether a number with a unit may be compared with a quantity in
// another. What a metric is by need not be said, so that J fits J/token.
func fits(said, of string) bool {
	if said == "1" || said == "" {
		return said == of || of == "1" || of == ""
	}
	a, b := strings.Split(said, "/"), strings.Split(of, "/")
	return len(a) <= len(b) && slices.Equal(a, b[:len(a)])
}
