package render

import (
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
	"aiperf/pkg/stat"
)

func TestEnergyIsReadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		x    float64
		unit report.Unit
		want string
	}{
		{"thousands of millijoules are joules", 3.758, report.JoulesPerToken, "3.76 J/token"},
		{"millijoules stay", 0.0421, report.JoulesPerToken, "42.10 mJ/token"},
		{"smaller ones too", 0.0000421, report.JoulesPerToken, "42.10 µJ/token"},
		{"a request", 49.79, report.JoulesPerRequest, "49.79 J/request"},
		{"a large one", 1234567, report.JoulesPerRequest, "1,234.57 kJ/request"},
		{"nothing", 0, report.JoulesPerToken, "0.00 J/token"},
		{"what is no energy stays as AIPerf has it", 0.0201, report.RequestsPerWatt, "0.0201 requests/sec/W"},
	} {
		m := readable(report.Metric{Unit: c.unit, Stat: stat.Summary{N: 1, Mean: c.x}})
		if got := digits(m.Shown().Mean) + " " + m.Unit.Shown; got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

func TestLagInWords(t *testing.T) {
	t.Parallel()
	half := 0.5
	for _, c := range []struct {
		lag  record.Lag
		want string
	}{
		{record.Lag{Seconds: 0.8, Correlation: 0.93}, "telemetry follows the load by 0.80 s (correlation 0.93)"},
		{record.Lag{Seconds: -0.4, Correlation: 0.8}, "telemetry seems to be 0.40 s ahead of the load: clocks may differ (correlation 0.80)"},
		{record.Lag{Seconds: 3, Correlation: 0.1}, "power does not follow what was in flight closely enough to tell the delay of telemetry (correlation 0.10)"},
		{record.Lag{Correlation: 0.9, Applied: &half}, "telemetry follows the load by 0.00 s (correlation 0.90); 0.50 s were taken off before"},
	} {
		if got := lag(c.lag); got != c.want {
			t.Errorf("lag %+v reads %q, want %q", c.lag, got, c.want)
		}
	}
}

func TestRegimeInWords(t *testing.T) {
	t.Parallel()
	sm, flying := 0.81, 31.25
	r := &record.Regime{Name: record.RegimeThrottled, SM: &sm, InFlight: &flying, Throttling: record.ThrottlingSevere,
		Also: []string{record.RegimeComputeBound}, Basis: []string{record.FieldUtilization}}
	const want = "regime: throttled, power or temperature held the clocks down (GPU utilization 81 %, in flight 31.2, severe throttling); also compute-bound"
	if got := regime(r); got != want {
		t.Errorf("regime reads\n%q, want\n%q", got, want)
	}
}
