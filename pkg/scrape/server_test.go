package scrape

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestParseServer(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"node1":                        "http://node1:8000/metrics",
		"node1:30000":                  "http://node1:30000/metrics",
		"http://node1:8000/v1":         "http://node1:8000/metrics",
		"https://gate/model-a/v1/":     "https://gate/model-a/metrics",
		"http://n/prometheus/metrics":  "http://n/prometheus/metrics",
		"http://me:pw@node1":           "http://node1/metrics",
		"unix:///run/vllm.sock":        "unix:///run/vllm.sock:/metrics",
		"http://node1/metrics?model=a": "http://node1/metrics?model=a",
	} {
		if s, err := ParseServer(in); err != nil || s.Name != want || !s.Server {
			t.Errorf("%q: %+v, %v; want %s", in, s, err, want)
		}
	}
	if _, err := ParseServer("ftp://x"); err == nil {
		t.Error("ftp://x is taken for a server")
	}
}

func server(t *testing.T, url string) []Source {
	s, err := ParseServer(url)
	if err != nil {
		t.Fatal(err)
	}
	return []Source{s}
}

// TestServer: readings are taken as those of GPUs are, in base of the same clock.
func TestServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			n++
			pause(r, 10*ms)
			fmt.Fprintf(w, "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine=\"0\"} %d\nnonsense\n", n)
		})
		clock := record.StartClock()
		s := server(t, "http://x")
		s[0].Labels = map[string]string{"rack": "3"}
		r := collect(t, 1050*ms, Config{Sources: s, Interval: 500 * ms, Settle: time.Second, Transport: w, Clock: clock})
		visits, conns := w.seen()
		if diff := cmp.Diff([]int64{0, 500, 1000, 1050}, milliseconds(visits)); diff != "" || conns != 1 {
			t.Errorf("%d connections, visits (-want +got):\n%s", conns, diff)
		}
		if len(r.servers) != 4 {
			t.Fatalf("%d readings, want 4", len(r.servers))
		}
		for i, got := range r.servers {
			value, half := float64(i+1), 0.005
			want := &record.Server{Source: "http://x/metrics", Server: "vllm", Labels: map[string]string{"rack": "3"},
				Taken: clock.At(w.start).Add((visits[i] + 5*ms).Seconds()), Within: &half,
				Series: []record.Series{{Name: "vllm:num_requests_running", Type: "gauge", Labels: map[string]string{"engine": "0"}, Value: &value}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reading %d (-want +got):\n%s", i, diff)
			}
		}
		if s := r.scrapes[0]; *s.Series != 1 || s.Rejected != 1 || s.GPUs != nil {
			t.Errorf("visit %+v", s)
		}
		if diff := cmp.Diff([]string{Rejected}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
}

// TestServerWithoutMetrics: it is asked where TensorRT-LLM has its page, once, and
// left alone if there is none. Its /metrics is emptied by being read.
func TestServerWithoutMetrics(t *testing.T) {
	t.Parallel()
	json := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `[{"iter":1}]`)
	}
	for _, c := range []struct {
		why     string
		handler http.HandlerFunc
		asked   map[string]int
		codes   []string
		source  string // of the readings
	}{
		{"JSON and nothing else", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				json(w)
				return
			}
			http.NotFound(w, r)
		}, map[string]int{"/metrics": 1, "/prometheus/metrics": 1}, []string{NoMetrics}, ""},
		{"JSON, and the page elsewhere", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				json(w)
				return
			}
			fmt.Fprint(w, "trtllm_num_requests_waiting 1\n")
		}, map[string]int{"/metrics": 1, "/prometheus/metrics": 5}, []string{Moved + "?"}, "http://x/prometheus/metrics"},
		{"JSON everywhere", func(w http.ResponseWriter, r *http.Request) { json(w) },
			map[string]int{"/metrics": 1, "/prometheus/metrics": 1}, []string{NoMetrics}, ""},
		{"a page for people", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><html></html>") },
			map[string]int{"/metrics": 1, "/prometheus/metrics": 1}, []string{NoMetrics}, ""},
		{"JSON that says it is text", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "{\"a\":1}\n")
		}, map[string]int{"/metrics": 1, "/prometheus/metrics": 1}, []string{NoMetrics}, ""},
		{"nothing there, or not yet", http.NotFound, map[string]int{"/metrics": 3, "/prometheus/metrics": 1}, []string{BadAnswer}, ""},
		{"a failure is no answer", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "x", 500) }, map[string]int{"/metrics": 3}, []string{BadAnswer}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := map[string]int{}
			w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
				asked[r.URL.Path]++
				c.handler(w, r)
			})
			r := collect(t, time.Hour, Config{Sources: server(t, "http://x/v1"), Interval: time.Second, Count: 5, KeepRepeats: true, Transport: w})
			if diff := cmp.Diff(c.asked, asked); diff != "" {
				t.Errorf("%s: asked (-want +got):\n%s", c.why, diff)
			}
			if diff := cmp.Diff(c.codes, r.codes()); diff != "" {
				t.Errorf("%s: notes (-want +got):\n%s", c.why, diff)
			}
			for _, s := range r.servers {
				if s.Source != c.source || s.Server != "tensorrt-llm" {
					t.Errorf("%s: reading %+v", c.why, s)
				}
			}
			if (len(r.servers) == 5) != (c.source != "") {
				t.Errorf("%s: %d readings", c.why, len(r.servers))
			}
		})
	}
}

// TestServerFound: a source that was not named as an inference server may be one.
func TestServerFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, page string
		config    Config
		codes     []string
		servers   int
	}{
		{"it is one", "vllm:num_requests_running 3\n", Config{}, []string{IsServer + "?"}, 1},
		{"GPUs are asked for only", "vllm:num_requests_running 3\n", Config{GPUOnly: true}, []string{NoGPU}, 0},
		{"it is something else", "node_load1 3\n", Config{}, []string{NoGPU}, 0},
		{"none of its series is asked for", "vllm:num_requests_running 3\n", Config{Match: []string{"x"}}, []string{IsServer + "?", NoSeries}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.config.Interval, c.config.Count = time.Second, 3
			c.config.Transport = transport(func(*http.Request) (*http.Response, error) { return answer(200, c.page), nil })
			r := collect(t, time.Hour, c.config)
			if diff := cmp.Diff(c.codes, r.codes()); diff != "" {
				t.Errorf("%s: notes (-want +got):\n%s", c.why, diff)
			}
			if len(r.servers) != c.servers {
				t.Errorf("%s: %d readings, want %d", c.why, len(r.servers), c.servers)
			}
		})
	}
}
