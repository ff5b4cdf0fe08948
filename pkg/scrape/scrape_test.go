package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

const ms = time.Millisecond

func TestCadence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			n++
			pause(r, 10*ms)
			fmt.Fprint(w, gpuPage(n, 1, 0))
		})
		clock := record.StartClock()
		r := collect(t, 1050*ms, Config{Interval: 100 * ms, Transport: w, Clock: clock})
		visits, conns := w.seen()
		// The last visit is the closing one.
		if diff := cmp.Diff([]int64{0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1050}, milliseconds(visits)); diff != "" {
			t.Errorf("visits (-want +got):\n%s", diff)
		}
		if conns != 1 {
			t.Errorf("%d connections, want 1", conns)
		}
		if len(r.gpus) != 2*len(r.scrapes) {
			t.Fatalf("%d readings of 2 GPUs in %d visits", len(r.gpus), len(r.scrapes))
		}
		start := clock.At(w.start)
		for i, g := range r.gpus {
			want := start.Add((visits[i/2] + 5*ms).Seconds())
			if g.Taken != want || *g.Within != 0.005 || *g.GPU != i%2 || g.Source != "http://x/metrics" {
				t.Errorf("reading %d: %+v, want taken %v within 5 ms", i, g, want)
			}
		}
		s := r.scrapes[0]
		if *s.Took != 0.010 || s.Status != 200 || *s.Bytes != int64(len(gpuPage(1, 1, 0))) || *s.GPUs != 2 || s.Repeat || s.Error != "" {
			t.Errorf("first visit: %+v", s)
		}
		if len(r.notes) > 0 {
			t.Errorf("notes %v", r.codes())
		}
	})
}

func TestOverrun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			if n++; n == 3 {
				pause(r, 250*ms)
			}
			fmt.Fprint(w, gpuPage(n, 0))
		})
		r := collect(t, time.Hour, Config{Interval: 100 * ms, Transport: w, Count: 8})
		visits, _ := w.seen()
		if diff := cmp.Diff([]int64{0, 100, 200, 500, 600, 700}, milliseconds(visits)); diff != "" {
			t.Errorf("visits (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{Overrun}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
}

// transport is a http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, tries := time.Now(), []time.Duration{}
		r := collect(t, 70*time.Second, Config{Interval: time.Second, Transport: transport(func(*http.Request) (*http.Response, error) {
			since := time.Since(start)
			if tries = append(tries, since); since > 2*time.Second && since < 50*time.Second {
				return nil, errors.New("connection refused")
			}
			return answer(200, gpuPage(int(since/time.Second), 0)), nil
		})})
		var seconds []int64
		for _, d := range tries {
			if s := int64(d / time.Second); s < 58 {
				seconds = append(seconds, s)
			}
		}
		if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 6, 10, 18, 28, 38, 48}, seconds[:11]); diff != "" {
			t.Errorf("visits (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{Unreachable, Recovered + "?"}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		failures := 0
		for _, s := range r.scrapes {
			if s.Error == "connection refused" {
				failures++
			}
		}
		if failures != 8 {
			t.Errorf("%d records of failed visits, want 8", failures)
		}
	})
}

// A run that is stopped before its first visit still takes closing readings.
func TestStoppedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := collect(t, 0, Config{Interval: time.Second, Settle: 2 * time.Second, Transport: transport(func(*http.Request) (*http.Response, error) {
			n++
			return answer(200, gpuPage(n, 0)), nil
		})})
		if n == 0 || len(r.gpus) != n {
			t.Errorf("%d readings of %d visits, want one or more", len(r.gpus), n)
		}
	})
}

