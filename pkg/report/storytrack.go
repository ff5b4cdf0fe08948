package report

import (
	"cmp"
	"slices"

	"aiperf/pkg/record"
)

// A Track is a quantity over time: all its readings, or of every stretch of
// time the lowest and the highest, so that no peak is lost.
type Track struct {
	T  []record.Time
	X  []float64
	Of int // readings that it stands for
}

// mostStretches is how many stretches a track has at most, each of two points.
const mostStretches = 2000

// A track thins readings while they come. A stretch is as long as it has to be;
// with 1 ns at first, every reading has one of its own.
type track struct {
	width     int64 // ns
	stretches []stretch
	of        int
}

type stretch struct {
	at        int64 // in widths since the epoch
	low, high reading
}

type reading struct {
	t record.Time
	x float64
}

func (k *track) add(t record.Time, x float64) {
	k.of++
	k.width = max(k.width, 1)
	s := stretch{floor(int64(t), k.width), reading{t, x}, reading{t, x}}
	i := len(k.stretches)
	if i > 0 && s.at <= k.stretches[i-1].at { // out of order, or one more of the last stretch
		i, _ = slices.BinarySearchFunc(k.stretches, s.at, func(e stretch, at int64) int { return cmp.Compare(e.at, at) })
	}
	if i < len(k.stretches) && k.stretches[i].at == s.at {
		k.stretches[i].join(s)
		return
	}
	k.stretches = slices.Insert(k.stretches, i, s)
	for len(k.stretches) > mostStretches {
		k.widen()
	}
}

func (s *stretch) join(o stretch) {
	if o.low.x < s.low.x {
		s.low = o.low
	}
	if o.high.x > s.high.x {
		s.high = o.high
	}
}

func (k *track) widen() {
	k.width *= 2
	n := 0
	for i, s := range k.stretches {
		s.at = floor(s.at, 2)
		if i > 0 && k.stretches[n-1].at == s.at {
			k.stretches[n-1].join(s)
			continue
		}
		k.stretches[n] = s
		n++
	}
	k.stretches = k.stretches[:n]
}

func (k *track) track() Track {
	t := Track{Of: k.of}
	for _, s := range k.stretches {
		a, b := s.low, s.high
		if a.t > b.t {
			a, b = b, a
		}
		t.T, t.X = append(t.T, a.t), append(t.X, a.x)
		if a.t != b.t {
			t.T, t.X = append(t.T, b.t), append(t.X, b.x)
		}
	}
	return t
}
