package dcgm

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/record"
)

func compare(a, b *draft) int {
	return cmp.Or(
		strings.Compare(a.Host, b.Host),
		compareIndex(a.GPU.GPU, b.GPU.GPU),
		strings.Compare(a.UUID, b.UUID),
		compareMIG(a.MIG, b.MIG),
		strings.Compare(a.id.index, b.id.index),
		strings.Compare(a.Platform, b.Platform),
	)
}

// compareIndex puts a GPU without an index last.
func compareIndex(a, b *int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

// compareMIG puts the whole GPU first and orders instances by number, and by
// compute instance within one.
func compareMIG(a, b string) int {
	ga, ca, _ := strings.Cut(a, "/")
	gb, cb, _ := strings.Cut(b, "/")
	return cmp.Or(cmp.Compare(len(ga), len(gb)), strings.Compare(ga, gb), cmp.Compare(len(ca), len(cb)), strings.Compare(ca, cb))
}

// same tells whether two pages hold the same readings.
func same(old *plan, before *values, p *plan, now *values) bool {
	if old != p {
		plain := func(n int) map[string]float64 { return make(map[string]float64, n) }
		return Same(old.readings(before, plain), p.readings(now, plain))
	}
	return slices.EqualFunc(before.base, now.base, func(a, b float64) bool {
		return a == b || math.IsNaN(a) && math.IsNaN(b)
	})
}

func sameReading(a, b record.GPU) bool {
	return a.Host == b.Host && compareIndex(a.GPU, b.GPU) == 0 && a.UUID == b.UUID && a.MIG == b.MIG &&
		a.Platform == b.Platform && a.Model == b.Model && a.MIGProfile == b.MIGProfile &&
		maps.Equal(a.Fields, b.Fields) && maps.Equal(a.Labels, b.Labels)
}
