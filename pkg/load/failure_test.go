package load

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestFailures(t *testing.T) {
	html := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>welcome</html>")
	}
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		why     string
		handler http.HandlerFunc
		class   string
		code    int
		message string
		chunks  int
		took    float64
	}{
		{"401", status(401, `{"error":{"message":"bad key"}}`), record.ClassStatus, 401, "HTTP 401: bad key", 0, 0},
		{"404", status(404, `{"error":{"message":"no model x"}}`), record.ClassStatus, 404, "HTTP 404: no model x", 0, 0},
		{"429", status(429, `{"error":"slow down"}`), record.ClassStatus, 429, "HTTP 429: slow down", 0, 0},
		{"500 without words", status(500, ""), record.ClassStatus, 500, "HTTP 500: Internal Server Error", 0, 0},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere/", http.StatusTemporaryRedirect)
		},
			record.ClassStatus, 307, "HTTP 307: redirected to http://elsewhere/", 0, 0},
		{"a page", html, record.ClassDecode, 200, `the answer is "text/html" and no stream of events: <html>welcome</html>`, 0, 0},
		{"words that are no events", stream(step{ms, "hello\n"}), record.ClassDecode, 200, "the answer has no event in it: it is no stream of server-sent events", 0, 0.001},
		{"an event that is no JSON", stream(step{ms, word}, step{ms, "data: {oops\n\n"}), record.ClassDecode, 200, "event 2: read {oops: invalid character 'o' looking for beginning of object key string", 1, 0.002},
		{"an event that is cut", stream(step{ms, word}, step{ms, word[:20]}), record.ClassTruncated, 200, "the stream ended in the middle of event 2", 1, 0.002},
		{"an error event", stream(step{ms, word}, step{ms, `data: {"error":{"message":"out of memory"}}` + "\n\n"}), record.ClassStream, 200, "out of memory", 1, 0.002},
		{"a named error event", stream(step{ms, "event: error\ndata: worker died\n\n"}), record.ClassStream, 200, "worker died", 0, 0.001},
		{"no terminator", stream(step{ms, word}), record.ClassTruncated, 200, "the stream ended without [DONE] and without a finish_reason", 1, 0.001},
		{"a reset", stream(step{ms, word}, step{ms, "!reset"}), record.ClassTruncated, 200, "the connection was closed before the answer was complete", 1, 0.002},
		{"no token", stream(step{ms, role + stop + done}), record.ClassEmpty, 200, "the answer has no content", 0, 0.001},
		{"no token but usage", stream(step{ms, stop + usage + done}), record.ClassEmpty, 200, "the answer has no content, though its usage says 4 tokens", 0, 0.001},
		{"a stall", stream(step{ms, word}, step{3 * time.Hour, done}), record.ClassTimeout, 200, "request timed out after 1h0m0s", 1, 3600},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, c.handler)
				got := requests(t, Run(t.Context(), plan(n, true, closedLoop(record.Profiling, 1, 1))))
				if len(got) != 1 || got[0].Error == nil {
					t.Fatalf("%d requests, error %+v", len(got), got[0].Error)
				}
				r := got[0]
				if diff := cmp.Diff(&record.Error{Class: c.class, Code: c.code, Message: c.message}, r.Error); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if r.Chunks != c.chunks || *r.Took != c.took || r.HTTP.Status != c.code {
					t.Errorf("chunks %d, took %v, status %d; want %d, %v, %d", r.Chunks, *r.Took, r.HTTP.Status, c.chunks, c.took, c.code)
				}
			})
		})
	}
}
