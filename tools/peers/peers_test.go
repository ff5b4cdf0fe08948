package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// streamer answers with a stream of the given writes.
func streamer(t *testing.T, writes ...string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, text := range writes {
			fmt.Fprint(w, text)
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestRawCountsEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		writes []string
		want   int // content, without the role in front and three at the end
	}{
		{"each event by itself", []string{"data: r\n\n", "data: 1\n\n", "data: 2\n\n", "data: f\n\n", "data: u\n\n", "data: [DONE]\n\n"}, 2},
		{"all in one write", []string{"data: r\n\ndata: 1\n\ndata: f\n\ndata: u\n\ndata: [DONE]\n\n"}, 1},
		{"nothing but ends has no content", []string{"data: f\n\n"}, 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := streamer(t, c.writes...)
			out := filepath.Join(t.TempDir(), "out.ndjson")
			if err := run([]string{"raw", "-u", s.URL, "-streaming", "-concurrency", "2", "-request-count", "5", "-o", out}); err != nil {
				t.Fatal(err)
			}
			all, err := answers(out)
			if err != nil || len(all) != 5 {
				t.Fatalf("%d answers, %v; want 5", len(all), err)
			}
			for id, a := range all {
				if len(a.chunks) != c.want || !slices.IsSorted(a.chunks) {
					t.Errorf("%s has chunks at %v, want %d", id, a.chunks, c.want)
				}
			}
		})
	}
}

func TestAnswersOfEachKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, line, id string
		want          answer
	}{
		{"aiperf-load: gaps are seconds since the start", `{"type":"request","run":"R","id":"7","start":"1970-01-01T00:00:01Z","gaps":[0.5,0.25]}`, "R-7", answer{1e9, []int64{1.5e9, 1.75e9}}},
		{"the truth: sent is seconds since it arrived", `{"type":"sim.request","id":"R-7","arrived":"1970-01-01T00:00:01Z","sent":[0.5,0.75]}`, "R-7", answer{1e9, []int64{1.5e9, 1.75e9}}},
		{"AIPerf: milliseconds", `{"metadata":{"x_request_id":"a","request_start_ns":1000000000},"metrics":{"time_to_first_token":{"value":500},"inter_chunk_latency":{"value":[250]}}}`, "a", answer{1e9, []int64{1.5e9, 1.75e9}}},
		{"AIPerf, not streamed", `{"metadata":{"x_request_id":"a","request_start_ns":1000000000},"metrics":{}}`, "a", answer{start: 1e9}},
		{"peers raw: instants, without the role and the end", `{"id":"raw-0","start_ns":1,"events_ns":[2,3,4,5,6,7]}`, "raw-0", answer{1, []int64{3, 4}}},
		{"what failed is left out", `{"type":"request","run":"R","id":"7","start":"1970-01-01T00:00:01Z","error":{"class":"status"}}`, "", answer{}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "in.ndjson")
			if err := os.WriteFile(name, []byte(c.line+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			all, err := answers(name)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := all[c.id]
			if ok != (c.id != "") || got.start != c.want.start || !slices.Equal(got.chunks, c.want.chunks) {
				t.Errorf("%v, want %v of %q", all, c.want, c.id)
			}
		})
	}
}
