package arrival

import (
	"fmt"
	"math"
	"sort"
)

// A Point is a rate, in requests per second, at an instant, in seconds.
type Point struct{ At, Rate float64 }

// A Rate is a rate that changes linearly between points, and is that of the
// first point before it and that of the last point behind it.
type Rate struct {
	points   []Point
	expected []float64 // arrivals until each point
}

// Steady is the same rate all the time.
func Steady(rate float64) Rate { return Rate{[]Point{{0, rate}}, []float64{0}} }

// Ramp is a rate that rises from 0 to the given one in so many seconds, and
// then stays there.
func Ramp(rate, seconds float64) Rate {
	r, err := Series([]Point{{0, 0}, {seconds, rate}})
	if err != nil {
		return Steady(rate)
	}
	return r
}

// Series is a rate through the given points, whose instants must ascend and
// whose rates must not be negative.
func Series(points []Point) (Rate, error) {
	if len(points) == 0 {
		return Rate{}, fmt.Errorf("a rate needs a point")
	}
	r := Rate{points: append([]Point(nil), points...)}
	if first := points[0]; first.At > 0 {
		r.points = append([]Point{{0, first.Rate}}, r.points...)
	}
	sum := 0.0
	for i, p := range r.points {
		if !(p.Rate >= 0) || math.IsInf(p.Rate, 0) || !(p.At >= 0) || math.IsInf(p.At, 0) {
			return Rate{}, fmt.Errorf("point %d: at %g s a rate of %g is not possible", i+1, p.At, p.Rate)
		}
		if i > 0 {
			before := r.points[i-1]
			if p.At <= before.At {
				return Rate{}, fmt.Errorf("point %d: %g s does not come after %g s", i+1, p.At, before.At)
			}
			sum += (p.At - before.At) * (p.Rate + before.Rate) / 2
		}
		r.expected = append(r.expected, sum)
	}
	return r, nil
}

// when is the instant until which n arrivals are expected; infinite if that
// never comes.
func (r Rate) when(n float64) float64 {
	// The last point until which fewer are expected, or the first.
	i := max(0, sort.Search(len(r.expected), func(i int) bool { return r.expected[i] >= n })-1)
	p, left := r.points[i], n-r.expected[i]
	if left <= 0 {
		return p.At
	}
	if i == len(r.points)-1 {
		return p.At + left/p.Rate
	}
	// left = rate·x + slope·x²/2, solved in the form that does not cancel.
	next := r.points[i+1]
	slope := (next.Rate - p.Rate) / (next.At - p.At)
	root := math.Sqrt(max(0, p.Rate*p.Rate+2*slope*left))
	return min(p.At+2*left/(p.Rate+root), next.At)
}