// TestCountBoundsTime: a source that is not there does not make a run longer.
func TestCountBoundsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list, err := Sources([]string{"a:1"}, true)
		if err != nil {
			t.Fatal(err)
		}
		r := collect(t, time.Hour, Config{Sources: list, Interval: time.Second, Count: 60, Transport: transport(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "a:1" {
				return answer(200, gpuPage(int(time.Now().Unix()), 0)), nil
			}
			return nil, errors.New("connection refused")
		})})
		if r.took != 59*time.Second {
			t.Errorf("took %v, want 59s", r.took)
		}
		if len(r.gpus) != 60 {
			t.Errorf("%d readings, want 60", len(r.gpus))
		}
		if diff := cmp.Diff([]string{Unreachable + "?", Unreachable + "?"}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clockPage(time.Second))
		r := collect(t, 10*time.Second+ms, Config{Interval: 250 * ms, Transport: w})
		repeats := 0
		for _, s := range r.scrapes {
			if s.Repeat {
				repeats++
			}
			if *s.GPUs != 1 {
				t.Errorf("%d GPUs", *s.GPUs)
			}
		}
		// 41 visits and the closing one.
		if len(r.scrapes) != 42 || len(r.gpus) != 11 || repeats != 31 {
			t.Errorf("%d visits, %d repeats, %d readings; want 42, 31, 11", len(r.scrapes), repeats, len(r.gpus))
		}
		if diff := cmp.Diff([]string{SlowRefresh + "?"}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		if m := r.notes[0].Message; !strings.HasPrefix(m, "new values come every 1.00 s, though asked for every 0.250 s") {
			t.Errorf("note %q", m)
		}
	})
}

// TestOrder: exporters print groups in any order, and metrics of their own.
func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := collect(t, time.Hour, Config{Interval: time.Second, Count: 4, Transport: transport(func(*http.Request) (*http.Response, error) {
			page := gpuPage(7, 0, 1)
			if n++; n%2 == 0 {
				page = reversedLines(page)
			}
			return answer(200, page+fmt.Sprintf("promhttp_metric_handler_requests_total %d\n", n)), nil
		})})
		if len(r.gpus) != 2 || r.scrapes[0].Repeat || !r.scrapes[1].Repeat || !r.scrapes[2].Repeat {
			t.Errorf("%d readings, want 2", len(r.gpus))
		}
	})
}

func TestClosing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why         string
		refresh     time.Duration
		stop        time.Duration
		settle      time.Duration
		took        time.Duration
		last        int64 // when the last new value was taken, ms
		wantedNotes []string
	}{
		{"the next refresh ends it", time.Second, 4300 * ms, 2 * time.Second, 5100 * ms, 5100, []string{"slow-refresh?"}},
		{"an exporter slower than --settle", 30 * time.Second, 4300 * ms, 2 * time.Second, 6300 * ms, 0, []string{"unsettled", "slow-refresh?"}},
		{"one visit at least", 30 * time.Second, 4300 * ms, 0, 4300 * ms, 0, []string{"slow-refresh?"}},
		{"a fast exporter has a new value at once", 10 * ms, 4300 * ms, 2 * time.Second, 4300 * ms, 4300, []string{}},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clockPage(test.refresh))
				clock := record.StartClock()
				r := collect(t, test.stop, Config{Interval: 500 * ms, Settle: test.settle, Transport: w, Clock: clock})
				if r.took != test.took {
					t.Errorf("took %v, want %v", r.took, test.took)
				}
				last := r.gpus[len(r.gpus)-1].Taken.Sub(clock.At(w.start))
				if int64(last*1000+0.5) != test.last {
					t.Errorf("the last new value was taken at %v s, want %d ms", last, test.last)
				}
				visits, _ := w.seen()
				if visit := visits[len(visits)-1]; visit < test.stop {
					t.Errorf("the last visit was at %v, before the stop", visit)
				}
				if diff := cmp.Diff(test.wantedNotes, r.codes()); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestClosingWaitsForEveryGPU: one GPU's new value is not the other's, but of an
