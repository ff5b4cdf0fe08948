package main

import (
	"runtime/metrics"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		h       record.Health
		starved bool
		reasons []string
	}{
		{"nothing is wrong", record.Health{LateP99: new(0.0001), Stall: 0.02, Scheduling: 0.001, GCPause: 0.001, CPU: 0.5, Files: 10, FileLimit: 1000}, false, []string{}},
		{"nothing was due, and nobody tells of descriptors", record.Health{}, false, []string{}},
		{"requests left late", record.Health{LateP99: new(0.011)}, false, []string{"late"}},
		{"everything", record.Health{LateP99: new(1.0), Stall: 1, Scheduling: 1, GCPause: 1, CPU: 0.99, OutputWait: 1, Files: 99, FileLimit: 100}, false,
			[]string{"late", "stall", "scheduling", "gc", "cpu", "output", "descriptors"}},
		{"a connection could not be opened for want of a port", record.Health{}, true, []string{"descriptors"}},
	} {
		judge(&c.h, c.starved)
		verdict := record.Healthy
		if len(c.reasons) > 0 {
			verdict = record.ClientBound
		}
		if diff := cmp.Diff(c.reasons, c.h.Reasons); diff != "" || c.h.Verdict != verdict {
			t.Errorf("%s: verdict %s (-want +got):\n%s", c.why, c.h.Verdict, diff)
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	before := &metrics.Float64Histogram{Counts: []uint64{5, 0, 7}, Buckets: []float64{0, 1, 2, 4}}
	now := &metrics.Float64Histogram{Counts: []uint64{5 + 98, 1, 7 + 1}, Buckets: []float64{0, 1, 2, 4}}
	h := since(now, before)
	for q, want := range map[float64]float64{0.5: 1, 0.98: 1, 0.99: 2, 1: 4} {
		if got := quantile(h, q); got != want {
			t.Errorf("the %v-quantile is %v, want %v", q, got, want)
		}
	}
	if got := quantile(&metrics.Float64Histogram{Counts: []uint64{0}, Buckets: []float64{0, 1}}, 0.99); got != 0 {
		t.Errorf("the quantile of nothing is %v", got)
	}
}

// What the runtime calls its metrics has not changed.
func TestRuntimeMetrics(t *testing.T) {
	t.Parallel()
	for _, name := range []string{queueMetric, gcMetric} {
		if histogram(name) == nil {
			t.Errorf("there is no histogram %s", name)
		}
	}
}
