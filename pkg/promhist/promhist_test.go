package promhist

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const base = int64(1795437000_000)

func (f *fake) config(t *testing.T) Config {
	return Config{URL: f.start(t), Since: atMS(base), Until: atMS(base + 60_000)}
}

func collect(t *testing.T, c Config) (all []record.Record) {
	t.Helper()
	for rec, err := range Read(t.Context(), c) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

func only[T record.Record](all []record.Record) (some []T) {
	for _, r := range all {
		if r, ok := r.(T); ok {
			some = append(some, r)
		}
	}
	return some
}

func seq(n int, from, step float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = from + float64(i)*step
	}
	return v
}

const gpu0 = `gpu="0",UUID="GPU-a",Hostname="node1",modelName="NVIDIA H100",instance="10.0.0.1:9400",job="dcgm"`

func node(f *fake) {
	f.add(`DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{`+gpu0+`}`, base, 1000, seq(60, 5e6, 300e3)...)
	f.add(`DCGM_FI_DEV_POWER_USAGE{`+gpu0+`}`, base, 1000, seq(60, 300, 0.5)...)
	f.add(`scrape_duration_seconds{instance="10.0.0.1:9400",job="dcgm"}`, base, 1000, seq(60, 0.01, 0)...)
}

func TestRead(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	c := f.config(t)
	all := collect(t, c)
	gpus := only[*record.GPU](all)
	if len(gpus) != 60 || len(only[*record.Scrape](all)) != 60 || len(all) != 120 {
		t.Fatalf("%d records, %d of them readings", len(all), len(gpus))
	}
	index, within := 0, 0.012
	want := &record.GPU{Header: record.Header{Time: atMS(base + 1000)}, Source: c.URL + "#10.0.0.1:9400", Host: "node1", Platform: "nvidia",
		GPU: &index, UUID: "GPU-a", Model: "NVIDIA H100", Labels: map[string]string{"instance": "10.0.0.1:9400", "job": "dcgm"},
		Taken: atMS(base + 1000), Within: &within, Fields: map[string]float64{"energy_consumption": 5300, "power_usage": 300.5}}
	if diff := cmp.Diff(want, gpus[1], cmpopts.IgnoreUnexported()); diff != "" {
		t.Errorf("the second reading (-want +got):\n%s", diff)
	}
	for i, g := range gpus {
		if g.Taken != atMS(base+int64(i)*1000) {
			t.Fatalf("reading %d was taken at %v", i, g.Taken)
		}
	}
}

