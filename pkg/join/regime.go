package join

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// classify finds the regime of a stretch of time by its numbers, and writes the
// basis, the severity of throttling and the thresholds beside it. Of several
// whose conditions hold the first in this order gives the name, and the others
// are in Also:
//
//   - idle: with nothing in flight all other numbers describe nothing. Without a
//     load in the streams it is idle when neither SMs nor memory worked for more
//     than 1 − Idle of the time.
//   - throttled: clocks that are held down explain whatever else is slow. It is
//     measured by violations; without these, a clock that has fallen is taken
//     for it while the GPU is hot.
//   - queue-bound: what waits for a place is late because of the queue, however
//     fast the GPU is; what Also says of the GPU tells whether it or a limit of
//     the server is what they wait for.
//   - compute-bound, memory-bound, balanced, underutilised: by SMs and memory,
//     of which one alone says nothing.
//
// A condition whose numbers were not measured does not hold; if none does, the
// regime is unknown.
func classify(r record.Regime, t Thresholds) record.Regime {
	r.Throttling = severity(r.PowerViolation, r.ThermalViolation)
	r.Thresholds = t.String()
	var names []string
	if idle(&r, t) {
		names = append(names, record.RegimeIdle)
	}
	if throttled(&r, t) {
		names = append(names, record.RegimeThrottled)
	}
	if r.Waiting != nil && *r.Waiting >= t.Waiting {
		names = append(names, record.RegimeQueueBound)
	}
	if name := work(&r, t); name != "" {
		names = append(names, name)
	}
	r.Name, r.Also = record.RegimeUnknown, nil
	if len(names) > 0 {
		r.Name = names[0]
	}
	if len(names) > 1 && r.Name != record.RegimeIdle {
		r.Also = names[1:]
	}
	return r
}

func idle(r *record.Regime, t Thresholds) bool {
	if r.Idle != nil {
		return *r.Idle >= t.Idle
	}
	return r.SM != nil && r.Memory != nil && 1-max(*r.SM, *r.Memory) >= t.Idle
}

func throttled(r *record.Regime, t Thresholds) bool {
	if worst, ok := violation(r.PowerViolation, r.ThermalViolation); ok {
		return worst >= t.Throttled
	}
	return hot(r, t) && r.Clock != nil && *r.Clock < t.Clock
}

func hot(r *record.Regime, t Thresholds) bool {
	return r.Temperature != nil && *r.Temperature >= t.Temperature
}

func work(r *record.Regime, t Thresholds) string {
	if r.SM == nil || r.Memory == nil {
		return ""
	}
	switch sm, memory := *r.SM >= t.SM, *r.Memory >= t.Memory; {
	case sm && memory:
		return record.RegimeBalanced
	case sm:
		return record.RegimeComputeBound
	case memory:
		return record.RegimeMemoryBound
	}
	return record.RegimeUnderused
}

// violation is the worse of the two; false if there is neither.
func violation(power, thermal *float64) (worst float64, ok bool) {
	for _, v := range []*float64{power, thermal} {
		if v != nil {
			worst, ok = max(worst, *v), true
		}
	}
	return worst, ok
}

func severity(power, thermal *float64) string {
	switch v, ok := violation(power, thermal); {
	case !ok:
		return ""
	case v <= 0:
		return record.ThrottlingNone
	case v < 0.01:
		return record.ThrottlingTransient
	case v < 0.1:
		return record.ThrottlingIntermittent
	case v < 0.5:
		return record.ThrottlingSignificant
	}
	return record.ThrottlingSevere
}

// describe is a regime in one sentence: its name, and the numbers against the
// thresholds that decided.
func describe(r record.Regime, t Thresholds) string {
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, name := range append([]string{r.Name}, r.Also...) {
		switch name {
		case record.RegimeIdle:
			if r.Idle != nil {
				say("no request in flight for %s of the time (≥ %s)", percent(*r.Idle), percent(t.Idle))
			} else {
				say("%s, memory %s (both ≤ %s)", compute(&r), percent(*r.Memory), percent(1-t.Idle))
			}
		case record.RegimeThrottled:
			sayThrottled(&r, t, say)
		case record.RegimeQueueBound:
			say("%s waiting (≥ %s)", plainly(*r.Waiting), plainly(t.Waiting))
			if r.KVCache != nil {
				say("KV cache %s", percent(*r.KVCache))
			}
		case record.RegimeUnknown:
			say("too little was measured of SMs, memory, requests and queue")
		default:
			say("%s (%s %s)", compute(&r), sign(*r.SM >= t.SM), percent(t.SM))
			say("memory %s (%s %s)", percent(*r.Memory), sign(*r.Memory >= t.Memory), percent(t.Memory))
		}
	}
	names := r.Name
	if len(r.Also) > 0 {
		names += " (also " + strings.Join(r.Also, ", ") + ")"
	}
	return names + ": " + strings.Join(parts, ", ")
}

func sayThrottled(r *record.Regime, t Thresholds, say func(string, ...any)) {
	some := false
	for _, v := range []struct {
		what string
		x    *float64
	}{{"power", r.PowerViolation}, {"thermal", r.ThermalViolation}} {
		if v.x != nil && *v.x >= t.Throttled {
			some = true
			say("%s violation for %s of the time (≥ %s, %s)", v.what, percent(*v.x), percent(t.Throttled), severity(v.x, nil))
		}
	}
	if r.Clock != nil {
		if some {
			say("SM clock %s of the highest", percent(*r.Clock))
		} else {
			say("SM clock %s of the highest (< %s)", percent(*r.Clock), percent(t.Clock))
		}
	}
	if hot(r, t) {
		say("%.0f °C (≥ %.0f °C)", *r.Temperature, t.Temperature)
	}
}

// compute names what stands for the SMs.
func compute(r *record.Regime) string {
	what := "SM"
	if len(r.Basis) > 0 && r.Basis[0] == record.FieldUtilization {
		what = "GPU utilisation"
	}
	return what + " " + percent(*r.SM)
}

func sign(reached bool) string {
	if reached {
		return "≥"
	}
	return "<"
}

// percent is cut and not rounded, so that 69.96 % does not read as the 70 % that
// it did not reach.
func percent(x float64) string {
	p, scale := 100*x, 10.0
	if p < 1 {
		scale = 1000
	}
	return strconv.FormatFloat(math.Floor(p*scale+1e-6)/scale, 'f', -1, 64) + " %"
}

// plainly is a number of requests, to two digits behind the point.
func plainly(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }
