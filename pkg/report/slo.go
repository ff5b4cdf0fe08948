package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aiperf/pkg/expr"
)

// An SLO is an objective for the numbers of a report, and not for single
// requests as an [Objective] is.
type SLO struct {
	*expr.Expr
	names []Name // of the names of Expr
}

// ParseSLO reads an objective in the language of package expr, with names as
// [ParseName] has them. Errors are of type *expr.Error.
func ParseSLO(s string) (SLO, error) {
	e, err := expr.Parse(s)
	if err != nil {
		return SLO{}, err
	}
	o := SLO{Expr: e}
	for _, n := range e.Names() {
		name, err := ParseName(n.Path)
		if err != nil {
			return SLO{}, &expr.Error{Expr: s, Offset: n.Offset, Message: err.Error()}
		}
		o.names = append(o.names, name)
	}
	if len(o.names) == 0 {
		return SLO{}, &expr.Error{Expr: s, Message: "this is about no metric", Hint: "as in ttft.p99 < 200ms"}
	}
	return o, e.Check(func(path []string) (expr.Quantity, bool) {
		n, err := ParseName(path)
		return n.Quantity(), err == nil
	})
}

// Percentiles are those that o is about, which a report must be asked for.
func (o SLO) Percentiles() []float64 {
	var list []float64
	for _, n := range o.names {
		if p, ok := n.Percentile(); ok {
			list = append(list, p)
		}
	}
	return list
}

// A Verdict is what became of an objective, or of one of several comparisons that
// it joins with and.
type Verdict struct {
	Objective string // as it was given
	Name      string // of what is compared; the objective if it is another thing than comparisons
	Op, Bound string // as they are written; empty as above
	Value     float64
	Text      string  // the value, if there is one that is no number
	Limit     float64 // the value of Bound
	Unit      Unit    // of both
	Margin    float64 // by which share of the limit the value is on the right side of it, below 0 on the wrong one
	GPU       string  // the one that is furthest off, of an objective for GPUs
	Met       bool
	Why       string // why there is no value; an objective for what was not measured is missed
}

// judge gives the verdicts on r. An objective for GPUs must hold for each of
// them.
func (r *Report) judge(list []SLO) []Verdict {
	var verdicts []Verdict
	for _, o := range list {
		if !slices.ContainsFunc(o.names, func(n Name) bool { return n.GPU }) || len(r.GPUs) == 0 {
			verdicts = append(verdicts, r.verdicts(o, nil)...)
			continue
		}
		var worst []Verdict
		for i := range r.GPUs {
			of := r.verdicts(o, &r.GPUs[i])
			if worst == nil {
				worst = of
				continue
			}
			for j := range of {
				if of[j].worse(worst[j]) {
					worst[j] = of[j]
				}
			}
		}
		verdicts = append(verdicts, worst...)
	}
	return verdicts
}

// worse tells whether v is further off than w.
func (v Verdict) worse(w Verdict) bool {
	switch {
	case v.Met != w.Met:
		return w.Met
	case (v.Why == "") != (w.Why == ""):
		return v.Why != ""
	}
	return v.Margin < w.Margin || v.Margin == w.Margin && v.off() > w.off()
}

func (v Verdict) off() float64 { return math.Abs(v.Value - v.Limit) }

