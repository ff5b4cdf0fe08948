package join

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"aiperf/pkg/record"
)

// DefaultMaxGap is how many seconds without a new reading make an energy
// invalid.
const DefaultMaxGap = 3.0

// DefaultMaxSkew is how many seconds the instant of a reading may be off by in
// an energy that is trusted.
const DefaultMaxSkew = 0.1

// DefaultHeld is how many bytes of lines are held for the end of a request.
const DefaultHeld = 256 << 20

// Options of [Attribute]. The zero value is ready.
type Options struct {
	// MaxGap is the longest stretch without a new reading, in seconds, that an
	// energy may be trusted with; 0 is [DefaultMaxGap]. A request is told
	// nothing of its energy if a GPU was silent for longer, or for three of its
	// own refreshes if that is more.
	MaxGap float64
	// MaxSkew is the largest half-width of the instant of a reading, in seconds,
	// that an energy may be trusted with; 0 is [DefaultMaxSkew].
	MaxSkew float64
	// Share is the convention, one of [Shares]; "" is [Equal].
	Share string
	// Prefill and Decode are the weights of [Phase].
	Prefill, Decode float64
	// GPUs chooses the GPUs that some of the selectors match; all, if there are
	// none.
	GPUs []Selector
	// Lag is how many seconds the readings of a source follow what they tell of,
	// by its name: so much is taken off their instants.
	Lag map[string]float64
	// Resolution is the length of the slots, in seconds, that a timeline of
	// regimes has: notes of code [RegimeNote] among the lines. 0 is none.
	Resolution float64
	// Thresholds tell regimes apart; nil is [DefaultThresholds].
	Thresholds *Thresholds
	// From is where the stream was cut: of requests that started before it is not
	// known who else was in flight, so that they are told no energy and count as
	// others. 0 is nowhere.
	From record.Time
	// Held is how many bytes of lines are held for the weights of a request in
	// flight; one that takes longer weighs nothing. 0 is [DefaultHeld].
	Held int
	// Begins are the starts of requests that have no begin records.
	Begins Begins
	// Note is told what is worth telling; it may be nil. Codes: no-gpu,
	// no-requests, no-window, no-begin, no-tokens, no-overlap, lag, late, endless,
	// unfinished, unmatched, phases.
	Note func(record.Note)
}

func (o *Options) fill() error {
	if o.MaxGap <= 0 {
		o.MaxGap = DefaultMaxGap
	}
	if o.MaxSkew <= 0 {
		o.MaxSkew = DefaultMaxSkew
	}
	if o.Held <= 0 {
		o.Held = DefaultHeld
	}
	if o.Share == "" {
		o.Share = Equal
	}
	if o.Thresholds == nil {
		o.Thresholds = &DefaultThresholds
	}
	return o.checkShare()
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
// A line that cannot be true, for it speaks of an instant behind its own time or
// of a number beyond all measure, gives a LineError and is passed on, but nothing
// is taken from it. A request line like that only ends its request.
//
// A request without a begin record, in a stream that was filtered, is only
// known to have started when it has ended: from the first of these on, all
// lines are held until the end of the stream.
//
// Errors of the stream are passed on, as are those of lines that cannot be
// decoded, which are kept.
func Attribute(lines iter.Seq2[record.Line, error], opt Options) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		if err := opt.fill(); err != nil {
			yield(record.Line{}, err)
			return
		}
		a := newAttribution(opt)
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
	// prelude is how many readings are kept before the first request, of each of
	// up to eight GPUs and servers.
	prelude = 1 << 14
)

// An attribution is the state of one Attribute.
type attribution struct {
	opt     Options
	ledger  ledger
	byKey   map[string]int // index in ledger.gpus
	chooser chooser
	flying  flights
	events  events
	queue   queue
	sources map[string]*source // by what origin gives
	hosts   map[string]string  // by run
	origins map[[2]string]string
	lags    lags

	timeline timeline
	regimes  []*record.Note // of slots that are closed, and not yet told

	now       record.Time // the latest time of a line
	lag       float64     // the longest time from an event to its line, s
	loaded    bool        // a begin or a request was seen
	measured  bool        // a reading was seen, of a GPU that was chosen or not
	early     int         // readings that the ledger has not come to
	awaited   *gpu        // whose next reading settles more; nil is not known
	taken     int         // bytes of all lines
	seen      span        // of requests
	requests  int
	begun     int // of opt.Begins
	orphans   int // requests without a begin
	uncounted int // requests without tokens, if they matter
	late      int
	endless   int         // requests that weights were not waited for any more
	last      record.Time // of the last line yielded
}

func newAttribution(opt Options) *attribution {
	return &attribution{
		opt: opt, ledger: ledger{convention: opt.Share, from: opt.From}, chooser: chooser{selectors: opt.GPUs},
		lags: lags{from: opt.From}, timeline: timeline{step: opt.Resolution},
		byKey: map[string]int{}, flying: flights{}, sources: map[string]*source{}, hosts: map[string]string{}, origins: map[[2]string]string{}, seen: nothing,
	}
}

