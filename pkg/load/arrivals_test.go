package load

import (
	"testing"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestArrivalsOfKinds(t *testing.T) {
	t.Parallel()
	type piece struct {
		at   time.Duration
		kind record.Kind
		n    int
	}
	const us = time.Microsecond
	for _, c := range []struct {
		why     string
		pieces  []piece
		gaps    record.Gaps
		kinds   record.Kinds
		thought bool
		output  time.Duration
	}{
		{"text alone", []piece{{10 * us, record.KindText, 1}, {30 * us, record.KindText, 1}}, record.Gaps{1e-5, 2e-5}, "", false, 10 * us},
		{"reasoning before the answer", []piece{{10 * us, record.KindReasoning, 1}, {20 * us, record.KindReasoning, 1}, {25 * us, record.KindText, 1}},
			record.Gaps{1e-5, 1e-5, 5e-6}, "r2c1", true, 25 * us},
		{"both in one read", []piece{{10 * us, record.KindReasoning, 1}, {10 * us, record.KindText, 1}}, record.Gaps{1e-5, 0}, "r1c1", true, 10 * us},
		{"reasoning alone", []piece{{10 * us, record.KindReasoning, 1}}, record.Gaps{1e-5}, "r1", true, 0},
		{"several pieces in one event", []piece{{10 * us, record.KindTool, 3}, {12 * us, record.KindText, 1}}, record.Gaps{1e-5, 0, 0, 2e-6}, "t3c1", false, 10 * us},
		{"nanoseconds are rounded and do not add up", []piece{{10_400, record.KindText, 1}, {20_800, record.KindText, 1}, {31_200, record.KindText, 1}},
			record.Gaps{1e-5, 1.1e-5, 1e-5}, "", false, 10_400},
	} {
		var a arrivals
		for _, p := range c.pieces {
			a.add(p.at, p.kind, p.n)
		}
		if diff := cmp.Diff(c.gaps, a.gaps()); diff != "" || a.runs() != c.kinds || a.thought != c.thought || a.output != c.output {
			t.Errorf("%s: kinds %q, thought %v, output %v; want %q, %v, %v; gaps (-want +got):\n%s",
				c.why, a.runs(), a.thought, a.output, c.kinds, c.thought, c.output, diff)
		}
	}
}
