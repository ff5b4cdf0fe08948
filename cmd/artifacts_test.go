package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// artifacts is where runs of AIPerf are whose numbers must come out. They were
// made by tools/test-aiperf, which makes others and names them here.
func artifacts() string {
	if dir := os.Getenv("AIPERF_ARTIFACTS"); dir != "" {
		return dir
	}
	return "../pkg/artifact/testdata/aiperf-0.13"
}

// A summary is AIPerf's profile_export_aiperf.json, or ours.
type summary map[string]json.RawMessage

func (s summary) metric(tag string) map[string]float64 {
	var m map[string]any
	if json.Unmarshal(s[tag], &m) != nil {
		return nil
	}
	out := map[string]float64{}
	for k, v := range m {
		if x, ok := v.(float64); ok {
			out[k] = x
		}
	}
	return out
}

// isMetric tells whether a tag is one of a metric.
func (s summary) isMetric(tag string) bool {
	var m struct{ Unit *string }
	return json.Unmarshal(s[tag], &m) == nil && m.Unit != nil
}

func (s summary) time(t *testing.T, key string) record.Time {
	t.Helper()
	var text string
	if err := json.Unmarshal(s[key], &text); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999", text)
	if err != nil {
		t.Fatal(err)
	}
	return record.At(at)
}

// absent are AIPerf's metrics that the report does not have or that are about
// something else there, and why.
var absent = map[string]string{
	"effective_latency":        "AIPerf takes it to the end of the stream, behind the last content",
	"tokens_in_flight":         "as effective_",
	"context_overflow_count":   "an error is an error",
	"nvidia_energy_per_user":   "users are a setting of the load, which the files of requests do not tell",
	"http_req_sending":         "from the request's start, and not from when its first byte left",
	"http_req_waiting":         "from the request's end to the first byte; AIPerf's begins at the body's",
	"http_req_receiving":       "to the last content; AIPerf's to the last byte",
	"http_req_duration":        "the same",
	"http_req_total":           "the same",
	"http_req_chunks_sent":     "not in the records",
	"http_req_chunks_received": "not in the records",
	"osl_mismatch_diff_pct":    "the records have whole numbers of tokens that were asked for, found from it",
}

var absentPrefixes = map[string]string{
	"usage_": "counts of the server that AIPerf compares its own with", "total_usage_": "the same",
	"effective_": "over AIPerf's window, and to the end of the stream; tools/test-aiperf-report compares the computation",
	"active_":    "the same",
}

// withCancelled are metrics in which AIPerf counts what was cancelled on purpose
// as failed, or at all.
var withCancelled = []string{"credit_to_start_latency", "error_request_count", "total_error_isl", "completed_request_count", "request_error_rate", "error_isl"}

func isAbsent(tag string) bool {
	for p := range absentPrefixes {
		if strings.HasPrefix(tag, p) {
			return true
		}
	}
	return absent[tag] != ""
}

// rates are divided by AIPerf's window, from the beginning of its phase to its
// end, and by ours, from the first start to the last end.
var rates = []string{"request_throughput", "output_token_throughput", "input_token_throughput", "total_token_throughput"}

// energies follow from an energy, which AIPerf takes of its window and 666 ms
// behind it between the readings at hand, and we take of the requests' window,
// interpolated at its edges.
var energies = []string{"nvidia_total_gpu_energy", "nvidia_total_gpu_power", "nvidia_average_gpu_power", "nvidia_output_tokens_per_joule",
	"nvidia_energy_per_output_token", "nvidia_energy_per_total_token", "nvidia_energy_per_request", "nvidia_energy_delay_product",
	"nvidia_performance_per_watt", "nvidia_output_tps_per_watt"}

func TestArtifacts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real binaries")
	}
	t.Parallel()
	dir, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{"run", "failures"} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			in := filepath.Join(artifacts(), run)
			theirs := readSummary(t, filepath.Join(in, "profile_export_aiperf.json"))
			merged := pipe(t, nil, dir+"/aiperf-merge", "-q", in+"/profile_export.jsonl", in+"/gpu_telemetry_export.jsonl")
			var ours summary
			if err := json.Unmarshal(pipe(t, merged, dir+"/aiperf-report", "-q", "--format", "json"), &ours); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(ours["notes"], []byte(`"partial"`)) {
				t.Errorf("the report calls the run partial: %s", ours["notes"])
			}
			compareMetrics(t, theirs, ours)
			compareRates(t, theirs, ours)
			readings := gpuReadings(t, merged)
			compareGPUs(t, theirs, readings)
			compareEnergy(t, theirs, ours, readings)
		})
	}
}

