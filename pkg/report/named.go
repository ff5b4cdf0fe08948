package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/expr"
	"aiperf/pkg/stat"
)

// aliases are short names of metrics.
var aliases = map[string]string{
	"ttft": "time_to_first_token", "ttst": "time_to_second_token", "ttfo": "time_to_first_output_token",
	"itl": "inter_token_latency", "tpot": "inter_token_latency", "icl": "inter_chunk_latency",
	"latency": "request_latency", "e2e": "request_latency", "e2el": "request_latency",
	"isl": "input_sequence_length", "osl": "output_sequence_length",
	"rps": "request_throughput", "tps": "output_token_throughput", "errors": "request_error_rate",
	"energy": "total_gpu_energy", "power": "average_gpu_power",
}

// fieldAliases are short names of GPU fields.
var fieldAliases = map[string]string{
	"power": "power_usage", "energy": "energy_consumption", "utilization": "gpu_utilization", "memory": "memory_used",
}

// singleUnits are the units of the metrics that have one value.
var singleUnits = map[string]Unit{
	"output_token_throughput": TokensPerSec, "input_token_throughput": TokensPerSec, "total_token_throughput": TokensPerSec,
	"request_throughput": RequestsPerSec, "goodput": RequestsPerSec, "achieved_request_rate": RequestsPerSec,
	"benchmark_duration": Seconds, "request_error_rate": Percent, "good_request_fraction": Ratio,
	"completed_request_count": Requests, "error_request_count": Requests, "cancelled_request_count": Requests, "request_count": Requests,
	"good_request_count": Requests, "osl_mismatch_count": Requests,
	"total_isl": Tokens, "total_osl": Tokens, "total_output_tokens": Tokens, "total_reasoning_tokens": Tokens, "total_error_isl": Tokens,
	"total_usage_prompt_tokens": Tokens, "total_usage_prompt_cache_read_tokens": Tokens, "total_usage_completion_tokens": Tokens,
	"total_usage_reasoning_tokens": Tokens, "total_usage_total_tokens": Tokens, "overall_usage_prompt_cache_read_pct": Percent,
	"replay_sched_lag_p50": Milliseconds, "replay_sched_lag_p90": Milliseconds, "replay_sched_lag_p99": Milliseconds, "replay_sched_degraded": Count,

	"energy_delay_product": JouleSeconds, "performance_per_watt": RequestsPerWatt, "output_tps_per_watt": TokensPerWatt, "goodput_per_watt": GoodPerWatt,
	"average_gpu_power": Watts, "total_gpu_energy": Joules, "total_gpu_power": Watts,
	"energy_per_total_token": JoulesPerToken, "energy_per_output_token": JoulesPerToken, "energy_per_request": JoulesPerRequest,
	"output_tokens_per_joule": TokensPerJoule, "energy_per_user": JoulesPerUser,
}

// pooledUnits are the units of distributions that are not of [measures].
var pooledUnits = map[string]Unit{
	"inter_chunk_latency": Milliseconds, "error_isl": Tokens, "effective_concurrency": Requests,
	"effective_decode_throughput": TokensPerSec, "effective_prefill_throughput": TokensPerSec,
	"effective_decode_concurrency": Requests, "effective_prefill_concurrency": Requests, "effective_total_throughput": TokensPerSec,
	"effective_decode_throughput_per_user": TokensPerUser, "effective_prefill_throughput_per_user": TokensPerUser, "tokens_in_flight": Tokens,
	"active_decode_throughput": TokensPerSec, "active_prefill_throughput": TokensPerSec, "active_total_throughput": TokensPerSec,
	"active_decode_throughput_per_user": TokensPerUser, "active_prefill_throughput_per_user": TokensPerUser,
}

// A Name is that of a number of a report: METRIC.STAT with AIPerf's tags and
// short names such as ttft, METRIC alone if the metric is a single value,
// gpu.FIELD.STAT, or energy.valid.
type Name struct {
	Tag   string // of the metric, or the field's name in records
	Stat  string // "avg", "min", "max", "std", "sum", "count", "time_weighted" or "p" and a number; "valid"
	GPU   bool   // it is a GPU's
	Unit  Unit   // of the number
	Known bool   // false: a field of which nothing is known but its name
}

// String is the name in full.
func (n Name) String() string {
	s := n.Tag
	if n.GPU {
		s = "gpu." + s
	}
	if n.Stat == "" {
		return s
	}
	return s + "." + n.Stat
}

// Percentile is the percentile that n is; false if it is none.
func (n Name) Percentile() (float64, bool) {
	if len(n.Stat) < 2 || n.Stat[0] != 'p' {
		return 0, false
	}
	p, err := strconv.ParseFloat(n.Stat[1:], 64)
	return p, err == nil && p >= 0 && p <= 100 && p == p
}

// statistics are those of every distribution.
var statistics = []string{"avg", "min", "max", "std", "sum", "count"}

