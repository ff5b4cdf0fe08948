package join

import (
	"bytes"

	"aiperf/pkg/record"
)

// RegimeNote is the code of the notes that make up the timeline of regimes.
const RegimeNote = "regime"

// stance is where the ledger stands.
func (l *ledger) stance() stance {
	s := stance{t: l.now, server: l.servers.snap()}
	for of, by := range [...]int{
		ofSM: bySM, ofUtilization: byUtilization, ofDRAM: byDRAM, ofMemory: byMemory,
		ofPower: byPowerViol, ofThermal: byThermalViol, ofClock: byClock, ofTemperature: byTemperature,
	} {
		s.sum[of], s.seconds[of] = l.state.sum[by], l.state.seconds[by]
	}
	known := l.now.Sub(l.began)
	s.sum[ofInFlight], s.seconds[ofInFlight] = l.flying, known
	s.sum[ofIdle], s.seconds[ofIdle] = l.quiet, known
	return s
}

// peak is the highest SM clock of all GPUs until now, Hz.
func (l *ledger) peak() float64 {
	top := 0.0
	for _, g := range l.gpus {
		top = max(top, g.peak)
	}
	return top
}

// slotsAtOnce is how many slots are told of a time in which the ledger stood
// still, as in a month between two lines; the rest of them is told as one.
const slotsAtOnce = 1 << 15

// slots closes the slots of the timeline that end until t.
func (a *attribution) slots(t record.Time) {
	for n := 0; ; n++ {
		end, ok := a.timeline.due(t)
		if !ok {
			return
		}
		if n == slotsAtOnce {
			end = a.timeline.skip(t)
		}
		a.ledger.to(end)
		a.cutSlot()
	}
}

func (a *attribution) cutSlot() {
	from, to, ok := a.timeline.cut(a.ledger.stance())
	if !ok {
		return
	}
	r := a.ledger.servers.regime(from, to, a.ledger.peak(), *a.opt.Thresholds)
	n := &record.Note{Level: record.Info, Code: RegimeNote, Message: describe(r, *a.opt.Thresholds), Regime: &r}
	a.regimes = append(a.regimes, n)
}

// tellRegimes yields the notes on slots that have been closed. It is false when
// the consumer has left.
func (a *attribution) tellRegimes(yield func(record.Line, error) bool) bool {
	if a.last == 0 {
		return true // a note has the time of the line before it
	}
	for _, n := range a.regimes {
		n.Time = a.last
		raw, err := record.Append(nil, n)
		line := record.Line{Header: n.Header, Raw: bytes.TrimSuffix(raw, []byte{'\n'})}
		if err != nil {
			line = record.Line{}
		}
		if !yield(line, err) {
			return false
		}
	}
	a.regimes = a.regimes[:0]
	return true
}

// regimeOf is what a phase looks like; nil if too little was measured to tell.
func (a *attribution) regimeOf(w *window) *record.Regime {
	r := a.ledger.servers.regime(w.from.stance, w.to.stance, a.ledger.peak(), *a.opt.Thresholds)
	if r.Name == record.RegimeUnknown {
		return nil
	}
	r.From, r.Seconds = 0, 0 // they are the record's
	return &r
}

// ofRegime tells whether a line is a note of an earlier timeline.
func ofRegime(l record.Line) bool {
	if l.Type != record.TypeNote || !bytes.Contains(l.Raw, []byte(RegimeNote)) {
		return false
	}
	for key, v := range record.Keys(l.Raw) {
		if string(key) == "code" {
			s, _ := v.Text()
			return s == RegimeNote
		}
	}
	return false
}