func readSummary(t *testing.T, name string) (s summary) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func pipe(t *testing.T, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", c, err, &stderr)
	}
	return stdout.Bytes()
}

// compareMetrics compares all that is not known to differ, each statistic, to
// more digits than AIPerf prints.
func compareMetrics(t *testing.T, theirs, ours summary) {
	compared := 0
	for tag := range theirs {
		if !theirs.isMetric(tag) || isAbsent(tag) || slices.Contains(rates, tag) || slices.Contains(energies, tag) {
			continue
		}
		want, got := theirs.metric(tag), ours.metric(tag)
		stopped := ours.metric("cancelled_request_count")["avg"]
		if tag == "error_request_count" {
			got["avg"] += stopped
		} else if stopped > 0 && (slices.Contains(withCancelled, tag) || strings.HasPrefix(tag, "adj_")) {
			continue
		}
		within := func(x float64) float64 { return 1e-9 * math.Abs(x) }
		switch tag {
		case "benchmark_duration":
			within = func(float64) float64 { return 1e-6 } // AIPerf takes it of instants in float64, which have 256 ns
		case "credit_to_start_latency":
			within = func(float64) float64 { return 5e-4 } // the same
		}
		for stat, x := range want {
			y, ok := got[stat]
			tolerance := within(x)
			if stat == "sum" {
				tolerance *= max(1, want["count"])
			}
			if stat == "std" {
				tolerance = max(tolerance, 1e-6) // of equal numbers it is rounding
			}
			if !ok || math.Abs(x-y) > tolerance {
				t.Errorf("%s %s is %v (there: %v), and AIPerf's is %v", tag, stat, y, ok, x)
			}
			compared++
		}
	}
	if compared < 150 {
		t.Errorf("only %d numbers were compared", compared)
	}
	t.Logf("%d numbers are AIPerf's", compared)
}

func compareRates(t *testing.T, theirs, ours summary) {
	window := theirs.time(t, "end_time").Sub(theirs.time(t, "start_time"))
	d := theirs.metric("benchmark_duration")["avg"]
	for _, tag := range rates {
		want, got := theirs.metric(tag)["avg"], ours.metric(tag)["avg"]
		// AIPerf's instants are cut to microseconds here.
		if got == 0 || math.Abs(want*window-got*d) > 5e-6*want {
			t.Errorf("%s: %v in AIPerf's window of %v s is not %v in ours of %v s", tag, want, window, got, d)
		}
	}
}

