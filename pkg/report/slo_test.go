package report

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"aiperf/pkg/expr"
	"aiperf/pkg/record"
)

// judged are the verdicts on a stream.
func judged(t *testing.T, stream string, slos ...string) *Report {
	t.Helper()
	var opt Options
	for _, s := range slos {
		o, err := ParseSLO(s)
		if err != nil {
			t.Fatal(err)
		}
		opt.SLOs = append(opt.SLOs, o)
		opt.Percentiles = append(opt.Percentiles, o.Percentiles()...)
	}
	return reportOn(opt, stream, func(err error) { t.Fatal(err) })
}

const energyLine = at + `"type":"energy","v":1,"scope":"total","gpus":1,"phase":"profiling","from":"2026-11-23T12:00:00.000000000Z","to":"2026-11-23T12:00:02.000000000Z","took":2,"energy":80,"readings":3,"verdict":"valid","reasons":[]}` + "\n"

func TestSLO(t *testing.T) {
	t.Parallel()
	hot := strings.ReplaceAll(strings.ReplaceAll(gpuLine, "u0", "u1"), "300", "400")
	hot = strings.Replace(hot, `"gpu":0`, `"gpu":1`, 1)
	stream := good + single + failed + gpuLine + hot + energyLine
	for _, c := range []struct {
		why, slo string
		want     string // a line each: name, value, margin, verdict
	}{
		{"a percentile", "ttft.p50 < 1s", "ttft.p50 0.75 0.25 met"},
		{"one beyond the usual ones", "ttft.p99.9 < 900ms", "ttft.p99.9 0.9995 -0.11 missed"},
		{"errors are the error share", "errors < 40%", "errors 0.3333 0.17 met"},
		{"a single value may have avg", "energy_per_output_token.avg < 17J", "energy_per_output_token.avg 16 0.059 met"},
		{"the unit per token may be said", "energy_per_output_token < 1mJ/token", "energy_per_output_token 16 -1.6e+04 missed"},
		{"a verdict of the join", "energy.valid == true", "energy.valid NaN NaN met"},
		{"each comparison has its verdict", "latency.max < 1s and 0.1 < request_throughput", "latency.max 2 -1 missed; request_throughput 1 9 met"},
		{"the hottest GPU counts for a ceiling", "gpu.power_usage.max < 350", "gpu.power_usage.max 400 -0.14 missed on n1 | GPU 1 | H100"},
		{"and the coldest for a floor", "gpu.power.avg >= 200W", "gpu.power.avg 300 0.5 met on n1 | GPU 0 | H100"},
		{"anything else has one verdict", "errors < 1% or latency.avg < 10s", "errors < 1% or latency.avg < 10s NaN NaN met"},
		{"what was not measured is missed", "ttfo.p1 < 1h and gpu.temperature.max < 85", "ttfo.p1 0.505 1 met; gpu.temperature.max NaN NaN missed: gpu.temperature.max was not measured: n1 | GPU 0 | H100 does not report temperature on n1 | GPU 0 | H100"},
		{"even under a not", "not gpu.temperature.max > 85", "not gpu.temperature.max > 85 NaN NaN missed: gpu.temperature.max was not measured: n1 | GPU 0 | H100 does not report temperature on n1 | GPU 0 | H100"},
		{"goodput needs to be defined", "goodput > 1", "goodput NaN NaN missed: goodput was not measured: say with --goodput what a good request is"},
	} {
		var list []string
		for _, v := range judged(t, stream, c.slo).Verdicts {
			s := fmt.Sprintf("%s %.4g %.2g missed", v.Name, v.Value, v.Margin)
			if v.Met {
				s = strings.TrimSuffix(s, "missed") + "met"
			}
			if v.Why != "" {
				s += ": " + v.Why
			}
			if v.GPU != "" {
				s += " on " + v.GPU
			}
			list = append(list, s)
		}
		if got := strings.Join(list, "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.why, got, c.want)
		}
	}
}

func TestSLOUnmeasured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, stream, slo, want string }{
		{"no stream", whole, "ttft.avg < 1s", "none of the 1 successful request has what it is made of"},
		{"no success", failed, "latency.avg < 1s", "no request succeeded"},
		{"no requests", gpuLine, "latency.avg < 1s", "there are no requests"},
		{"no readings", good, "gpu.temperature.max < 85", "there are no GPU readings"},
		{"no join", good, "energy_per_output_token < 40mJ", "aiperf-merge"},
		{"no verdict of a join", good, "energy.valid == true", "aiperf-merge"},
		{"failures make it infinite", failed + failed + good, "adj_time_to_first_token.p99 < 1h", "not measured"},
	} {
		r := judged(t, c.stream, c.slo)
		if v := r.Verdicts; len(v) != 1 || v[0].Met || len(r.Missed()) != 1 || !strings.Contains(v[0].Why, c.want) && !math.IsInf(v[0].Value, 1) {
			t.Errorf("%s: %+v, want a miss with %q", c.why, v, c.want)
		}
	}
}

func TestSLOErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text string
		at        int
		want      string
	}{
		{"no such metric", "tttf.p99 < 1s", 0, `there is no metric "tttf"`},
		{"a word of its name", "errors < 1% and concurrency.avg < 3", 16, "effective_concurrency"},
		{"no statistic", "ttft < 200ms", 0, "as in ttft.avg or ttft.p99"},
		{"no such statistic", "ttft.q99 < 200ms", 0, `ttft has no "q99"`},
		{"a statistic of a single value", "goodput.p99 > 3", 0, "is a single value and has no p99"},
		{"no unit", "ttft.p99 < 200", 11, "give it one, as in 200ms"},
		{"no unit of a share", "errors < 0.1", 9, "as in 5%"},
		{"no unit of an energy", "energy_per_output_token.avg < 40", 30, "as in 40mJ"},
		{"a wrong unit", "ttft.p99 < 40mJ", 11, "is in s, and this is in J"},
		{"a GPU without a field", "gpu < 3", 0, "gpu.FIELD.STAT"},
		{"a counter's percentile", "gpu.energy_consumption.p99 < 3J", 0, "is a counter"},
		{"no metric", "1 < 2", 0, "about no metric"},
		{"a strange percentile", "ttft.p101 < 1s", 0, `has no "p101"`},
	} {
		_, err := ParseSLO(c.text)
		var e *expr.Error
		if !errors.As(err, &e) || e.Offset != c.at || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error at %d that says %q", c.why, err, c.at, c.want)
		}
	}
	for _, s := range []string{"gpu.temperature.max < 85", "request_count >= 10", "benchmark_duration < 3", "average_gpu_power < 300", "gpu.\"made up\".max < 3", "gpu.power.time_weighted < 1kW"} {
		if _, err := ParseSLO(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// Every number of a report can be named, and its unit is known beforehand.
func TestNames(t *testing.T) {
	t.Parallel()
	goodput, err := ParseGoodput("request_latency:5000")
	if err != nil {
		t.Fatal(err)
	}
	b := Builder{Options: Options{Goodput: goodput}}
	load := at + `"type":"run","v":1,"run":"R","tool":"aiperf-load","config":{"concurrency":"2","fixed-schedule":"true"}}` + "\n"
	rich := strings.NewReplacer(`"took":2`, `"took":2,"late":0.1,"gpu":{"energy":3}`, `"out":4`, `"out":4,"reasoning":1,"cached":2,"asked":9`, `,"source":"usage"}}`,
		`,"source":"usage"},"bytes":{"sent":1,"received":2},"http":{"reused":false,"sent":0.1,"first_byte":0.2}}`).Replace(good)
	stopped := strings.Replace(failed, `"status","code":500`, `"cancelled"`, 1)
	long := strings.Replace(failed, `"took":1`, `"took":1,"tokens":{"in":3}`, 1)
	later := strings.Replace(rich, `"start":"2026-11-23T12:00:00.0`, `"start":"2026-11-23T12:00:00.5`, 1)
	for l, err := range record.Read(strings.NewReader(load+rich+later+single+failed+long+stopped+gpuLine+energyLine), "f") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := b.Report()
	seen := map[string]bool{}
	for _, m := range append(r.Metrics, r.Energy.Metrics...) {
		if m.Kind == Instant {
			continue
		}
		seen[m.Tag] = true
		path := []string{m.Tag, "avg"}
		n, err := ParseName(path)
		if err != nil || n.Unit != m.Unit {
			t.Errorf("%s is known in %+v, and is in %+v: %v", m.Tag, n.Unit, m.Unit, err)
		}
		if x, ok := r.Number(n, nil); ok && x != m.Value() {
			t.Errorf("%s is %v, want %v", m.Tag, x, m.Value())
		}
		if _, single := singleUnits[m.Tag]; single != (m.Kind == Single) {
			t.Errorf("%s: single %v, want %v", m.Tag, single, m.Kind == Single)
		}
	}
	if len(seen) < 75 {
		t.Errorf("only %d metrics were looked at", len(seen))
	}
	for _, e := range r.Energy.Metrics {
		if !energyTags[e.Tag] {
			t.Errorf("%s is not known as one of energy", e.Tag)
		}
	}
}
