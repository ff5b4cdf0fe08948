package join

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"aiperf/pkg/record"
)

// Equal is the convention that divides energy evenly among the requests in
// flight.
const Equal = "equal"

// DefaultMaxGap is how many seconds without a new reading make an energy
// invalid.
const DefaultMaxGap = 3.0

// Options of [Attribute]. The zero value is ready.
type Options struct {
	// MaxGap is the longest stretch without a new reading, in seconds, that an
	// energy may be trusted with; 0 is [DefaultMaxGap]. A request is told
	// nothing of its energy if a GPU was silent for longer, or for three of its
	// own refreshes if that is more.
	MaxGap float64
	// Share is the convention; "" is [Equal], which is the only one.
	Share string
	// Note is told what is worth telling; it may be nil. Codes: no-gpu,
	// no-requests, no-window, no-begin, late, unfinished.
	Note func(record.Note)
}

// ErrConservation is wrapped by the error that tells that charges and idle
// energy do not add up to the energy of the window. It is a bug in this
// package.
var ErrConservation = errors.New("energy is not conserved")

// Attribute adds the key "gpu" to the requests of a merged stream, and energy
// records behind its last line; all other lines, and their order, stay as they
// are. Without GPU readings or without requests nothing is changed. A key "gpu"
// or an energy record of an earlier Attribute is replaced.
//
// A request is held, and all lines behind it, until every GPU has a reading at
// or after its end, or is taken for lost, and a second has passed in which
// other requests may turn out to have started or ended before. It has no
// "energy" if a GPU was not seen over all of its life.
//
// A request without a begin record, in a stream that was filtered, is only
// known to have started when it has ended: from the first of these on, all
// lines are held until the end of the stream.
//
// Errors of the stream are passed on, as are those of lines that cannot be
// decoded, which are kept.
func Attribute(lines iter.Seq2[record.Line, error], opt Options) iter.Seq2[record.Line, error] {
	if opt.MaxGap <= 0 {
		opt.MaxGap = DefaultMaxGap
	}
	return func(yield func(record.Line, error) bool) {
		if opt.Share != "" && opt.Share != Equal {
			yield(record.Line{}, fmt.Errorf("share %q is not known; there is %q", opt.Share, Equal))
			return
		}
		a := &attribution{opt: opt, flying: flights{}, byKey: map[string]int{}, polls: map[string]*poll{}}
		for l, err := range lines {
			if err == nil {
				err = a.take(l)
			}
			if err != nil && !yield(record.Line{}, err) {
				return
			}
			a.advance()
			if !a.release(yield) {
				return
			}
		}
		a.drain()
		if a.release(yield) {
			a.close(yield)
		}
	}
}

const (
	minSlack = 1.0  // s
	maxSlack = 30.0 // s
	// prelude is how many readings of a GPU are kept before the first request.
	prelude = 1 << 14
)

// An attribution is the state of one Attribute.
type attribution struct {
	opt    Options
	ledger ledger
	byKey  map[string]int // index in ledger.gpus
	flying flights
	events events
	queue  queue
	polls  map[string]*poll // by source

	now      record.Time // the latest time of a line
	lag      float64     // the longest time from an event to its line, s
	loaded   bool        // a begin or a request was seen
	requests int
	orphans  int // requests without a begin
	late     int
	last     record.Time // of the last line yielded
}

// A poll is how often a source is asked.
type poll struct {
	last     record.Time
	interval sample
}

// take looks at a line and puts it into the queue. The error is a LineError.
func (a *attribution) take(l record.Line) error {
	a.now = max(a.now, l.Time)
	var f *flight
	var err error
	switch l.Type {
	case record.TypeBegin:
		err = a.takeBegin(l)
	case record.TypeRequest:
		f, err = a.takeRequest(l)
	case record.TypeGPU:
		err = a.takeGPU(l)
	case record.TypeScrape:
		err = a.takeScrape(l)
	case record.TypeEnd:
		err = a.takeEnd(l)
	case record.TypeEnergy:
		if len(a.ledger.gpus) > 0 && a.requests > 0 {
			return nil // of an earlier merge; there will be new ones
		}
	}
	a.queue.push(l, f)
	return err
}

// asked is the median interval at which the source of g was asked, seconds; 0
// if that is not known.
func (a *attribution) asked(g *gpu) float64 {
	p, ok := a.polls[g.active.name]
	if !ok {
		return 0
	}
	m, _ := p.interval.quantile(0.5)
	return m
}

// never is before all instants, ever behind them.
const (
	never record.Time = math.MinInt64
	ever  record.Time = math.MaxInt64
)

// settled is the instant up to which everything is known: the latest reading
// of every GPU that is not lost, and no later than slack ago, for a request is
// written a moment after it has started or ended. The slack is learnt from how
// long that moment was until now.
func (a *attribution) settled() record.Time {
	slack := min(max(minSlack, 2*a.lag), maxSlack)
	h := a.now.Add(-slack)
	if due := len(a.events.list) > 0 && a.events.list[0].t <= h; !due && h.Sub(a.ledger.now) < 1 {
		return never // nothing to do: don't ask every GPU for every line
	}
	if a.orphans > 0 || !a.loaded && !a.full() {
		return never
	}
	for _, g := range a.ledger.gpus {
		if g.lost {
			continue
		}
		last := g.curve[g.main].last().t
		if last >= h {
			continue
		}
		if a.now.Sub(last) > g.patience(a.opt.MaxGap) {
			g.lost = true
			continue
		}
		h = last
	}
	return h
}

// full tells whether as many readings as are kept before the first request
// have come in.
func (a *attribution) full() bool {
	for _, g := range a.ledger.gpus {
		if len(g.curve[g.main].knots) > prelude {
			return true
		}
	}
	return false
}

func (a *attribution) advance() {
	h := a.settled()
	if h == never {
		return
	}
	a.play(h)
	a.ledger.to(h)
}

// play lets the events until h happen.
func (a *attribution) play(h record.Time) {
	for {
		e, ok := a.events.due(h)
		if !ok {
			return
		}
		if e.t < a.ledger.now && !e.f.late {
			e.f.late = true
			a.late++
		}
		if e.end {
			a.ledger.finish(e.f)
		} else {
			a.ledger.begin(e.f)
		}
	}
}

// drain plays what is left when no more lines will come.
func (a *attribution) drain() { a.play(ever) }

func (a *attribution) tell(level, code, format string, args ...any) {
	if a.opt.Note != nil {
		n := record.Note{Level: level, Code: code, Message: fmt.Sprintf(format, args...)}
		n.Time = a.now
		a.opt.Note(n)
	}
}