// idle one no more than two new pages are waited for.
func TestClosingWaitsForEveryGPU(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := collect(t, 1050*ms, Config{Interval: 100 * ms, Settle: 5 * time.Second, Transport: transport(func(*http.Request) (*http.Response, error) {
			n := int(time.Since(start) / (100 * ms))
			return answer(200, gpuPage(n, 0)+fmt.Sprintf("DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-1\"} %d\n", 30+n/12)), nil
		})})
		// At 1050 GPU 0 has not changed since 1000, at 1150 it has, and at 1250
		// both have.
		if r.took != 1250*ms {
			t.Errorf("took %v, want 1.25s", r.took)
		}
		if len(r.notes) > 0 {
			t.Errorf("notes %v", r.codes())
		}
	})
}

// TestStopDuringVisit: a source that hangs does not hold the end up for long.
func TestStopDuringVisit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			if n++; n > 1 {
				pause(r, time.Hour)
			}
			fmt.Fprint(w, gpuPage(n, 0))
		})
		r := collect(t, 1500*ms, Config{Interval: time.Second, Timeout: time.Minute, Settle: 2 * time.Second, Transport: w})
		if r.took != 4500*ms {
			t.Errorf("took %v, want 4.5s", r.took)
		}
		if e := r.scrapes[len(r.scrapes)-1].Error; e != errStopping.Error() {
			t.Errorf("error of the last visit: %q", e)
		}
	})
}

// TestLeave: leaving the loop ends everything; the bubble would tell of a
// goroutine that is left.
func TestLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(_ http.ResponseWriter, r *http.Request) { pause(r, time.Hour) })
		fast := transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "fast" {
				return answer(200, gpuPage(1, 0)), nil
			}
			return w.RoundTrip(r)
		})
		start := time.Now()
		for range Run(t.Context(), Config{Sources: sources(t, "http://fast", "http://slow", "http://slower"), Transport: fast}) {
			break
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("leaving took %v", d)
		}
	})
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		want    string // in the error
		code    string
		handler http.HandlerFunc
	}{
		{"500", "HTTP 500 Internal Server Error: internal server error", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "internal server error", http.StatusInternalServerError)
		}},
		{"503", "HTTP 503 Service Unavailable: scrape concurrency limit reached", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "scrape concurrency limit reached\nmore", http.StatusServiceUnavailable)
		}},
		{"json", "the answer is application/json", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			fmt.Fprint(w, "[]")
		}},
		{"html", "the answer is text/html", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<!DOCTYPE html><html></html>")
		}},
		{"garbage", "not a page of metrics: line 1", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "hello you\nthere\n")
		}},
		{"cut", "the page is cut short after 10 bytes: unexpected EOF", Unreachable, func(w http.ResponseWriter, _ *http.Request) {
			page := gpuPage(1, 0)
			w.Header().Set("Content-Length", fmt.Sprint(len(page)))
			fmt.Fprint(w, page[:10])
		}},
		{"cut chunked, between two lines", "the page is cut short after 121 bytes: unexpected EOF", Unreachable, func(w http.ResponseWriter, _ *http.Request) {
			page := gpuPage(1, 0, 1)
			fmt.Fprint(w, page[:strings.LastIndexByte(page[:len(page)-1], '\n')+1])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}},
		{"cut where the connection ends the page", "the page is cut short: its last line has no end", BadAnswer, func(w http.ResponseWriter, _ *http.Request) {
			page := gpuPage(1, 0, 1)
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, page[:len(page)-3])
		}},
		{"hangs", "no answer within 300ms", Unreachable, func(_ http.ResponseWriter, r *http.Request) {
			pause(r, time.Hour)
		}},
		{"drips", "the page was not complete within 300ms", Unreachable, func(w http.ResponseWriter, r *http.Request) {
			for range 1000 {
				fmt.Fprint(w, "#")
				w.(http.Flusher).Flush()
				pause(r, 100*ms)
			}
		}},
		{"endless", "the page is larger than 100000 bytes", BadAnswer, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, gpuPage(1, 0)); err != nil {
					return
				}
			}
		}},
		{"elsewhere", "redirected to another host, evil", BadAnswer, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil/metrics", http.StatusFound)
		}},
		{"round and round", "redirected too often", BadAnswer, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/metrics", http.StatusFound)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, test.handler)
				r := collect(t, time.Hour, Config{Interval: time.Second, Count: 2, Timeout: 300 * ms, MaxPage: 100_000, Transport: w})
				if len(r.scrapes) != 2 || len(r.gpus) != 0 {
					t.Fatalf("%d visits, %d readings; want 2, 0", len(r.scrapes), len(r.gpus))
				}
				if e := r.scrapes[0].Error; !strings.Contains(e, test.want) || strings.Contains(e, "http://x") {
					t.Errorf("error %q, want %q", e, test.want)
				}
				if diff := cmp.Diff([]string{test.code}, r.codes()); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestCensus: an empty page is not a page without its GPUs.
func TestCensus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := []string{gpuPage(1, 0, 1), "", gpuPage(2, 0, 1), gpuPage(3, 0), gpuPage(4, 0), gpuPage(5, 0, 1)}
		n := 0
		r := collect(t, time.Hour, Config{Interval: time.Second, Count: len(pages), Transport: transport(func(*http.Request) (*http.Response, error) {
			n++
			return answer(200, pages[n-1]), nil
		})})
		var gpus []int
		for _, s := range r.scrapes {
			gpus = append(gpus, *s.GPUs)
		}
		if diff := cmp.Diff([]int{2, 0, 2, 1, 1, 2}, gpus); diff != "" {
			t.Errorf("GPUs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{NoData + "?", GPULost, GPUBack + "?"}, r.codes()); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		if n := r.notes[1]; n.UUID != "GPU-1" || n.Message != "GPU 1 is gone from the page" {
			t.Errorf("note %+v", n)
		}
	})
}

func TestOddPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := map[string]string{
			"bad":    samplePage(t, "bad-value"),
			"engine": "vllm:num_requests_running 3\n",
		}
		r := collect(t, time.Hour, Config{Interval: time.Second, Count: 3, GPUOnly: true, Sources: sources(t, "http://bad", "http://engine"),
			Transport: transport(func(req *http.Request) (*http.Response, error) {
				return answer(200, pages[req.URL.Host]), nil
			})})
		if len(r.gpus) != 2 {
			t.Errorf("%d readings, want 2", len(r.gpus))
		}
		codes := map[string]string{}
		for _, n := range r.notes {
			codes[n.Source] += n.Code + " "
		}
		want := map[string]string{"http://bad/metrics": "rejected ", "http://engine/metrics": "no-gpu "}
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		for _, s := range r.scrapes {
			if s.Source == "http://bad/metrics" && s.Rejected != 2 {
				t.Errorf("%d lines rejected, want 2, on repeats too", s.Rejected)
			}
		}
	})
}

// TestCredentials are used and not written.
func TestCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Bool
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			sent.Store(user == "me" && password == "s3cret")
			pause(r, time.Hour)
		})
		var text []byte
		for rec := range Run(t.Context(), Config{Sources: sources(t, "http://me:s3cret@x"), Count: 1, Transport: w}) {
			var err error
			if text, err = record.Append(text, rec); err != nil {
				t.Fatal(err)
			}
		}
		if !sent.Load() {
			t.Error("credentials were not sent")
		}
		if strings.Contains(string(text), "s3cret") || strings.Contains(string(text), "me:") || !strings.Contains(string(text), "no answer within") {
			t.Errorf("records:\n%s", text)
		}
	})
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {Sources: sources(t, "x"), Interval: -1}} {
		for rec, err := range Run(context.Background(), c) {
			if err == nil {
				t.Errorf("%+v gave %+v", c, rec)
			}
		}
	}
}