// ParseName understands the path of a name. The error says what is wrong with
// it, and what would be right.
func ParseName(path []string) (Name, error) {
	if path[0] == "gpu" {
		return gpuName(path[1:])
	}
	which := strings.Join(path[1:], ".")
	if which == "valid" && path[0] == "energy" {
		return Name{Tag: "energy", Stat: which, Known: true}, nil
	}
	tag := path[0]
	if full, ok := aliases[tag]; ok {
		tag = full
	}
	n := Name{Tag: tag, Stat: which, Known: true}
	if u, ok := singleUnits[tag]; ok {
		n.Unit, n.Stat = u, ""
		if which != "" && which != "avg" {
			return n, fmt.Errorf("%s is a single value and has no %s; write %s", tag, which, path[0])
		}
		return n, nil
	}
	u, ok := distributionUnit(tag)
	if !ok {
		return n, fmt.Errorf("there is no metric %q%s", path[0], like(path[0]))
	}
	n.Unit = u
	return n, n.check(path[0])
}

func gpuName(path []string) (Name, error) {
	if len(path) == 0 {
		return Name{}, fmt.Errorf("gpu is no number; write gpu.FIELD.STAT, as in gpu.temperature.max")
	}
	field := path[0]
	if full, ok := fieldAliases[field]; ok {
		field = full
	}
	f := FieldNamed(field)
	n := Name{Tag: field, Stat: strings.Join(path[1:], "."), GPU: true, Unit: f.Unit, Known: f.Unit.Base != "" || !f.Quiet}
	if n.Stat == "" && f.Counter {
		return n, nil
	}
	if f.Counter && n.Stat != "avg" {
		return n, fmt.Errorf("%s is a counter, of which there is the increase alone; write gpu.%s", path[0], path[0])
	}
	if n.Stat == "time_weighted" {
		return n, nil
	}
	return n, n.check("gpu." + path[0])
}

// check holds the statistic to what there is. The metric is called as it was
// written.
func (n *Name) check(written string) error {
	_, percentile := n.Percentile()
	switch {
	case n.Stat == "":
		return fmt.Errorf("%s is a distribution; write which number of it is meant, as in %s.avg or %s.p99", written, written, written)
	case n.Stat == "count":
		n.Unit = Count
	case n.Stat == "p":
		return fmt.Errorf("p wants a number, as in %s.p99", written)
	case !percentile && !slices.Contains(statistics, n.Stat):
		return fmt.Errorf("%s has no %q; it has %s and percentiles such as p99 and p99.9", written, n.Stat, strings.Join(statistics, ", "))
	}
	return nil
}

func distributionUnit(tag string) (Unit, bool) {
	if u, ok := pooledUnits[tag]; ok {
		return u, true
	}
	bare, adjusted := strings.CutPrefix(tag, "adj_")
	if adjusted && !slices.Contains(adjustable, bare) {
		return Unit{}, false
	}
	for _, list := range [][]measure{measures, charged} {
		for _, m := range list {
			if m.tag == bare {
				return m.unit, true
			}
		}
	}
	return Unit{}, false
}

// like names the metrics that have a word of the wrong name, or all short ones.
func like(wrong string) string {
	var list []string
	for _, m := range []map[string]Unit{singleUnits, pooledUnits} {
		for tag := range m {
			list = append(list, tag)
		}
	}
	for _, m := range slices.Concat(measures, charged) {
		list = append(list, m.tag)
	}
	list = slices.DeleteFunc(list, func(tag string) bool { return !strings.Contains(tag, wrong) })
	if slices.Sort(list); len(list) == 0 || len(wrong) < 3 {
		list = keys(aliases)
	}
	return "; there are " + strings.Join(list[:min(len(list), 16)], ", ")
}

// Quantity is what a number may be compared with. A number without a unit will do
// where the unit that people are shown is the base unit.
func (n Name) Quantity() expr.Quantity {
	if !n.Known {
		return anyUnit
	}
	return expr.Quantity{Unit: n.Unit.Base, Bare: n.Unit.Factor == 1}
}

// Number is the value that n names; false if it was not measured. Those of GPUs
// are in g.
func (r *Report) Number(n Name, g *GPU) (float64, bool) {
	if n.GPU {
		if g == nil {
			return 0, false
		}
		f, ok := g.Field(n.Tag)
		switch {
		case !ok:
			return 0, false
		case n.Stat == "time_weighted":
			return known(f.Mean)
		case f.Counter:
			return known(f.Stat.Mean)
		}
		return n.of(f.Stat)
	}
	m, ok := r.Metric(n.Tag)
	if !ok || m.Kind == Instant {
		return 0, false
	}
	if m.Kind == Single {
		return known(m.Value())
	}
	return n.of(m.Stat)
}

// of is the statistic of s.
func (n Name) of(s stat.Summary) (float64, bool) {
	if s.N == 0 {
		return 0, false
	}
	switch n.Stat {
	case "avg":
		return known(s.Mean)
	case "min":
		return known(s.Min)
	case "max":
		return known(s.Max)
	case "std":
		return known(s.Std)
	case "sum":
		return known(s.Sum)
	case "count":
		return float64(s.N), true
	}
	p, _ := n.Percentile()
	return s.Percentile(p)
}