func gpuReadings(t *testing.T, stream []byte) (list []record.GPU) {
	t.Helper()
	for s := bufio.NewScanner(bytes.NewReader(stream)); s.Scan(); {
		if !bytes.Contains(s.Bytes(), []byte(`"type":"gpu"`)) {
			continue
		}
		var g record.GPU
		if err := json.Unmarshal(s.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		list = append(list, g)
	}
	return list
}

// shown are the units that AIPerf shows base units in.
var shown = map[string]float64{"W": 1, "MJ": 1e-6, "%": 100, "GB": 1e-9, "°C": 1, "count": 1, "us": 1e6}

// compareGPUs summarises the records' readings as AIPerf does, from the begin
// of its phase to its last reading, and must get AIPerf's table.
func compareGPUs(t *testing.T, theirs summary, readings []record.GPU) {
	var data struct {
		Endpoints map[string]struct {
			GPUs map[string]struct {
				UUID    string                    `json:"gpu_uuid"`
				Metrics map[string]map[string]any `json:"metrics"`
			} `json:"gpus"`
		} `json:"endpoints"`
	}
	if err := json.Unmarshal(theirs["telemetry_data"], &data); err != nil {
		t.Fatal(err)
	}
	from := theirs.time(t, "start_time")
	compared := 0
	for _, e := range data.Endpoints {
		for _, g := range e.GPUs {
			for name, m := range g.Metrics {
				name = strings.TrimPrefix(name, "nvidia_")
				before, in := series(readings, g.UUID, name, from, math.MaxInt64)
				got := map[string]float64{}
				if m["count"] == nil {
					got["avg"] = increase(before, in)
				} else {
					got["avg"], got["std"], got["min"], got["max"], got["count"] = spread(in)
				}
				factor := shown[m["unit"].(string)]
				for stat, y := range got {
					x := m[stat].(float64)
					if stat != "count" {
						y *= factor
					}
					if math.Abs(x-y) > 1e-9*max(1, math.Abs(x)) {
						t.Errorf("%s of %s: %s is %v, and AIPerf's is %v", name, g.UUID, stat, y, x)
					}
					compared++
				}
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d numbers of GPUs were compared", compared)
	}
}

// series are the values of a field before and within a window.
func series(readings []record.GPU, uuid, name string, from, to record.Time) (before, in []float64) {
	for _, r := range readings {
		x, ok := r.Fields[name]
		switch {
		case r.UUID != uuid || !ok || r.Taken > to:
		case r.Taken < from:
			before = append(before, x)
		default:
			in = append(in, x)
		}
	}
	return before, in
}

// increase is AIPerf's difference of a counter.
func increase(before, in []float64) float64 {
	if len(in) == 0 {
		return 0
	}
	first := in[0]
	if len(before) > 0 {
		first = before[len(before)-1]
	}
	return max(0, in[len(in)-1]-first)
}

func spread(x []float64) (mean, std, least, most, n float64) {
	n = float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		std += (v - mean) * (v - mean) / (n - 1)
	}
	return mean, math.Sqrt(std), slices.Min(x), slices.Max(x), n
}

// compareEnergy finds AIPerf's energy from the records' readings by AIPerf's
// rule, and ours, of the requests' window, between the readings around its
// edges. What follows from an energy must follow in the same way.
func compareEnergy(t *testing.T, theirs, ours summary, readings []record.GPU) {
	from, to := theirs.time(t, "start_time"), theirs.time(t, "end_time")
	uuids := map[string]bool{}
	for _, r := range readings {
		uuids[r.UUID] = true
	}
	var energy, power float64
	for uuid := range uuids {
		energy += increase(series(readings, uuid, record.FieldEnergy, from, to.Add(0.666)))
		_, in := series(readings, uuid, record.FieldPower, from, to)
		mean, _, _, _, _ := spread(in)
		power += mean
	}
	same(t, "total_gpu_energy by AIPerf's rule", energy, theirs.metric("nvidia_total_gpu_energy")["avg"], 1e-6)
	same(t, "total_gpu_power by AIPerf's rule", power, theirs.metric("nvidia_total_gpu_power")["avg"], 1e-6)
	same(t, "average_gpu_power by AIPerf's rule", energy/to.Sub(from), theirs.metric("nvidia_average_gpu_power")["avg"], 1e-3)

	var e struct {
		Total record.Energy `json:"total"`
	}
	if err := json.Unmarshal(ours["energy"], &e); err != nil {
		t.Fatal(err)
	}
	total := *e.Total.Energy
	inner, outer := bounds(readings, uuids, e.Total.From, e.Total.To)
	if total < inner-1e-6 || total > outer+1e-6 {
		t.Errorf("the energy is %v J, but between the readings in the window it is %v, and between those around it %v", total, inner, outer)
	}
	n, osl, isl := ours.metric("request_count")["avg"], ours.metric("total_osl")["avg"], ours.metric("total_isl")["avg"]
	for tag, x := range map[string]float64{
		"nvidia_output_tokens_per_joule": osl / total,
		"nvidia_energy_per_output_token": 1000 * total / osl,
		"nvidia_energy_per_total_token":  1000 * total / (osl + isl),
		"nvidia_energy_per_request":      total / n,
		"nvidia_energy_delay_product":    total / n * ours.metric("request_latency")["avg"] / 1000,
		"nvidia_output_tps_per_watt":     osl / total,
	} {
		same(t, tag, ours.metric(tag)["avg"], x, 1e-6)
		// The formula is AIPerf's.
		same(t, tag+" of AIPerf's energy", theirs.metric(tag)["avg"], x*math.Pow(energy/total, sign(tag)), 1e-6)
	}
	t.Logf("energy: ours %.1f ± %.1f J over %.3f s, AIPerf's %.1f J over %.3f s", total, *e.Total.PlusMinus, e.Total.Took, energy, to.Sub(from))
}

// bounds are what the counters have grown between the readings in a window, and
// between those around it.
func bounds(readings []record.GPU, uuids map[string]bool, from, to record.Time) (inner, outer float64) {
	for uuid := range uuids {
		before, in := series(readings, uuid, record.FieldEnergy, from, to)
		_, all := series(readings, uuid, record.FieldEnergy, from, math.MaxInt64)
		if len(before) == 0 || len(in) == 0 || len(all) == len(in) {
			return 0, math.Inf(1)
		}
		inner += in[len(in)-1] - in[0]
		outer += all[len(in)] - before[len(before)-1]
	}
	return inner, outer
}

// sign tells whether a metric grows with the energy or falls.
func sign(tag string) float64 {
	if strings.Contains(tag, "_per_joule") || strings.Contains(tag, "_per_watt") {
		return -1
	}
	return 1
}

func same(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*math.Abs(want)) {
		t.Errorf("%s is %v, and should be %v", what, got, want)
	}
}
