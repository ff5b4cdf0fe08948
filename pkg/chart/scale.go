package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ticks are round values between two, some n of them.
func ticks(low, high float64, n int) []float64 {
	if !(high > low) || n < 1 {
		return nil
	}
	raw := (high - low) / float64(n)
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 5, 10} {
		if f*step >= raw {
			step *= f
			break
		}
	}
	return every(low, high, step)
}

// clocks are the steps of an axis of time, from one second up.
var clocks = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800}

func timeTicks(low, high float64, n int) []float64 {
	raw := (high - low) / float64(n)
	if raw <= 1 {
		return ticks(low, high, n)
	}
	for _, step := range clocks {
		if step >= raw {
			return every(low, high, step)
		}
	}
	return ticks(low, high, n)
}

func every(low, high, step float64) []float64 {
	var list []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step && len(list) < 100; i++ {
		list = append(list, i*step+0) // and not −0
	}
	return list
}

// number has three significant digits, and all of a whole part.
func number(x float64) string {
	places := 0
	if a := math.Abs(x); a > 0 && a < 100 {
		places = min(6, 2-int(math.Floor(math.Log10(a))))
	}
	s := strconv.FormatFloat(x, 'f', places, 64)
	if places > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole
}

func plain(x, _ float64) string { return number(x) }

// duration is x seconds in a unit that fits a value like the other one.
func duration(x, like float64) string {
	switch {
	case math.Abs(like) >= 10:
		return number(x) + " s"
	case math.Abs(like) >= 1e-3:
		return number(1e3*x) + " ms"
	}
	return number(1e6*x) + " µs"
}

// clock is an instant on the axis of time.
func clock(x float64) string {
	a, sign := math.Abs(x), ""
	if x < 0 {
		sign = "−"
	}
	switch {
	case a < 120:
		return sign + number(a) + " s"
	case a < 3600:
		return fmt.Sprintf("%s%d:%02d", sign, int(a)/60, int(a)%60)
	}
	return fmt.Sprintf("%s%d:%02d:%02d", sign, int(a)/3600, int(a)/60%60, int(a)%60)
}

func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(float64(n)) + " " + thing + "s"
}
