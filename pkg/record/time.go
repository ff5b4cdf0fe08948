package record

import (
	"fmt"
	"time"
)

// layout is RFC 3339 with exactly nine fractional digits, in UTC.
const layout = "2006-01-02T15:04:05.000000000Z"

// Time is an instant: nanoseconds since the Unix epoch. Its text form has a
// fixed width, so that the order of strings is the order of time. The zero Time
// stands for an instant that is not known.
type Time int64

// At is t as a Time, by its wall clock.
func At(t time.Time) Time { return Time(t.UnixNano()) }

// Time is t as a time.Time in UTC.
func (t Time) Time() time.Time { return time.Unix(0, int64(t)).UTC() }

// Add is the instant that lies the given number of seconds after t.
func (t Time) Add(seconds float64) Time {
	return t + Time(roundHalfAway(seconds*1e9))
}

// Sub is the number of seconds from u to t.
func (t Time) Sub(u Time) float64 { return float64(t-u) / 1e9 }

func roundHalfAway(x float64) float64 {
	if x < 0 {
		return float64(int64(x - 0.5))
	}
	return float64(int64(x + 0.5))
}

func (t Time) String() string { return string(t.append(nil)) }

func (t Time) append(b []byte) []byte { return t.Time().AppendFormat(b, layout) }

// MarshalText gives the fixed-width form. It fails for years that do not have
// four digits.
func (t Time) MarshalText() ([]byte, error) {
	if y := t.Time().Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("year %d does not have four digits", y)
	}
	return t.append(make([]byte, 0, len(layout))), nil
}

// UnmarshalText takes any RFC 3339 instant of the years 1678 to 2262.
func (t *Time) UnmarshalText(b []byte) error {
	u, err := ParseTime(string(b))
	if err == nil {
		*t = u
	}
	return err
}

// ParseTime takes any RFC 3339 instant of the years 1678 to 2262; only the
// form that [Time.String] gives keeps string order and time order the same.
func ParseTime(s string) (Time, error) {
	if t, ok := parseFixed(s); ok {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("instant %q is not in the form %s", s, layout)
	}
	if y := t.Year(); y < 1678 || y > 2261 {
		return 0, fmt.Errorf("instant %q is out of range", s)
	}
	return At(t), nil
}

// parseFixed reads the canonical form, some twenty times as fast as time.Parse.
func parseFixed[T string | []byte](s T) (Time, bool) {
	if len(s) != len(layout) || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
		s[13] != ':' || s[16] != ':' || s[19] != '.' || s[29] != 'Z' {
		return 0, false
	}
	var bad byte // has its high bit set if anything is no digit
	two := func(i int) int {
		a, b := s[i]-'0', s[i+1]-'0'
		bad |= (a + 0x76) | a | (b + 0x76) | b
		return int(a)*10 + int(b)
	}
	y, mo, d := two(0)*100+two(2), two(5), two(8)
	h, mi, sec := two(11), two(14), two(17)
	ns := ((two(20)*100+two(22))*100+two(24))*1000 + two(26)*10
	last := s[28] - '0'
	bad |= (last + 0x76) | last
	ns += int(last)
	if bad >= 0x80 || y < 1678 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > 28 && d > daysIn(y, mo) ||
		h > 23 || mi > 59 || sec > 59 {
		return 0, false
	}
	days := daysFromCivil(y, mo, d)
	return Time(((days*24+int64(h))*60+int64(mi))*60+int64(sec))*1e9 + Time(ns), true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts days from 1970-01-01 in the proleptic Gregorian
// calendar, with years that begin in March so that leap days come last.
func daysFromCivil(y, m, d int) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	return int64(365*y+y/4-y/100+y/400+(153*(m-3)+2)/5+d-1) - 719468
}

// A Clock reads the wall clock once and then counts monotonic time from there,
// so that a step of the wall clock cannot reorder a run.
type Clock struct{ start time.Time }

// StartClock reads the wall clock.
func StartClock() Clock { return Clock{time.Now()} }

// Now is the present instant.
func (c Clock) Now() Time { return c.At(time.Now()) }

// At is the instant of a t that time.Now has given in this process.
func (c Clock) At(t time.Time) Time { return At(c.start) + Time(t.Sub(c.start)) }
