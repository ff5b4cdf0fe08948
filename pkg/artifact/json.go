package artifact

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

// schemaVersion is that of AIPerf's file.
const schemaVersion = "1.5"

// first are the tags that AIPerf declares, in its order. Others follow by name.
var first = []string{
	"request_throughput", "request_latency", "request_count", "time_to_first_token", "time_to_second_token",
	"inter_token_latency", "output_token_throughput", "output_token_throughput_per_user", "output_sequence_length",
	"input_sequence_length", "goodput", "good_request_count", "output_token_count", "reasoning_token_count",
	"min_request_timestamp", "max_response_timestamp", "inter_chunk_latency", "total_output_tokens",
	"total_reasoning_tokens", "benchmark_duration", "total_isl", "total_osl",
}

// JSON writes r as profile_export_aiperf.json.
func JSON(w io.Writer, r *report.Report) error {
	var o object
	o.set("schema_version", schemaVersion)
	run := loadRun(r)
	o.text("aiperf_version", run.Version)
	o.text("benchmark_id", run.ID)
	for _, m := range declared(metrics(r)) {
		o.set(m.Tag, shown(m))
	}
	if len(r.GPUs) > 0 || len(r.Sources) > 0 {
		o.set("telemetry_data", telemetry(r))
	}
	if c := inputConfig(r, run); c != nil {
		o.set("input_config", c)
	}
	o.set("run_info", runInfo(run))
	o.set("was_cancelled", slices.ContainsFunc(r.Runs, func(x report.Run) bool {
		return x.Tool != "aiperf-scrape" && x.End == record.Interrupted
	}))
	o.set("error_summary", errorSummary(r))
	if r.Window != nil {
		o.set("start_time", naive(r.Window.From))
		o.set("end_time", naive(r.Window.To))
	}
	if len(r.Warmup) > 0 {
		warm := object{}
		for _, m := range declared(slices.Clone(r.Warmup)) {
			warm.set(m.Tag, shown(m))
		}
		o.set("warmup_metrics", warm)
	}
	ours(&o, r)
	return o.write(w)
}

// metrics are those of requests, and of energy under their platform's names.
func metrics(r *report.Report) []report.Metric {
	list := slices.Clone(r.Metrics)
	if r.Energy == nil {
		return list
	}
	for _, m := range r.Energy.Metrics {
		if m.Kind == report.Single {
			m.Tag = prefix(platform(r)) + m.Tag
			list = append(list, m)
		}
	}
	return list
}

// declared puts metrics into the order of AIPerf's file.
func declared(list []report.Metric) []report.Metric {
	rank := func(m report.Metric) int {
		if i := slices.Index(first, m.Tag); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(list, func(a, b report.Metric) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Tag, b.Tag))
	})
	return list
}

// shown is a metric in AIPerf's form and units.
func shown(m report.Metric) object { return summary(m.Unit.Shown, m.Shown(), m) }

// summary is a metric in AIPerf's form.
func summary(unit string, s stat.Summary, m report.Metric) object {
	o := object{{"unit", unit}}
	switch m.Kind {
	case report.Instant:
		o.set("avg", int64(m.Time))
	case report.Single:
		o.number("avg", s.Mean)
	case report.Weighted:
		statistics(&o, s)
	default:
		distribution(&o, s)
	}
	return o
}

func distribution(o *object, s stat.Summary) {
	statistics(o, s)
	o.set("count", s.N)
	o.number("sum", s.Sum)
}

// statistics leaves out what a distribution does not have.
func statistics(o *object, s stat.Summary) {
	o.number("avg", s.Mean)
	for _, p := range s.Points() {
		o.number(fmt.Sprintf("p%g", p.Percent), p.Value)
	}
	o.number("min", s.Min)
	o.number("max", s.Max)
	o.number("std", s.Std)
}

// loadRun is the run that sent the requests; if there is none, the first one.
func loadRun(r *report.Report) report.Run {
	for _, x := range r.Runs {
		if x.Tool != "aiperf-scrape" {
			return x
		}
	}
	if len(r.Runs) > 0 {
		return r.Runs[0]
	}
	return report.Run{}
}

func runInfo(run report.Run) object {
	var o object
	o.text("benchmark_id", run.ID)
	if run.Seed != nil {
		o.set("random_seed", *run.Seed)
	}
	var words []string
	for _, w := range run.Command {
		words = append(words, quote(w))
	}
	o.text("cli_command", strings.Join(words, " "))
	if o == nil {
		o = object{}
	}
	return o
}

// quote is w as a POSIX shell takes it.
func quote(w string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

func errorSummary(r *report.Report) []object {
	list := []object{}
	for _, e := range slices.Concat(r.Errors, r.Stopped) {
		d := failureOut(&record.Error{Class: e.Class, Code: e.Code, Message: e.Message})
		list = append(list, object{{"error_details", d}, {"count", e.Count}})
	}
	return list
}

// naive is an instant in UTC without saying so.
func naive(t record.Time) string { return t.Time().Format("2006-01-02T15:04:05.000000") }
