package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// Gauges are the readings of a GPU over time.
type Gauges struct {
	Name      string
	Host      string
	Index     *int
	UUID, MIG string
	Tracks    map[string]Track // by the field's name in the records
	Throttled []Span           // by the counter's header; clocks were held down somewhere within
	Spans     int              // how many there were
}

// charted are the gauges that are kept.
var charted = []string{record.FieldPower, record.FieldUtilization, record.FieldSMUtilization, "memory_used", record.FieldSMClock, "temperature"}

// violations are the counters of time that clocks were held down for a reason
// other than that there was nothing to do.
var violations = map[string]string{
	record.FieldPowerViol: "power limit", record.FieldThermalViol: "temperature", "sync_boost_violation": "sync boost",
	"board_limit_violation": "board limit", "reliability_violation": "reliability",
}

const (
	mostGPUs  = 128  // by source
	mostSpans = 1000 // of a GPU
)

// chroniclers follow the GPUs.
type chroniclers struct {
	index map[gpuID]*chronicler
	over  int // readings of GPUs beyond mostGPUs
}

type chronicler struct {
	tracks   map[string]*track
	energy   reading // the last distinct one
	counters map[string]reading
	throttle []Span
	spans    int
	xid      float64
}

func (c *chroniclers) add(r *record.GPU, mark func(record.Time, string, string)) {
	id := gpuID{r.Source, r.UUID, r.MIG, -1}
	if r.UUID == "" && r.GPU != nil {
		id.index = *r.GPU
	}
	g := c.index[id]
	if g == nil {
		if len(c.index) >= mostGPUs {
			c.over++
			return
		}
		if c.index == nil {
			c.index = map[gpuID]*chronicler{}
		}
		g = &chronicler{tracks: map[string]*track{}, counters: map[string]reading{}, xid: math.NaN()}
		c.index[id] = g
	}
	g.add(r, mark)
}

func (g *chronicler) add(r *record.GPU, mark func(record.Time, string, string)) {
	for _, name := range charted {
		if x, ok := r.Fields[name]; ok {
			g.track(name).add(r.Taken, x)
		}
	}
	if x, ok := r.Fields[record.FieldEnergy]; ok {
		g.rate(reading{r.Taken, x})
	}
	for name, reason := range violations {
		if x, ok := r.Fields[name]; ok {
			g.violated(name, reason, reading{r.Taken, x})
		}
	}
	if x, ok := r.Fields[record.FieldXID]; ok {
		if x != g.xid && x != 0 && g.xid == g.xid {
			name := GPU{Host: r.Host, Source: r.Source, Index: r.GPU, MIG: r.MIG, MIGProfile: r.MIGProfile}
			mark(r.Taken, "xid", "XID "+strconv.FormatFloat(x, 'f', -1, 64)+" on "+name.Name())
		}
		g.xid = x
	}
}

func (g *chronicler) track(name string) *track {
	if g.tracks[name] == nil {
		g.tracks[name] = &track{}
	}
	return g.tracks[name]
}

// energyRate is the track of the power that an energy counter tells of.
const energyRate = record.FieldEnergy

// rate is the slope of the energy counter between its updates, in the middle of
// them.
func (g *chronicler) rate(r reading) {
	before := g.energy
	if before.t != 0 && (r.x == before.x || r.t <= before.t) {
		return
	}
	g.energy = r
	if before.t == 0 || r.x < before.x {
		return
	}
	g.track(energyRate).add(before.t+(r.t-before.t)/2, (r.x-before.x)/r.t.Sub(before.t))
}

// violated notes a stretch between two readings in which a counter grew.
// Stretches in a row are one.
func (g *chronicler) violated(name, reason string, r reading) {
	before, ok := g.counters[name]
	if ok && r.t <= before.t {
		return
	}
	g.counters[name] = r
	if !ok || r.x <= before.x {
		return
	}
	for i := len(g.throttle) - 1; i >= max(0, len(g.throttle)-len(violations)); i-- {
		if s := &g.throttle[i]; s.Name == reason && s.To == before.t {
			s.To = r.t
			return
		}
	}
	g.spans++
	if len(g.throttle) < mostSpans {
		g.throttle = append(g.throttle, Span{before.t, r.t, reason})
	}
}

// list gives the GPUs of a report.
func (c *chroniclers) list(gpus []GPU) []Gauges {
	var list []Gauges
	for _, u := range gpus {
		id := gpuID{u.Source, u.UUID, u.MIG, -1}
		if u.UUID == "" && u.Index != nil {
			id.index = *u.Index
		}
		g := c.index[id]
		if g == nil {
			continue
		}
		n := Gauges{Name: shortName(u), Host: u.Host, Index: u.Index, UUID: u.UUID, MIG: u.MIG, Tracks: map[string]Track{},
			Throttled: slices.Clone(g.throttle), Spans: g.spans}
		for name, k := range g.tracks {
			n.Tracks[name] = k.track()
		}
		list = append(list, n)
	}
	return list
}

// shortName leaves the model out.
func shortName(g GPU) string {
	name := g.short()
	if g.Index == nil && g.UUID != "" {
		name += fmt.Sprintf(" %.12s", g.UUID)
	}
	return clip(strings.ReplaceAll(name, " | ", " "), mostText)
}
