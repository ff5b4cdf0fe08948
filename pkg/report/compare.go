package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"aiperf/pkg/stat"
)

// Level is that of confidence of the intervals of a comparison.
const Level = 0.95

// A Side of a comparison has a Builder a run, all with the same options.
type Side struct {
	Names []string // of the runs
	Runs  []*Builder

	reports []*Report
	series  map[string]*stat.Series
}

// A Comparison tells what changed between two sides.
type Comparison struct {
	Names   [2][]string // of the runs of old and new
	Runs    bool        // intervals are over runs, and not over requests
	Changes []Change
	Limits  []Limit // the verdicts on those that were asked for
	Notes   []Note  // what else differs between both sides
}

// What became of a number.
const (
	Better    = "better"
	Worse     = "worse"
	Changed   = "changed" // and neither is better
	Same      = "same"    // no difference was found
	Undecided = "too little data"
)

// A Change is what became of one number.
type Change struct {
	Name   Name
	Header string // of the metric
	Larger bool   // more is better
	stat.Comparison
	Verdict string
	// Sure says that the change is found even if all numbers of the table are taken
	// together, one of which may always look changed by chance.
	Sure bool
}

// Compare tells what changed from old to new: the numbers of the usual metrics,
// and those that the limits are about. With [stat.LeastRuns] runs on each side
// the unit is the run, and else the request; see [stat.Compare].
func Compare(old, new *Side, percentiles []float64, limits []FailIf) *Comparison {
	old.Reports()
	new.Reports()
	c := &Comparison{Names: [2][]string{old.Names, new.Names}}
	c.Runs = len(old.Runs) >= stat.LeastRuns && len(new.Runs) >= stat.LeastRuns
	for _, n := range compared(percentiles) {
		if old.has(n.Tag) || new.has(n.Tag) {
			c.Changes = append(c.Changes, c.change(n, old, new))
		}
	}
	c.together()
	for _, l := range limits {
		c.Limits = append(c.Limits, l.judge(c.change(l.name, old, new)))
	}
	c.Notes = differences(old, new)
	return c
}

// Reports are those on the runs. Nothing may be added to the Builders afterwards.
func (s *Side) Reports() []*Report {
	if s.series == nil {
		s.series = map[string]*stat.Series{}
		for _, b := range s.Runs {
			s.reports = append(s.reports, b.Report())
		}
	}
	return s.reports
}

// compared are the numbers of a table.
func compared(percentiles []float64) []Name {
	if len(percentiles) == 0 {
		percentiles = []float64{50, 99}
	}
	var list []Name
	add := func(tag, which string) {
		n, err := ParseName([]string{tag, which})
		if err == nil {
			list = append(list, n)
		}
	}
	for _, tag := range []string{"time_to_first_token", "request_latency", "inter_token_latency", "inter_chunk_latency"} {
		add(tag, "avg")
		for _, p := range percentiles {
			add(tag, fmt.Sprintf("p%g", p))
		}
	}
	for _, tag := range []string{"output_token_throughput_per_user", "output_token_throughput", "request_throughput", "goodput", "request_error_rate",
		"output_sequence_length", "input_sequence_length", "energy_per_output_token", "energy_per_request", "average_gpu_power"} {
		add(tag, "avg")
	}
	return list
}

func (s *Side) has(tag string) bool {
	return slices.ContainsFunc(s.reports, func(r *Report) bool { _, ok := r.Metric(tag); return ok })
}

// neither are metrics of which more is neither better nor worse.
var neither = []string{"output_sequence_length", "input_sequence_length", "benchmark_duration", "request_count", "output_token_count", "effective_concurrency"}

// change compares one number.
func (c *Comparison) change(n Name, old, new *Side) Change {
	x := Change{Name: n}
	for _, s := range []*Side{new, old} {
		for _, r := range s.reports {
			if m, ok := r.Metric(n.Tag); ok && x.Header == "" {
				x.Header, x.Larger = m.Header, m.Larger
			}
		}
	}
	x.Comparison = c.measure(n, old, new)
	if energyTags[n.Tag] {
		x.doubt(old, new)
	}
	if _, ok := n.Percentile(); ok && n.Tag != "inter_chunk_latency" {
		x.blur(old, new)
	}
	x.judge()
	return x
}

// measure compares one number over runs or over requests.
func (c *Comparison) measure(n Name, old, new *Side) stat.Comparison {
	a, b := old.numbers(n), new.numbers(n)
	if len(a) >= stat.LeastRuns && len(b) >= stat.LeastRuns {
		return stat.Compare(runs(a), runs(b), stat.Mean, stat.Options{Level: Level})
	}
	nan := math.NaN()
	plain := stat.Comparison{Old: mean(a), New: mean(b), P: nan, ChangeIn: stat.Interval{Low: nan, High: nan}, RelativeIn: stat.Interval{Low: nan, High: nan}}
	plain.Change, plain.Relative = plain.New-plain.Old, plain.New/plain.Old-1
	for i, s := range []*Side{old, new} {
		if len([2][]float64{a, b}[i]) == 0 {
			plain.TooLittle = [2]string{"old: ", "new: "}[i] + s.reports[0].reason(n, nil)
			return plain
		}
	}
	x, y := old.values(n.Tag), new.values(n.Tag)
	p, percentile := n.Percentile()
	if old.sketched() || new.sketched() || x.Len() == 0 || y.Len() == 0 || !percentile && n.Stat != "avg" && n.Stat != "" {
		why := "it is one number a run"
		switch {
		case old.sketched() || new.sketched():
			why = "requests were not kept one by one (more --max-memory does)"
		case n.Tag == "inter_chunk_latency" && x.Len()*y.Len() == 0:
			why = "there are too many gaps to keep them one by one"
		}
		plain.TooLittle = fmt.Sprintf("%s, and %d runs on each side are needed", why, stat.LeastRuns)
		return plain
	}
	if percentile {
		return stat.Compare(x, y, stat.Percentile(p), stat.Options{Level: Level})
	}
	return stat.Compare(x, y, stat.Mean, stat.Options{Level: Level})
}

