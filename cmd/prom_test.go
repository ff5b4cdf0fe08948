package cmd_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Prometheus' own parser takes the text, and the numbers in it are those of the
// NDJSON.
func TestPrometheusText(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"report.prom", "by-gpu.prom"} {
		text, err := os.ReadFile("testdata/demo/" + name)
		if err != nil {
			t.Fatal(err)
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		latency := families["aiperf_request_latency_seconds"].GetMetric()[0].GetSummary()
		if n := latency.GetSampleCount(); n != 24 || math.Abs(latency.GetSampleSum()/24-0.21775) > 1e-9 {
			t.Errorf("%s: %d latencies of %v s together", name, n, latency.GetSampleSum())
		}
		quantiles := map[float64]float64{}
		for _, q := range latency.GetQuantile() {
			quantiles[q.GetQuantile()] = q.GetValue()
		}
		if quantiles[0.5] != 0.2135 {
			t.Errorf("%s: the median latency is %v s", name, quantiles[0.5])
		}
		for n, f := range families {
			if !strings.HasPrefix(n, "aiperf_") || f.GetHelp() == "" {
				t.Errorf("%s: %s has no prefix or no help", name, n)
			}
			for _, m := range f.GetMetric() {
				if v := m.GetGauge().GetValue(); math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s: %s is %v", name, n, v)
				}
			}
		}
		if len(families["aiperf_gpu_power_usage_watts"].GetMetric()) < 20 {
			t.Errorf("%s: the power of GPUs is missing", name)
		}
	}
}
