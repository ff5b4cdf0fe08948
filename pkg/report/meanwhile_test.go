package report

import (
	"fmt"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// What a join found while requests ran is told: how many ran throttled, and what
// the server said of itself.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	var s strings.Builder
	for i, more := range []string{
		`"gpu":{"energy":1,"throttled":true},"server":{"waiting":4,"running":8,"kv_cache":0.5}`,
		`"gpu":{"energy":1,"throttled":false},"server":{"waiting":2,"kv_cache":0.7}`,
		`"gpu":{"energy":1,"throttled":true},"error":{"class":"timeout"}`,
		`"server":null`,
	} {
		fmt.Fprintf(&s, `{"time":"2026-11-23T12:00:09.000000000Z","type":"request","v":1,"run":"r","id":"%d","phase":"profiling","start":"2026-11-23T12:00:00.000000000Z","took":1,%s}`+"\n", i, more)
	}
	r := liveOf(t, s.String(), nil).Report()
	for tag, want := range map[string]float64{"server_requests_waiting": 3, "server_requests_running": 8, "server_kv_cache": 0.6} {
		if m, ok := r.Metric(tag); !ok || m.Stat.Mean != want || m.Table != TableServer {
			t.Errorf("%s is %v in table %q, want %v", tag, m.Stat.Mean, m.Table, want)
		}
	}
	const note = "1 of 3 requests ran while power or temperature held a GPU's clock down"
	found := false
	for _, n := range r.Notes {
		found = found || n.Code == "throttled" && n.Message == note && n.Level == record.Warning
	}
	if !found {
		t.Errorf("no note says %q: %v", note, r.Notes)
	}
}