func runs(x []float64) *stat.Series {
	list := make([][]float64, len(x))
	for i := range x {
		list[i] = x[i : i+1]
	}
	return stat.NewSeries(list...)
}

func mean(x []float64) float64 { return stat.Summarize(x, stat.Sample).Mean }

// numbers is what each run has, as far as it does.
func (s *Side) numbers(n Name) []float64 {
	var list []float64
	for _, r := range s.reports {
		if x, ok := r.Number(n, nil); ok && !math.IsInf(x, 0) {
			list = append(list, x)
		}
	}
	return list
}

func (s *Side) values(tag string) *stat.Series {
	if s.series[tag] == nil {
		var list [][]float64
		for i, b := range s.Runs {
			list = append(list, withIdle(b.Values(tag), tag, s.reports[i]))
		}
		s.series[tag] = stat.NewSeries(list...)
	}
	return s.series[tag]
}

// sketched tells whether requests were not kept one by one.
func (s *Side) sketched() bool {
	return slices.ContainsFunc(s.Runs, func(b *Builder) bool { return b.requests.digests != nil })
}

// withIdle are values whose mean is the run's energy by something, idle energy
// included, where that of x is what requests were charged.
func withIdle(x []float64, tag string, r *Report) []float64 {
	m, ok := r.Metric(tag)
	charged := mean(x)
	if !energyTags[tag] || !ok || m.Kind != Single || !(charged > 0) {
		return x
	}
	for i := range x {
		x[i] *= m.Value() / charged
	}
	return x
}

// doubt makes the intervals of an energy as wide as its error may be. Between runs
// that error is in what differs from run to run. An energy that is not valid is
// none.
func (x *Change) doubt(old, new *Side) {
	off := [2]float64{}
	for i, s := range []*Side{old, new} {
		for _, r := range s.reports {
			switch {
			case r.Energy == nil:
			case !r.Energy.Valid():
				x.none([2]string{"old: ", "new: "}[i] + "the energy is not to be trusted: " + reasons(r.Energy.Total.Reasons))
				return
			case amount(r.Energy.Total.Energy) > 0:
				off[i] = max(off[i], amount(r.Energy.Total.PlusMinus)/amount(r.Energy.Total.Energy))
			}
		}
	}
	if x.Runs || x.TooLittle != "" {
		return
	}
	x.widen(off)
}

// blur makes the intervals of a percentile as wide as sketches may be off. Those of
// several runs are off alike, which what differs from run to run does not show.
func (x *Change) blur(old, new *Side) {
	off := [2]float64{}
	for i, s := range []*Side{old, new} {
		if s.sketched() {
			off[i] = sketchError
		}
	}
	if off[0]+off[1] > 0 && x.TooLittle == "" {
		x.widen(off)
	}
}

// widen makes the intervals as wide as it takes if the old and the new number are
// off by such shares.
func (x *Change) widen(off [2]float64) {
	found := x.Differs()
	abs := math.Abs(x.Old)*off[0] + math.Abs(x.New)*off[1]
	x.ChangeIn.Low, x.ChangeIn.High = x.ChangeIn.Low-abs, x.ChangeIn.High+abs
	low, high := (1-off[1])/(1+off[0]), (1+off[1])/max(1-off[0], 1e-9)
	x.RelativeIn.Low, x.RelativeIn.High = (1+x.RelativeIn.Low)*low-1, (1+x.RelativeIn.High)*high-1
	if found && !x.Differs() {
		x.P = math.NaN() // that of what was read, which is not to be told from its error
	}
}

// none takes what a comparison says away.
func (x *Change) none(why string) {
	nan := math.NaN()
	x.TooLittle, x.P = why, nan
	x.ChangeIn, x.RelativeIn = stat.Interval{Low: nan, High: nan}, stat.Interval{Low: nan, High: nan}
}

func (x *Change) judge() {
	switch {
	case x.TooLittle != "":
		x.Verdict = Undecided
	case !x.Differs():
		x.Verdict = Same
	case slices.Contains(neither, x.Name.Tag) || x.Name.Stat == "count" || x.Name.Stat == "std":
		x.Verdict = Changed
	case (x.Change > 0) == x.Larger:
		x.Verdict = Better
	default:
		x.Verdict = Worse
	}
}

// together finds the changes that are sure among all, by the step-down method of
// S. Holm, "A simple sequentially rejective multiple test procedure",
// Scandinavian Journal of Statistics 6 (1979).
func (c *Comparison) together() {
	var list []*Change
	for i := range c.Changes {
		if x := &c.Changes[i]; x.TooLittle == "" && x.P == x.P {
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b *Change) int { return cmp.Compare(a.P, b.P) })
	for i, x := range list {
		if x.P*float64(len(list)-i) > 1-Level {
			return
		}
		x.Sure = x.Differs()
	}
}