// verdicts are those on o, with the numbers of one GPU.
func (r *Report) verdicts(o SLO, g *GPU) []Verdict {
	nan := math.NaN()
	resolve := func(path []string) (expr.Value, bool) {
		n, err := ParseName(path)
		if err != nil {
			return expr.Value{}, false
		}
		if n.Stat == "valid" {
			if r.Energy == nil {
				return expr.Value{}, false
			}
			return expr.Bool(r.Energy.Valid()), true
		}
		x, ok := r.Number(n, g)
		return expr.Number(x), ok
	}
	var who string
	if g != nil {
		who = g.Name()
	}
	comparisons, plain := o.Comparisons(resolve)
	if !plain {
		holds, missing := o.Eval(resolve)
		v := Verdict{Objective: o.Text(), Name: o.String(), Value: nan, Limit: nan, Margin: nan, GPU: who, Met: holds && missing == ""}
		if missing != "" {
			v.Why = r.why(o, missing, g)
		}
		return []Verdict{v}
	}
	var list []Verdict
	for _, c := range comparisons {
		v := Verdict{Objective: o.Text(), Name: c.Left, Op: c.Op, Bound: c.Right, Value: nan, Limit: nan, Margin: c.Margin, Met: c.Holds && c.Missing == ""}
		v.Unit = Unit{Factor: 1}
		if o.aboutGPUs(c) {
			v.GPU = who
		}
		if x, ok := c.Value.Number(); ok {
			v.Value = x
		} else if c.Missing == "" {
			v.Text = c.Value.String()
		}
		if x, ok := c.Bound.Number(); ok {
			v.Limit = x
		}
		for i, n := range o.Names() {
			if n.String() == c.Left {
				v.Unit = o.names[i].Unit
			}
		}
		if c.Missing != "" {
			v.Why = r.why(o, c.Missing, g)
		}
		list = append(list, v)
	}
	return list
}

// aboutGPUs tells whether a comparison in o is about GPUs.
func (o SLO) aboutGPUs(c expr.Comparison) bool {
	for i, n := range o.Names() {
		if o.names[i].GPU && (strings.Contains(c.Left, n.String()) || strings.Contains(c.Right, n.String())) {
			return true
		}
	}
	return false
}

// why says why there is no value of a name, as it is written.
func (r *Report) why(o SLO, written string, g *GPU) string {
	var n Name
	for i, x := range o.Names() {
		if x.String() == written {
			n = o.names[i]
		}
	}
	return written + " was not measured: " + r.reason(n, g)
}

// reason says why there is no value of n.
func (r *Report) reason(n Name, g *GPU) string {
	_, request := measureOf(n.Tag)
	_, energy := energyTags[n.Tag]
	switch {
	case n.GPU && g == nil:
		return "there are no GPU readings"
	case n.GPU && g.Readings == 0:
		return "there is no reading of " + g.Name() + " in the window"
	case n.GPU:
		return g.Name() + " does not report " + n.Tag
	case (energy || n.Tag == "energy") && r.Energy == nil:
		return "there are no records of energy; pipe the streams through aiperf-merge first"
	case energy && len(r.Options.Where) > 0:
		return "the energy of the whole run is not divided by the part that --where has left"
	case (n.Tag == "goodput" || n.Tag == "good_request_count" || n.Tag == "good_request_fraction" || n.Tag == "goodput_per_watt") && len(r.Options.Goodput) == 0:
		return "say with --goodput what a good request is"
	case r.Requests.OK+r.Requests.Failed == 0:
		if r.Requests.Cancelled > 0 {
			return "all requests were cancelled"
		}
		return "there are no requests"
	case r.Requests.OK == 0:
		return "no request succeeded"
	case !request && slices.ContainsFunc(r.Notes, func(n Note) bool { return n.Code == "sketch" }):
		return "there is no room for it within --max-memory"
	case request:
		return fmt.Sprintf("none of the %s has what it is made of", many(r.Requests.OK, "successful request"))
	}
	return "the records do not have what it is made of"
}

// energyTags are the metrics that come with records of energy.
var energyTags = map[string]bool{
	"energy_delay_product": true, "performance_per_watt": true, "output_tps_per_watt": true, "goodput_per_watt": true,
	"average_gpu_power": true, "total_gpu_energy": true, "total_gpu_power": true, "energy_per_total_token": true,
	"energy_per_output_token": true, "energy_per_request": true, "output_tokens_per_joule": true, "energy_per_user": true,
	"request_energy": true, "request_energy_per_output_token": true,
}

// Missed are the verdicts on what was not met.
func (r *Report) Missed() []Verdict {
	return slices.DeleteFunc(slices.Clone(r.Verdicts), func(v Verdict) bool { return v.Met })
}
