package artifact

import (
	"bytes"
	"encoding/json"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// Instants are in the base unit that their line names, to the nanosecond.
func TestInstants(t *testing.T) {
	t.Parallel()
	r := &report.Report{Metrics: []report.Metric{{Tag: "min_request_timestamp", Unit: report.Nanoseconds, Kind: report.Instant, Time: record.Time(1795632156045379931)}}}
	var b bytes.Buffer
	if err := Lines(&b, r); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Unit string
		Avg  json.Number
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Unit != "s" || got.Avg != "1795632156.045379931" {
		t.Errorf("%s %s, want 1795632156.045379931 s", got.Avg, got.Unit)
	}
}
