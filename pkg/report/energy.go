package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// energies are the energy records of the profiling phase.
type energies struct{ total, gpus []record.Energy }

func (e *energies) add(l record.Line) error {
	var r record.Energy
	if err := l.Decode(&r); err != nil {
		return err
	}
	if r.Phase != record.Profiling {
		return nil
	}
	list := &e.gpus
	if r.Scope == record.ScopeTotal {
		list = &e.total
	}
	// A stream that is read twice, as a part of another, says the same again.
	if !slices.ContainsFunc(*list, func(o record.Energy) bool { return same(o, r) }) {
		*list = append(*list, r)
	}
	return nil
}

func same(a, b record.Energy) bool {
	return a.UUID == b.UUID && a.MIG == b.MIG && a.Host == b.Host && a.From == b.From && a.To == b.To && amount(a.Energy) == amount(b.Energy)
}

func amount(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// finish is the energy of the report; nil without an energy record of all GPUs.
func (e *energies) finish(r *Report, v *view) *Energy {
	if len(e.total) == 0 {
		return nil
	}
	f := &Energy{Total: e.total[0], GPUs: slices.Clone(e.gpus)}
	for _, t := range e.total[1:] {
		f.Total = plus(f.Total, t)
	}
	f.Metrics = f.metrics(r, v)
	return f
}

// plus adds two totals, of two runs in one stream. The uncertainties add up as
// well, for nothing is known of how they hang together.
func plus(a, b record.Energy) record.Energy {
	add := func(x, y *float64) *float64 {
		if x == nil || y == nil {
			return nil
		}
		z := *x + *y
		return &z
	}
	s := a
	s.From, s.To, s.Took = min(a.From, b.From), max(a.To, b.To), a.Took+b.Took
	s.Energy, s.Counter, s.Integral = add(a.Energy, b.Energy), add(a.Counter, b.Counter), add(a.Integral, b.Integral)
	s.PlusMinus, s.Requests, s.Idle = add(a.PlusMinus, b.PlusMinus), add(a.Requests, b.Requests), add(a.Idle, b.Idle)
	if a.Others != nil || b.Others != nil {
		others := amount(a.Others) + amount(b.Others)
		s.Others = &others
	}
	s.GPUs = max(a.GPUs, b.GPUs)
	s.Readings = a.Readings + b.Readings
	if a.Source != b.Source {
		s.Source = "mixed"
	}
	if b.Verdict != record.Valid {
		s.Verdict = b.Verdict
	}
	s.Reasons = slices.Concat(a.Reasons, b.Reasons)
	slices.Sort(s.Reasons)
	s.Reasons = slices.Compact(s.Reasons)
	return s
}

// metrics are AIPerf's power and energy metrics, in its order, and what requests
// were charged. Average power is the energy over the time of its window.
func (e *Energy) metrics(r *Report, v *view) []Metric {
	var t singles
	total, d := amount(e.Total.Energy), e.Total.Took
	if total > 0 && d > 0 {
		e.perWatt(&t, r, total, total/d)
		t.add("average_gpu_power", "Average GPU Power", Watts, 720, total/d)
		t.add("total_gpu_energy", "Total GPU Energy", Joules, 730, total)
	}
	if p, ok := e.power(r.GPUs); ok {
		t.add("total_gpu_power", "Total GPU Power", Watts, 740, p)
	}
	if total > 0 && d > 0 {
		e.perThing(&t, r, total)
	}
	for _, m := range charged {
		if s, ok := v.of(m.tag); ok {
			t = append(t, Metric{Tag: m.tag, Header: m.header, Unit: m.unit, Order: m.order, Stat: s})
		}
	}
	return t
}

// charged is what a join charged each request.
var charged = []measure{
	{"request_energy", "Energy of a Request", Joules, TableMain, 20, false, value(colEnergy)},
	{"request_energy_per_output_token", "Energy per Output Token of a Request", JoulesPerToken, TableMain, 21, false, func(q *requests, i int) (float64, bool) {
		e, out := q.get(colEnergy, i), q.get(colOut, i)
		return e / out, e == e && out > 0
	}},
}

// perWatt are the metrics that average power divides, or that energy and time
// make together.
func (e *Energy) perWatt(t *singles, r *Report, total, power float64) {
	n, latency := r.value("request_count"), r.value("request_latency")
	if n > 0 && latency > 0 {
		t.add("energy_delay_product", "Energy Delay Product", JouleSeconds, 700, total/n*latency)
	}
	if x, ok := r.Metric("request_throughput"); ok {
		t.add("performance_per_watt", "Performance per Watt", RequestsPerWatt, 710, x.Value()/power).Larger = true
	}
	if x, ok := r.Metric("output_token_throughput"); ok {
		t.add("output_tps_per_watt", "Output Tokens per Second per Watt", TokensPerWatt, 712, x.Value()/power).Larger = true
	}
	if x, ok := r.Metric("goodput"); ok {
		t.add("goodput_per_watt", "Goodput per Watt", GoodPerWatt, 714, x.Value()/power).Larger = true
	}
}

// perThing are the metrics that divide the energy.
func (e *Energy) perThing(t *singles, r *Report, total float64) {
	osl, isl, n := r.value("total_osl"), r.value("total_isl"), r.value("request_count")
	if osl+isl > 0 {
		t.add("energy_per_total_token", "Energy per Total Token", JoulesPerToken, 745, total/(osl+isl))
	}
	if osl > 0 {
		t.add("energy_per_output_token", "Energy per Output Token", JoulesPerToken, 750, total/osl)
	}
	if n > 0 {
		t.add("energy_per_request", "Energy per Request", JoulesPerRequest, 755, total/n)
	}
	if osl > 0 {
		t.add("output_tokens_per_joule", "Output Tokens per Joule", TokensPerJoule, 760, osl/total).Larger = true
	}
	if users := r.concurrency(); users > 0 {
		t.add("energy_per_user", "Energy per User", JoulesPerUser, 765, total/float64(users))
	}
}

// value is that of a metric, 0 if there is none.
func (r *Report) value(tag string) float64 {
	m, _ := r.Metric(tag)
	return m.Value()
}

// concurrency is how many requests the load was told to keep in flight; 0 if it
// was not, or loads do not agree.
func (r *Report) concurrency() int {
	n := 0
	for _, run := range r.Runs {
		text, ok := run.Config["concurrency"].(string)
		if !ok {
			continue
		}
		c, err := strconv.Atoi(text)
		if err != nil || n != 0 && c != n {
			return 0
		}
		n = c
	}
	return n
}

// power is the sum of the mean power readings of the GPUs that the energy is
// about.
func (e *Energy) power(gpus []GPU) (float64, bool) {
	var sum stat.Sum
	any := false
	for _, g := range gpus {
		if g.MIG != "" || len(e.GPUs) > 0 && !slices.ContainsFunc(e.GPUs, func(x record.Energy) bool { return x.UUID == g.UUID && x.MIG == g.MIG }) {
			continue
		}
		if f, ok := g.Field(record.FieldPower); ok {
			sum.Add(f.Stat.Mean)
			any = true
		}
	}
	return sum.Value(), any
}

// reasons says in words why an energy is not valid.
func reasons(codes []string) string {
	words := map[string]string{
		"no-bracket": "readings do not reach over both edges of the window",
		"gap":        "readings stopped for too long inside the window",
		"reset":      "an energy counter went backwards",
		"gpu-lost":   "a GPU vanished",
		"mig":        "MIG instances share their GPU's power",
		"stale":      "readings are refreshed too seldom for so short a window",
		"no-success": "no request succeeded",
		"skew":       "it is not known well enough when readings were taken",
	}
	var list []string
	for _, c := range codes {
		if w := words[c]; w != "" {
			c += " (" + w + ")"
		}
		list = append(list, c)
	}
	return strings.Join(list, ", ")
}

// differs tells whether two lengths of time are not the same one.
func differs(a, b float64) bool { return math.Abs(a-b) > 1e-6*max(a, b, 1e-3) }
