package join

import (
	"math"

	"aiperf/pkg/record"
)

// A state is the sums, over all GPUs, that means come from.
type state struct {
	sum     [curves]float64
	seconds [curves]float64
}

// since is what has come to s after t.
func (s state) since(t state) state {
	for j := range s.sum {
		s.sum[j] -= t.sum[j]
		s.seconds[j] -= t.seconds[j]
	}
	return s
}

// mean is the mean of a gauge, NaN if it is known for less than half of the
// seconds.
func (s state) mean(j int, seconds float64) float64 {
	if !s.known(j, seconds) {
		return math.NaN()
	}
	return s.sum[j] / s.seconds[j]
}

func (s state) known(j int, seconds float64) bool {
	return seconds > 0 && s.seconds[j] >= seconds/2
}

// throttled tells whether anything held a clock down; nil if nothing would have
// said so.
func (s state) throttled(seconds float64) *bool {
	var yes, known bool
	for _, j := range [...]int{byPowerViol, byThermalViol, byDrop} {
		if s.known(j, seconds) {
			known = true
			yes = yes || s.sum[j] > 1e-9
		}
	}
	if !known {
		return nil
	}
	return &yes
}

// tell is what a request is told that ends now; nil if there is nothing to
// tell.
func (l *ledger) tell(f *flight, total float64, known bool) *record.Share {
	s := new(record.Share)
	if known {
		s.Energy = round(total, 1e9)
		s.Share = l.convention
		s.GPUs = len(l.gpus)
	}
	alive := f.end.Sub(f.start)
	d := l.state.since(f.state)
	s.Power = round(d.mean(byPower, alive), 1e3)
	s.Utilization = round(d.mean(byUtilization, alive), 1e6)
	s.SMUtilization = round(d.mean(bySM, alive), 1e6)
	if s.MemoryUtilization = round(d.mean(byDRAM, alive), 1e6); s.MemoryUtilization == nil {
		s.MemoryUtilization = round(d.mean(byMemory, alive), 1e6)
	}
	s.SMClock = round(d.mean(byClock, alive), 1)
	s.Temperature = round(d.mean(byTemperature, alive), 1e3)
	s.Throttled = d.throttled(alive)
	for _, g := range l.gpus {
		s.XID = g.xids.during(f.start, f.end, s.XID)
	}
	if s.Energy == nil && s.Power == nil && s.Utilization == nil && s.SMUtilization == nil && s.MemoryUtilization == nil &&
		s.SMClock == nil && s.Temperature == nil && s.Throttled == nil && s.XID == nil {
		return nil
	}
	return s
}

// round is x with so many parts kept of a unit; nil if it is no number that a
// record could hold.
func round(x, parts float64) *float64 {
	y := math.Round(x*parts) / parts
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return nil
	}
	return &y
}
