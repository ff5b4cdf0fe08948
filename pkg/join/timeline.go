package join

import (
	"math"

	"aiperf/pkg/record"
)

// What a regime is found by, each a sum that grows with time.
const (
	ofSM          = iota // ∫ sm_utilization dt over all GPUs
	ofUtilization        // ∫ gpu_utilization dt
	ofDRAM               // ∫ dram_activity dt
	ofMemory             // ∫ memory_utilization dt
	ofPower              // s of power violation
	ofThermal            // s of thermal violation
	ofClock              // ∫ sm_clock dt, Hz·s
	ofTemperature        // ∫ temperature dt, °C·s
	ofInFlight           // ∫ n dt
	ofIdle               // s with n = 0
	measures
)

// A stance is where these sums stand at an instant, and for how many seconds
// each was known until then: of GPUs, seconds of all added up.
type stance struct {
	t            record.Time
	sum, seconds [measures]float64
	server       serverState
}

// regime classifies what lies between two stances. Peak is the highest SM clock
// that was seen, Hz; 0 is not known. A mean needs half of the time to be known.
func (s *servers) regime(a, b stance, peak float64, t Thresholds) record.Regime {
	r := record.Regime{From: a.t, Seconds: b.t.Sub(a.t)}
	mean := func(j int, unit, digits float64) *float64 {
		seconds := b.seconds[j] - a.seconds[j]
		if r.Seconds <= 0 || seconds < r.Seconds/2 || !(unit > 0) {
			return nil
		}
		return round((b.sum[j]-a.sum[j])/seconds/unit, digits)
	}
	first := func(j, k int, of, or string) *float64 {
		for _, c := range []struct {
			x    *float64
			name string
		}{{mean(j, 1, 1e6), of}, {mean(k, 1, 1e6), or}} {
			if c.x != nil {
				r.Basis = append(r.Basis, c.name)
				return c.x
			}
		}
		return nil
	}
	r.SM = first(ofSM, ofUtilization, record.FieldSMUtilization, record.FieldUtilization)
	r.Memory = first(ofDRAM, ofMemory, fieldDRAM, fieldMemory)
	r.PowerViolation = mean(ofPower, 1, 1e6)
	r.ThermalViolation = mean(ofThermal, 1, 1e6)
	r.Clock = mean(ofClock, peak, 1e6)
	r.Temperature = mean(ofTemperature, 1, 10)
	r.InFlight = mean(ofInFlight, 1, 1e3)
	r.Idle = mean(ofIdle, 1, 1e6)
	if v := s.between(a.server, b.server, ""); v != nil {
		r.Running, r.Waiting, r.KVCache = v.Running, v.Waiting, v.KVCache
	}
	return classify(r, t)
}

// A timeline cuts a run into slots of equal length, from its first instant on.
// The last one may be short. It holds one stance.
type timeline struct {
	step float64 // seconds; 0 is no timeline
	from stance
	zero record.Time // the first instant
	slot int         // the one that is open, from 0
	open bool
}

// start is the first instant of the run.
func (l *timeline) start(s stance) {
	if l.step > 0 && !l.open {
		l.zero, l.from, l.open = s.t, s, true
	}
}

// due is the end of the open slot; false if it is after t. Whoever feeds a
// timeline stops there on the way to t and calls cut.
func (l *timeline) due(t record.Time) (record.Time, bool) {
	if !l.open {
		return 0, false
	}
	end := l.zero.Add(float64(l.slot+1) * l.step)
	return end, end <= t && end > l.from.t
}

// skip makes all slots that end until t, of which there is one, a long one, and
// gives its end.
func (l *timeline) skip(t record.Time) record.Time {
	slots := math.Floor((float64(t)/1e9 - float64(l.zero)/1e9) / l.step)
	l.slot = max(l.slot, int(min(slots, 1<<52))-1)
	return min(t, l.zero.Add(float64(l.slot+1)*l.step))
}

// cut closes the open slot with the stance at its end, or, at the end of the
// run, with the last one, and opens the next. It gives both ends, and is false
// if there is nothing between them.
func (l *timeline) cut(s stance) (from, to stance, ok bool) {
	if !l.open || s.t <= l.from.t {
		return stance{}, stance{}, false
	}
	from, l.from = l.from, s
	l.slot++
	return from, s, true
}