// Whatever the windows, and whichever of a range's ends the server includes,
// each sample comes once and in order.
func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		fake   *fake
		config Config
		least  int // queries of readings
	}{
		{"windows that do not divide the time", &fake{}, Config{Window: 7001 * time.Millisecond}, 9},
		{"windows of one sample", &fake{closed: true}, Config{Window: time.Second}, 60},
		{"the lower end included", &fake{closed: true}, Config{Window: 10 * time.Second}, 6},
		{"a server with a limit", &fake{maxSamples: 50}, Config{}, 4},
		{"a limit of one's own", &fake{}, Config{MaxSamples: 50}, 4},
		{"a limit of bytes", &fake{}, Config{MaxAnswer: 1500}, 4},
	} {
		f := c.fake
		node(f)
		config := f.config(t)
		config.Window, config.MaxSamples, config.MaxAnswer = c.config.Window, c.config.MaxSamples, c.config.MaxAnswer
		gpus := only[*record.GPU](collect(t, config))
		if len(gpus) != 60 {
			t.Errorf("%s: %d readings, want 60", c.why, len(gpus))
		}
		for i, g := range gpus {
			if g.Fields["energy_consumption"] != 5000+300*float64(i) {
				t.Errorf("%s: reading %d has %v J", c.why, i, g.Fields["energy_consumption"])
				break
			}
		}
		if n := len(f.queries); n < c.least {
			t.Errorf("%s: only %d queries", c.why, n)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	c := f.config(t)
	c.Since, c.Until = atMS(base+10_000), atMS(base+20_000)
	gpus := only[*record.GPU](collect(t, c))
	if n := len(gpus); n != 11 || gpus[0].Taken != c.Since || gpus[n-1].Taken != c.Until {
		t.Errorf("%d readings, want 11: both ends belong to it", n)
	}
	c.Since += 1 // a nanosecond after the sample
	c.Until--
	if n := len(only[*record.GPU](collect(t, c))); n != 9 {
		t.Errorf("%d readings, want 9: both ends lie inside", n)
	}
}

// Days without a sample cost few queries.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	c := f.config(t)
	c.Since, c.Until = atMS(base-10*24*3600_000), atMS(base+24*3600_000)
	if n := len(only[*record.GPU](collect(t, c))); n != 60 {
		t.Errorf("%d readings", n)
	}
	if n := len(f.queries); n > 300 {
		t.Errorf("%d queries", n)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	f := &fake{}
	for i := range 3 { // not in order, and of different phases
		n := 3 - i
		labels := fmt.Sprintf(`{gpu="0",UUID="GPU-%d",instance="n%d:9400",job="dcgm"}`, n, n)
		f.add("DCGM_FI_DEV_POWER_USAGE"+labels, base+int64(n%2)*500, 1000, seq(60, 100*float64(n), 1)...)
	}
	gpus := only[*record.GPU](collect(t, f.config(t)))
	if len(gpus) != 180 {
		t.Fatalf("%d readings", len(gpus))
	}
	for i := range gpus[1:] {
		if a, b := gpus[i], gpus[i+1]; a.Taken > b.Taken || a.Taken == b.Taken && a.Source >= b.Source {
			t.Fatalf("%v of %s comes before %v of %s", a.Taken, a.Source, b.Taken, b.Source)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	const target = `container="exporter",namespace="gpu-operator",pod="exporter-x",node="n1",instance="n1:9400",job="dcgm"`
	for _, c := range []struct {
		why, labels string
		target      string
		want        map[string]string
	}{
		{"a workload pushed aside", target + `,exported_container="main",exported_namespace="dynamo",exported_pod="vllm-0"`, target,
			map[string]string{"container": "main", "namespace": "dynamo", "pod": "vllm-0", "node": "n1"}},
		{"no workload", target, target, map[string]string{"node": "n1"}},
		{"no workload, and nothing is known of the target", target, "", map[string]string{"container": "exporter", "namespace": "gpu-operator", "pod": "exporter-x", "node": "n1"}},
		{"honoured labels", `container="main",namespace="dynamo",pod="vllm-0",node="n1",instance="n1:9400",job="dcgm"`, target,
			map[string]string{"container": "main", "namespace": "dynamo", "pod": "vllm-0", "node": "n1"}},
		{"a job of the exporter's own", target + `,exported_job="slurm-7"`, target, map[string]string{"node": "n1", "exported_job": "slurm-7"}},
	} {
		f := &fake{}
		f.add(`DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",`+c.labels+`}`, base, 1000, 1)
		if c.target != "" {
			f.add(`scrape_duration_seconds{`+c.target+`}`, base, 1000, 0.1)
		}
		gpus := only[*record.GPU](collect(t, f.config(t)))
		if len(gpus) != 1 {
			t.Fatalf("%s: %d readings", c.why, len(gpus))
		}
		c.want["instance"], c.want["job"] = "n1:9400", "dcgm"
		if diff := cmp.Diff(c.want, gpus[0].Labels); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// Without the target's own labels another series' workload tells.
func TestPushedAside(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.add(`DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",pod="exporter-x",exported_pod="vllm-0",instance="i"}`, base, 1000, 1)
	f.add(`DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-b",pod="exporter-x",instance="i"}`, base, 1000, 1)
	gpus := only[*record.GPU](collect(t, f.config(t)))
	if len(gpus) != 2 || gpus[0].Labels["pod"] != "vllm-0" || gpus[1].Labels["pod"] != "" {
		t.Errorf("got %v and %v", gpus[0].Labels, gpus[1].Labels)
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	f := &fake{helps: map[string]string{"DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL": "Rate (in MB/s)."}}
	f.add(`DCGM_FI_DEV_POWER_USAGE{`+gpu0+`}`, base, 1000, 100, math.NaN(), 102, 102, math.Inf(1))
	f.add(`DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{`+gpu0+`}`, base, 1000, 9e6, 9.1e6, 1e3, 1e3, 2e3)
	f.add(`DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL{`+gpu0+`}`, base, 1000, 3, 3, 3, 3)
	f.add(`node_cpu_seconds_total{instance="10.0.0.1:9100"}`, base, 1000, 1)
	all := collect(t, f.config(t))
	var got []map[string]float64
	for _, g := range only[*record.GPU](all) {
		got = append(got, g.Fields)
		if g.Within != nil {
			t.Errorf("within is %v, though the server has no duration", *g.Within)
		}
	}
	want := []map[string]float64{
		{"power_usage": 100, "energy_consumption": 9000, dcgm.NVLinkRate: 3e6},
		{"energy_consumption": 9100, dcgm.NVLinkRate: 3e6},                  // NaN is absent
		{"power_usage": 102, "energy_consumption": 1, dcgm.NVLinkRate: 3e6}, // a reset is left as it is
		{"energy_consumption": 2},                                           // the one before was a repeat; infinity is absent
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	var repeats []bool
	for _, s := range only[*record.Scrape](all) {
		repeats = append(repeats, s.Repeat)
	}
	if diff := cmp.Diff([]bool{false, false, false, true, false}, repeats); diff != "" {
		t.Errorf("repeats (-want +got):\n%s", diff)
	}
	if n := only[*record.Note](all); len(n) != 1 || n[0].Code != NoDuration {
		t.Errorf("notes %v", n)
	}
}

// Two servers that scrape one exporter would make its counter go back.
func TestReplicas(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.add(`DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",instance="i",replica="a"}`, base, 1000, seq(20, 100, 1)...)
	f.add(`DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",instance="i",replica="b"}`, base+400, 1000, seq(40, 500, 1)...)
	all := collect(t, f.config(t))
	var of [2]int
	last := record.Time(0)
	for _, g := range only[*record.GPU](all) {
		which := 0
		if g.Fields["power_usage"] >= 500 {
			which = 1
		}
		if of[which]++; which == 0 && of[1] > 0 {
			t.Error("the first server is back after the second took over")
		}
		if last != 0 && g.Taken.Sub(last) > 2.5 {
			t.Errorf("nothing for %v s", g.Taken.Sub(last))
		}
		last = g.Taken
		if g.Labels["replica"] != "" {
			t.Error("the replica's label is on a reading")
		}
	}
	if of != [2]int{20, 19} {
		t.Errorf("%d and %d readings of the servers, want 20 and 19", of[0], of[1])
	}
	if n := only[*record.Note](all); len(n) == 0 || n[len(n)-1].Code != Replicas {
		t.Errorf("notes %v", n)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	f := &fake{warnings: []string{"results truncated due to limit"}, noMetadata: true}
	f.before = func(w http.ResponseWriter, n int) bool {
		if n == 1 {
			http.Error(w, "upstream is starting", http.StatusServiceUnavailable)
			return true
		}
		if n == 2 {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[`)
			return true
		}
		return false
	}
	node(f)
	all := collect(t, f.config(t))
	if n := len(only[*record.GPU](all)); n != 60 {
		t.Errorf("%d readings", n)
	}
	var codes []string
	for _, n := range only[*record.Note](all) {
		codes = append(codes, n.Code)
	}
	if diff := cmp.Diff([]string{ServerWarning, NoHelp}, codes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	text := func(kind, body string, status int) func(http.ResponseWriter, int) bool {
		return func(w http.ResponseWriter, _ int) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	const matrix = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"DCGM_X"},"values":`
	for _, c := range []struct {
		why    string
		before func(http.ResponseWriter, int) bool
		want   string
	}{
		{"the server's own words", text("application/json", `{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected character"}`, 400), "HTTP 400 bad_data: 1:5: parse error: unexpected character"},
		{"a page", text("text/html", "<html>", 200), "is a path missing before /api/v1?"},
		{"nobody is allowed", text("text/plain", "Unauthorized\n", 401), "HTTP 401: Unauthorized"},
		{"a limit that no window is below", text("application/json", `{"status":"error","errorType":"execution","error":"too many samples"}`, 422), "HTTP 422 execution: too many samples"},
		{"another type of result", text("application/json", `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`, 200), `the result is of the type "vector", not a matrix`},
		{"no status", text("application/json", `{}`, 200), `it has no "status"`},
		{"no JSON", text("application/json", `oops`, 200), "not an answer of the Prometheus API: invalid character 'o'"},
		{"a list", text("application/json", `[]`, 200), "not an answer of the Prometheus API: [ where { was expected"},
		{"a value that is none", text("application/json", matrix+`[[1795437001,"x"]]}]}}`, 200), `a value is no pair of seconds and a number: [1795437001,"x"]`},
		{"values out of order", text("application/json", matrix+`[[1795437002,"1"],[1795437001,"1"]]}]}}`, 200), "values are not in the order of time"},
		{"a redirect to elsewhere", func(w http.ResponseWriter, _ int) bool {
			w.Header().Set("Location", "http://127.0.0.1:1/api/v1/query")
			w.WriteHeader(302)
			return true
		}, "HTTP 302"},
	} {
		f := &fake{before: c.before}
		config := f.config(t)
		u, _ := url.Parse(config.URL)
		u.User = url.UserPassword("me", "s3cret")
		config.URL, config.Window = u.String(), 2*time.Second
		var got error
		for _, err := range Read(t.Context(), config) {
			got = err
		}
		if got == nil || !strings.Contains(got.Error(), c.want) || strings.Contains(got.Error(), "s3cret") || !strings.Contains(got.Error(), u.Host) {
			t.Errorf("%s: %v, want %s", c.why, got, c.want)
		}
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		config Config
		want   string
	}{
		{"no URL", Config{}, `server "" has no host`},
		{"another scheme", Config{URL: "ftp://a"}, `scheme "ftp" is neither http nor https`},
		{"credentials without a scheme", Config{URL: "me:s3cret@a"}, `server "…@a": credentials need the scheme before them, http:// or https://`},
		{"a query", Config{URL: "http://me:s3cret@a?x=1"}, "has a query"},
		{"ends the wrong way round", Config{URL: "a", Since: 2, Until: 1}, "the end lies before the beginning"},
		{"a window of nothing", Config{URL: "a", Window: 1}, "a window of less than 1ms"},
		{"a range as selector", Config{URL: "a", Match: []string{`{job="x"}[5m]`}}, "no range, offset or function may follow"},
	} {
		var got error
		for _, err := range Read(t.Context(), c.config) {
			got = err
		}
		if got == nil || !strings.Contains(got.Error(), c.want) || strings.Contains(got.Error(), "s3cret") {
			t.Errorf("%s: %v, want %s", c.why, got, c.want)
		}
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	n := 0
	for _, err := range Read(t.Context(), f.config(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range Read(ctx, f.config(t)) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	c := f.config(t)
	c.URL = strings.Replace(c.URL, "://", "://me:pass@", 1)
	collect(t, c)
	if f.auth[0] != "Basic bWU6cGFzcw==" {
		t.Errorf("authorization %q", f.auth[0])
	}
	c.Authorize = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer x"); return nil }
	f.auth = nil
	collect(t, c)
	if f.auth[0] != "Bearer x" {
		t.Errorf("authorization %q", f.auth[0])
	}
}

func TestSelector(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want string }{
		{"labels", `{job="dcgm"}`, "{" + gpuNames + `,job="dcgm"}`},
		{"nothing in braces", `{ }`, "{" + gpuNames + "}"},
		{"a trailing comma", `{job="dcgm",}`, "{" + gpuNames + `,job="dcgm"}`},
		{"a name", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_POWER_USAGE"},
		{"a name and labels", ` up{job="a"} `, `up{job="a"}`},
		{"a matcher of names", `{job="a", __name__=~"x.*"}`, `{job="a", __name__=~"x.*"}`},
		{"a name in quotes", `{"my.metric",job="a"}`, `{"my.metric",job="a"}`},
		{"the name's name in a value", `{job="a,__name__=b"}`, "{" + gpuNames + `,job="a,__name__=b"}`},
		{"a brace in a value", `{job="a}b"}`, "{" + gpuNames + `,job="a}b"}`},
		{"a quote in a value", `{job="a\"}b"}`, "{" + gpuNames + `,job="a\"}b"}`},
		{"nothing", "", ""},
		{"a function", `rate(x{a="b"}[5m])`, ""},
		{"a range", `{a="b"}[5m]`, ""},
		{"an open brace", `{a="b"`, ""},
		{"an open quote", `{a="b}`, ""},
		{"two", `{a="b"} or {c="d"}`, ""},
	} {
		got, err := selector(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: selector(%q) = %q, %v; want %q", c.why, c.in, got, err, c.want)
		}
	}
}

// Several selectors that match one series give its samples once.
func TestSeveralSelectors(t *testing.T) {
	t.Parallel()
	f := &fake{}
	node(f)
	c := f.config(t)
	c.Match = []string{`{job="dcgm"}`, `DCGM_FI_DEV_POWER_USAGE`}
	if n := len(only[*record.GPU](collect(t, c))); n != 60 {
		t.Errorf("%d readings", n)
	}
	want := []string{"DCGM_FI_DEV_POWER_USAGE", `scrape_duration_seconds{instance=~"10\\.0\\.0\\.1:9400"}`, "{" + gpuNames + `,job="dcgm"}`}
	if diff := cmp.Diff(want, f.asked()); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

// What is made of a selector is one that names metrics, and stays as it is.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{`{job="dcgm"}`, "up", `up{a=~'x}'}`, "{`a`=\"b\",}", `{__name__!="a"}`, `{"x"}`, `{a="\"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := selector(in)
		if err != nil {
			return
		}
		if again, err := selector(s); err != nil || again != s {
			t.Fatalf("%q gives %q, which gives %q, %v", in, s, again, err)
		}
		if i := strings.LastIndexByte(s, '}'); i >= 0 && i != len(s)-1 {
			t.Fatalf("%q gives %q", in, s)
		}
	})
}

// A server that never answers costs a few timeouts, and says which.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := Config{URL: "http://prom", Until: record.Time(600e9), Transport: silent{}}
		var got error
		for _, err := range Read(t.Context(), c) {
			got = err
		}
		if took := time.Since(start); got == nil || !strings.Contains(got.Error(), "no whole answer in time (2m0s)") || took != 8*time.Minute {
			t.Errorf("after %v: %v", took, got)
		}
	})
}

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// What may pass is tried again after longer and longer pauses, or when the server
// says.
func TestPauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		fail answering
		want time.Duration
	}{
		{"five pauses", answering{status: 503}, 7750 * time.Millisecond},
		{"the server's own", answering{status: 429, after: "3"}, 15 * time.Second},
		{"not for good", answering{status: 501}, 0},
		{"nor what nobody may", answering{status: 401}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var got error
			for _, err := range Read(t.Context(), Config{URL: "http://prom", Until: record.Time(1e9), Transport: c.fail}) {
				got = err
			}
			if took := time.Since(start); got == nil || took != c.want {
				t.Errorf("%s: after %v, want %v: %v", c.why, took, c.want, got)
			}
		})
	}
}

type answering struct {
	status int
	after  string
}

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"text/plain"}}
	if a.after != "" {
		h.Set("Retry-After", a.after)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: http.NoBody}, nil
}
