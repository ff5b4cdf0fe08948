package join

import (
	"slices"

	"aiperf/pkg/record"
)

// addViolations adds what the violation counters have grown by.
func (g *gpu) addViolations(r *reading) {
	for i, j := range [...]int{byPowerViol, byThermalViol} {
		c := &g.curve[j]
		if !r.has[j] {
			continue
		}
		grown := 0.0
		if c.any() {
			grown = max(0, r.value[j]-g.violation[i]) // less: the driver was loaded anew
		}
		if c.add(r.taken, grown) {
			g.violation[i] = r.value[j]
		}
	}
}

const (
	// underLoad is the utilisation from which on a GPU should run at full speed.
	underLoad = 0.5
	// dropped is the part of the highest clock seen under load, below which a
	// clock under load counts as held down.
	dropped = 0.9
)

// addDrop adds the time since the reading before, if at this one a clock is
// held down: the driver gives a reason for it, or the clock is lower than it
// was under load before.
func (g *gpu) addDrop(r *reading) {
	clocked := r.has[byClock] && r.has[byUtilization]
	if !clocked && r.reasons == nil {
		return
	}
	down := r.reasons != nil && *r.reasons&heldDown != 0
	if clocked && r.value[byUtilization] >= underLoad {
		g.top = max(g.top, r.value[byClock])
		down = down || r.value[byClock] < dropped*g.top
	}
	c := &g.curve[byDrop]
	grown := 0.0
	if down && c.any() {
		grown = max(0, r.taken.Sub(c.last().t))
	}
	c.add(r.taken, grown)
}

// mostCodes is how many XIDs of a GPU are remembered.
const mostCodes = 256

// codes are the XIDs of a GPU, each with the readings between which it was
// first seen.
type codes struct {
	last  *int
	at    record.Time // of the latest reading
	spans []coded
}

type coded struct {
	span
	code int
}

// hear takes a reading. The first one's code may be from before.
func (c *codes) hear(r *reading) {
	if r.xid == nil {
		return
	}
	if c.last != nil && *r.xid != *c.last && *r.xid != 0 {
		if len(c.spans) == mostCodes {
			c.spans = slices.Delete(c.spans, 0, mostCodes/2)
		}
		c.spans = append(c.spans, coded{span{c.at, r.taken}, *r.xid})
	}
	c.last, c.at = r.xid, r.taken
}

// during adds the codes that may have come between two instants to a list of
// distinct ones.
func (c *codes) during(from, to record.Time, list []int) []int {
	for _, x := range c.spans {
		if x.from < to && x.to > from && !slices.Contains(list, x.code) {
			list = append(list, x.code)
		}
	}
	return list
}
