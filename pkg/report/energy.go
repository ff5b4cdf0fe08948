package report

import (
	"math"
	"slices"
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
	return a.UUID == b.UUID && a.MIG == b.MIG && a.Host == b.Host && a.From == b.From && a.To == b.To && value(a.Energy) == value(b.Energy)
}

func value(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// finish is the energy of the report; nil without an energy record of all GPUs.
func (e *energies) finish(r *Report, q *requests) *Energy {
	if len(e.total) == 0 {
		return nil
	}
	f := &Energy{Total: e.total[0], GPUs: slices.Clone(e.gpus)}
	for _, t := range e.total[1:] {
		f.Total = plus(f.Total, t)
	}
	f.Metrics = f.metrics(r, q)
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
		others := value(a.Others) + value(b.Others)
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

// metrics are AIPerf's power and energy metrics, and what requests were
// charged. Average power is the energy over the time of its window.
func (e *Energy) metrics(r *Report, q *requests) []Metric {
	var t singles
	if p, ok := e.power(r.GPUs); ok {
		t.add("total_gpu_power", "Total GPU Power", Watts, 1, p)
	}
	total, d := value(e.Total.Energy), e.Total.Took
	if total > 0 && d > 0 {
		t.add("average_gpu_power", "Average GPU Power", Watts, 2, total/d)
		t.add("total_gpu_energy", "Total GPU Energy", Joules, 3, total)
		e.efficiency(&t, r, total, total/d)
	}
	for _, m := range charged {
		if s, ok := q.distribution(m.of); ok {
			t = append(t, Metric{Tag: m.tag, Header: m.header, Unit: m.unit, Order: m.order, Stat: s})
		}
	}
	return t
}

// charged is what a join charged each request.
var charged = []measure{
	{"request_energy", "Energy of a Request", Joules, 20, func(r *row) (float64, bool) { return known(r.energy) }},
	{"request_energy_per_output_token", "Energy per Output Token of a Request", JoulesPerToken, 21, func(r *row) (float64, bool) {
		return r.energy / float64(r.out), r.energy == r.energy && r.out > 0
	}},
}

func (e *Energy) efficiency(t *singles, r *Report, total, power float64) {
	of := func(tag string) float64 {
		m, _ := r.Metric(tag)
		return m.Value()
	}
	osl, isl, n := of("total_osl"), of("total_isl"), of("request_count")
	if osl > 0 {
		t.add("output_tokens_per_joule", "Output Tokens per Joule", TokensPerJoule, 4, osl/total)
		t.add("energy_per_output_token", "Energy per Output Token", JoulesPerToken, 5, total/osl)
		if isl > 0 {
			t.add("energy_per_total_token", "Energy per Total Token", JoulesPerToken, 6, total/(osl+isl))
		}
	}
	if n > 0 {
		t.add("energy_per_request", "Energy per Request", JoulesPerRequest, 7, total/n)
	}
	if x := of("request_throughput"); x > 0 {
		t.add("performance_per_watt", "Performance per Watt", RequestsPerWatt, 8, x/power)
	}
	if x := of("output_token_throughput"); x > 0 {
		t.add("output_tps_per_watt", "Output Tokens per Second per Watt", TokensPerWatt, 9, x/power)
	}
	if x := of("request_latency"); x > 0 && n > 0 {
		t.add("energy_delay_product", "Energy Delay Product", JouleSeconds, 10, total/n*x)
	}
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