// take looks at a line and puts it into the queue. The error is a LineError.
func (a *attribution) take(l record.Line) error {
	a.now = max(a.now, l.Time)
	a.beginUntil(a.now)
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
	case record.TypeRun:
		err = a.takeRun(l)
	case record.TypeEnd:
		err = a.takeEnd(l)
	case record.TypeServer:
		err = a.ledger.servers.take(l)
		a.early++
	case record.TypeNote:
		if a.opt.Resolution > 0 && ofRegime(l) {
			return nil
		}
	case record.TypeEnergy:
		if a.measured && a.requests > 0 {
			return nil // of an earlier merge; there will be new ones
		}
	}
	a.taken += len(bare(l)) + perLine // merging again gives up the same requests
	a.queue.push(l, f)
	return err
}

// asked is the median interval at which the source of g was asked, seconds; 0
// if that is not known.
func (a *attribution) asked(g *gpu) float64 {
	p, ok := a.sources[g.active.name]
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
	due := len(a.events.list) > 0 && a.events.list[0].t <= h
	if !due && h.Sub(a.ledger.now) < 1 {
		return never // nothing to do: don't ask every GPU for every line
	}
	if a.orphans > 0 || !a.loaded && a.early <= prelude*min(max(1, len(a.ledger.gpus)+len(a.ledger.servers.list)), 8) {
		return never
	}
	if due && (a.blocked() || a.waits()) {
		return never
	}
	a.awaited = nil
	for _, g := range a.ledger.gpus {
		if g.lost {
			continue
		}
		last := g.curve[g.main].last().t
		switch {
		case last >= h:
		case a.overdue(g, last):
			g.lost = true
		default:
			h, a.awaited = last, g
		}
	}
	return a.ledger.servers.until(h, a.now, a.opt.MaxGap)
}

// blocked tells whether the next event is the start of a request whose weights
// are not known yet. It is not waited for beyond Options.Held.
func (a *attribution) blocked() bool {
	e := &a.events.list[0]
	if a.opt.Share == Equal || e.how != starts || e.f.ended || e.f.late {
		return false
	}
	if a.taken-e.f.came <= a.opt.Held {
		return true
	}
	a.endless++
	e.f.late = true // it has no weight, whatever its end will say
	return false
}

// waits tells whether the GPU that was waited for the last time still keeps the
// next event from happening, so that the others need not be asked.
func (a *attribution) waits() bool {
	if a.awaited == nil || a.awaited.lost {
		return false
	}
	last := a.awaited.curve[a.awaited.main].last().t
	return last < a.events.list[0].t && !a.overdue(a.awaited, last)
}

// overdue tells whether g, whose last reading is given, is not waited for.
func (a *attribution) overdue(g *gpu, last record.Time) bool {
	// Instants that a lag was taken off are always that much behind.
	return a.now.Sub(last)-max(0, a.opt.Lag[g.active.name]) > g.patience(a.opt.MaxGap)
}

func (a *attribution) advance() {
	h := a.settled()
	if h == never {
		return
	}
	h = a.play(h)
	a.slots(h)
	a.ledger.to(h)
	a.early = 0
}

// play lets the events until h happen, and gives the instant up to which
// everything has: the weights of a request are known when it has ended.
func (a *attribution) play(h record.Time) record.Time {
	for {
		if len(a.events.list) > 0 && h != ever {
			if a.blocked() && a.events.list[0].t <= h {
				return a.events.list[0].t
			}
		}
		e, ok := a.events.due(h)
		if !ok {
			return h
		}
		if e.t < a.ledger.now && !e.f.late {
			e.f.late = true
			a.late++
		}
		a.slots(e.t)
		switch e.how {
		case starts:
			a.ledger.begin(e.f)
			if a.opt.Resolution > 0 && e.t >= a.opt.From {
				a.timeline.start(a.ledger.stance())
			}
			a.lags.load(a.ledger.now, a.ledger.n)
		case changes:
			a.ledger.change(e.f)
		case ends:
			a.ledger.finish(e.f)
			a.lags.load(a.ledger.now, a.ledger.n)
			continue
		}
		if f := e.f; f.at+1 < len(f.steps) {
			a.events.add(f.steps[f.at].until, changes, f)
		}
	}
}

// drain plays what is left when no more lines will come.
func (a *attribution) drain() {
	a.beginUntil(ever)
	a.play(ever)
	a.cutSlot()
}

func (a *attribution) tell(level, code, format string, args ...any) {
	if a.opt.Note != nil {
		n := record.Note{Level: level, Code: code, Message: fmt.Sprintf(format, args...)}
		n.Time = a.now
		a.opt.Note(n)
	}
}
