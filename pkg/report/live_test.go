package report

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// liveOf gives what a builder says of a stream, at every line if each is not nil.
func liveOf(t testing.TB, stream string, each func(b *Builder)) *Builder {
	t.Helper()
	b := new(Builder)
	b.Watch()
	for l, err := range record.Read(strings.NewReader(stream), "live") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
		if each != nil {
			each(b)
		}
	}
	return b
}

func demoStream(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("../../cmd/testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// At the end a Live says what the report says, percentiles within the error of a
// sketch; and asking for it changes no report.
func TestLiveEndsAsTheReport(t *testing.T) {
	t.Parallel()
	recent := 0
	b := liveOf(t, demoStream(t), func(b *Builder) { recent += b.Live(0).Recent.Requests })
	l := b.Live(0)
	r := b.Report()
	if diff := cmp.Diff(liveOf(t, demoStream(t), nil).Report(), r, cmpopts.EquateNaNs(), cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("the report depends on whether it was looked at before (-want +got):\n%s", diff)
	}
	if l.Requests != r.Requests || l.Phase != PhaseOver || l.Producers != 2 || l.Ended != 2 {
		t.Errorf("requests %+v, phase %q, %d of %d producers ended; the report has %+v", l.Requests, l.Phase, l.Ended, l.Producers, r.Requests)
	}
	if recent != r.Requests.OK {
		t.Errorf("what was new from time to time adds up to %d requests, want %d", recent, r.Requests.OK)
	}
	for tag, got := range map[string]float64{
		"request_throughput":      l.All.Per(float64(l.All.Requests)),
		"output_token_throughput": l.All.Per(l.All.Out),
		"input_token_throughput":  l.All.Per(l.All.In),
	} {
		if want := r.value(tag); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s is %v, in the report %v", tag, got, want)
		}
	}
	seen := 0
	for _, m := range l.Latencies {
		want, ok := r.Metric(m.Tag)
		if !ok {
			t.Errorf("%s is not in the report", m.Tag)
			continue
		}
		seen++
		if m.All.N != want.Stat.N || m.All.Max != want.Stat.Max || math.Abs(m.All.Mean-want.Stat.Mean) > 1e-12 || m.Header != want.Header {
			t.Errorf("%s is %+v, in the report %+v", m.Tag, m.All, want.Stat)
		}
		for i, p := range stat.Percentiles {
			if got, want := m.All.P[i], want.Stat.P[i]; math.Abs(got-want) > 0.01*want {
				t.Errorf("%s p%g is %v, in the report %v", m.Tag, p, got, want)
			}
		}
	}
	if seen != 4 {
		t.Errorf("%d metrics, want 4", seen)
	}
	for i, g := range l.GPUs {
		want, _ := r.GPUs[i].Field(record.FieldEnergy)
		if g.UUID != r.GPUs[i].UUID || g.Energy < want.Stat.Mean || g.Throttled {
			t.Errorf("GPU %d: %v J, in the window %v J; throttled %v", i, g.Energy, want.Stat.Mean, g.Throttled)
		}
	}
}

func TestLiveGoals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, tool, config, phase string
		want                     Goal
	}{
		{"a number of requests", "aiperf-load", `{"request-count":"400"}`, record.Profiling, Goal{Requests: 400}},
		{"a duration", "aiperf-load", `{"benchmark-duration":"1m0s"}`, record.Profiling, Goal{Seconds: 60}},
		{"seconds without a unit", "aiperf-load", `{"benchmark-duration":"90"}`, record.Profiling, Goal{Seconds: 90}},
		{"the warm-up has its own", "aiperf-load", `{"request-count":"400","warmup-request-count":"7"}`, record.Warmup, Goal{Requests: 7}},
		{"what is sent if nothing is said", "aiperf-load", `{"concurrency":"8"}`, record.Profiling, Goal{Requests: 16}},
		{"a data set has a length that is not known here", "aiperf-load", `{"input-file":"x"}`, record.Profiling, Goal{}},
		{"the first of three shards", "aiperf-load", `{"request-count":"10","shard":"0/3"}`, record.Profiling, Goal{Requests: 4}},
		{"the last of three shards", "aiperf-load", `{"request-count":"10","shard":"2/3"}`, record.Profiling, Goal{Requests: 3}},
		{"a scraper has none", "aiperf-scrape", `{"request-count":"10"}`, record.Profiling, Goal{}},
		{"nonsense is no goal", "aiperf-load", `{"request-count":"many","shard":"x/0","file":1}`, record.Profiling, Goal{}},
	} {
		const head = `"time":"2026-11-23T12:00:00.000000000Z"`
		stream := fmt.Sprintf(`{%s,"type":"run","v":1,"run":"a","tool":%q,"config":%s}`+"\n"+
			`{%s,"type":"phase","v":1,"run":"a","phase":%q,"event":"begin"}`, head, c.tool, c.config, head, c.phase)
		if got := liveOf(t, stream, nil).Live(0).Goal; got != c.want {
			t.Errorf("%s: goal %+v, want %+v", c.why, got, c.want)
		}
	}
}

// How long a Live takes does not depend on how many requests there were.
//
//	go test ./pkg/report -run ^$ -bench Live
func BenchmarkLive(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("requests=%d", n), func(b *testing.B) {
			var s strings.Builder
			for i := range n {
				fmt.Fprintf(&s, `{"time":"2026-11-23T12:00:09.000000000Z","type":"request","v":1,"run":"r","id":"%d","phase":"profiling","start":"2026-11-23T12:00:00.000000000Z","took":%g,"ttft":%g,"tokens":{"in":10,"out":20}}`+"\n",
					i, 1+float64(i%977)/300, 0.01+float64(i%89)/1000)
			}
			builder := liveOf(b, s.String(), nil)
			b.ReportAllocs()
			for b.Loop() {
				builder.Live(0)
			}
		})
	}
}
