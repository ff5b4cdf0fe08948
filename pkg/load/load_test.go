package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// prompts asks the same for ever.
func prompts(yield func(prompt.Conversation, error) bool) {
	for i := 0; yield(single(i), nil); i++ {
	}
}

func single(i int) prompt.Conversation {
	return prompt.Conversation{ID: strconv.Itoa(i % 3), Index: i, Turns: []prompt.Turn{{In: 5, Out: new(3), Messages: []prompt.Message{{Role: "user", Content: "hi"}}}}}
}

// closedLoop is a phase of so many requests, of which so many are in flight.
func closedLoop(name string, requests, concurrency int) Phase {
	return Phase{Name: name, Conversations: prompts, Requests: requests, Concurrency: concurrency}
}

// plan is a plan for a server in memory.
func plan(n *network, streaming bool, phases ...Phase) Plan {
	return Plan{
		Run:    "R",
		Clock:  record.StartClock(),
		Phases: phases,
		Target: Target{URLs: []string{"http://h/v1/chat/completions"}, Endpoint: openai.Chat, Dial: n.dial, Timeout: time.Hour,
			Options: openai.Options{Model: "m", Streaming: streaming}},
	}
}

// A step of a scripted answer: wait, then send.
type step struct {
	after time.Duration
	send  string
}

const (
	role  = `data: {"choices":[{"delta":{"role":"assistant","content":""}}]}` + "\n\n"
	word  = `data: {"choices":[{"delta":{"content":" a"}}]}` + "\n\n"
	stop  = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usage = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":4,"completion_tokens_details":{"reasoning_tokens":1}}}` + "\n\n"
	done  = "data: [DONE]\n\n"
)

// stream answers every request by the steps.
func stream(steps ...step) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, s := range steps {
			if !wait(r, s.after) {
				return
			}
			if s.send == "!reset" {
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, s.send)
			w.(http.Flusher).Flush()
		}
	}
}

func wait(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}

func requests(t *testing.T, seq iter.Seq2[record.Record, error]) []*record.Request {
	t.Helper()
	var all []*record.Request
	for rec, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := rec.(*record.Request); ok {
			all = append(all, r)
		}
	}
	return all
}

const ms = time.Millisecond

// Simulated instants come back exactly: each chunk at the read that completed
// it, split and joined as the network likes.
func TestTiming(t *testing.T) {
	for _, c := range []struct {
		why   string
		steps []step
		want  record.Request
	}{
		{"a plain stream", []step{{80 * ms, role}, {10 * ms, word}, {9300 * time.Microsecond, word}, {11 * ms, word}, {0, stop}, {5 * ms, usage}, {ms, done}},
			record.Request{TTFT: new(0.09), Took: new(0.1103), Gaps: record.Gaps{0.09, 0.0093, 0.011}, Chunks: 3, Finish: "stop",
				Tokens: &record.Tokens{In: new(7), Out: new(4), Reasoning: new(1), Asked: new(3), Source: record.FromUsage}}},
		{"two chunks in one write", []step{{80 * ms, word + word}, {10 * ms, word + stop + done}},
			record.Request{TTFT: new(0.08), Took: new(0.09), Gaps: record.Gaps{0.08, 0, 0.01}, Chunks: 3, Finish: "stop",
				Tokens: &record.Tokens{In: new(5), Out: new(3), Asked: new(3), Source: record.FromChunks, InSource: record.FromTokenizer}}},
		{"a chunk in three writes counts when it is whole", []step{{80 * ms, word[:10]}, {10 * ms, word[10 : len(word)-1]}, {10 * ms, word[len(word)-1:]}, {0, stop + done}},
			record.Request{TTFT: new(0.1), Took: new(0.1), Gaps: record.Gaps{0.1}, Chunks: 1, Finish: "stop",
				Tokens: &record.Tokens{In: new(5), Out: new(1), Asked: new(3), Source: record.FromChunks, InSource: record.FromTokenizer}}},
		{"a finish_reason ends a stream that has no [DONE]", []step{{80 * ms, word}, {0, stop}},
			record.Request{TTFT: new(0.08), Took: new(0.08), Gaps: record.Gaps{0.08}, Chunks: 1, Finish: "stop",
				Tokens: &record.Tokens{In: new(5), Out: new(1), Asked: new(3), Source: record.FromChunks, InSource: record.FromTokenizer}}},
		{"comments are no chunks", []step{{ms, ": ping\n\n"}, {79 * ms, word + stop + done}},
			record.Request{TTFT: new(0.08), Took: new(0.08), Gaps: record.Gaps{0.08}, Chunks: 1, Finish: "stop",
				Tokens: &record.Tokens{In: new(5), Out: new(1), Asked: new(3), Source: record.FromChunks, InSource: record.FromTokenizer}}},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, stream(c.steps...))
				got := requests(t, Run(t.Context(), plan(n, true, closedLoop(record.Profiling, 2, 1))))
				if len(got) != 2 {
					t.Fatalf("%d requests", len(got))
				}
				for _, r := range got {
					have := record.Request{TTFT: r.TTFT, Took: r.Took, Gaps: r.Gaps, Chunks: r.Chunks, Finish: r.Finish, Tokens: r.Tokens, Error: r.Error}
					if diff := cmp.Diff(c.want, have); diff != "" {
						t.Errorf("request %s (-want +got):\n%s", r.ID, diff)
					}
				}
			})
		})
	}
}

func TestWithoutStreaming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			wait(r, 250*ms)
			io.WriteString(w, `{"choices":[{"message":{"content":"a b"},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}`)
		}))
		for _, r := range requests(t, Run(t.Context(), plan(n, false, closedLoop(record.Profiling, 1, 1)))) {
			if r.Error != nil || *r.Took != 0.25 || r.TTFT != nil || r.Gaps != nil || *r.Tokens.Out != 2 || r.Finish != "length" {
				t.Errorf("%+v, error %+v", r, r.Error)
			}
		}
	})
}

// What is sent, phase by phase, and what the stream of records looks like.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most atomic.Int64
		n := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := inFlight.Add(1)
			defer inFlight.Add(-1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			if got := r.Header.Get("X-Request-ID"); !strings.HasPrefix(got, "R-") {
				t.Errorf("X-Request-ID is %q", got)
			}
			stream(step{100 * ms, word + stop + done})(w, r)
		}))
		var kinds []string
		begun := map[string]record.Time{}
		p := plan(n, true, closedLoop(record.Warmup, 2, 4), closedLoop(record.Profiling, 6, 4))
		began := p.Clock.Now()
		for rec, err := range Run(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			switch r := rec.(type) {
			case *record.Phase:
				kinds = append(kinds, r.Phase+" "+r.Event)
			case *record.Begin:
				begun[r.ID] = r.Start
			case *record.Request:
				kinds = append(kinds, r.Phase)
				if begun[r.ID] != r.Start || r.Start == 0 {
					t.Errorf("request %s began at %v, its begin record says %v", r.ID, r.Start, begun[r.ID])
				}
				if r.Run != "R" || r.Model != "m" || r.URL != "http://h/v1/chat/completions" || r.HTTP.Status != 200 {
					t.Errorf("request %s: %+v", r.ID, r)
				}
			}
		}
		want := []string{"warmup begin", "warmup", "warmup", "warmup end", "profiling begin",
			"profiling", "profiling", "profiling", "profiling", "profiling", "profiling", "profiling end"}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if most.Load() != 4 {
			t.Errorf("%d requests were in flight at most, want 4", most.Load())
		}
		// 2 warm-up requests at once, then 4 and 2: three rounds of 100 ms.
		if took := p.Clock.Now().Sub(began); took != 0.3 {
			t.Errorf("the run took %v s, want 0.3", took)
		}
	})
}

func TestConnectFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.NotFoundHandler())
		n.Close()
		p := plan(n, true, closedLoop(record.Profiling, 3, 2))
		p.Target.URLs = []string{"http://user:SECRET@h/v1"}
		begins := 0
		for rec := range Run(t.Context(), p) {
			switch r := rec.(type) {
			case *record.Begin:
				begins++
			case *record.Request:
				if r.Error == nil || r.Error.Class != record.ClassConnect || r.Error.Message != "connection refused" || r.Start == 0 {
					t.Errorf("error %+v", r.Error)
				}
				if strings.Contains(fmt.Sprintf("%+v %+v", r, r.Error), "SECRET") {
					t.Errorf("the password is in the record: %+v", r)
				}
			}
		}
		if begins != 3 {
			t.Errorf("%d of 3 requests have a begin", begins)
		}
	})
}

// A server that promises to keep connections and closes them all the same does
// not fail the requests that find them closed.
func TestStaleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := n.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { answerOnce(c) })
			}
		})
		got := requests(t, Run(t.Context(), plan(n, true, closedLoop(record.Profiling, 20, 2))))
		for _, r := range got {
			if r.Error != nil {
				t.Errorf("request %s: %+v", r.ID, r.Error)
			}
		}
		n.Close()
		wg.Wait()
	})
}

// answerOnce serves one request and closes the connection without saying so,
// when the client has had time to keep it.
func answerOnce(c net.Conn) {
	defer c.Close()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	io.Copy(io.Discard, req.Body)
	body := word + stop + done
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// The first interrupt sends no more and waits for what is in flight.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{time.Second, word + stop + done}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2500*ms, cancel)
		p := plan(n, true, closedLoop(record.Warmup, 1, 1), closedLoop(record.Profiling, 1000, 4))
		began := p.Clock.Now()
		got := requests(t, Run(ctx, p))
		for _, r := range got {
			if r.Error != nil {
				t.Errorf("request %s: %+v", r.ID, r.Error)
			}
		}
		// The warm-up ends after 1 s; rounds of four begin at 1 s and 2 s.
		if took := p.Clock.Now().Sub(began); len(got) != 1+8 || took != 3 {
			t.Errorf("%d requests in %v s, want 9 in 3 s", len(got), took)
		}
	})
}

// Leaving the loop breaks requests off at once and leaves nothing behind; the
// bubble would report goroutines that outlive it.
func TestLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{time.Hour, word + stop + done}))
		p := plan(n, true, closedLoop(record.Profiling, 1000, 4))
		began := p.Clock.Now()
		for rec := range Run(t.Context(), p) {
			if _, ok := rec.(*record.Begin); ok {
				break
			}
		}
		if took := p.Clock.Now().Sub(began); took != 0 {
			t.Errorf("it took %v s to leave", took)
		}
	})
}

func TestPromptsThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{ms, word + stop + done}))
		p := plan(n, true, closedLoop(record.Profiling, 5, 1))
		p.Phases[0].Conversations = func(yield func(prompt.Conversation, error) bool) {
			_ = yield(single(0), nil) && yield(single(1), nil)
		}
		sent, last := 0, error(nil)
		for rec, err := range Run(t.Context(), p) {
			if _, ok := rec.(*record.Request); ok {
				sent++
			}
			last = err
		}
		if sent != 2 || last == nil || last.Error() != "the prompts ended after 2 of the 5 requests of the profiling phase" {
			t.Errorf("%d sent, error %v", sent, last)
		}
	})
}

func TestReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.NotFoundHandler())
		target := plan(n, true).Target
		if err := target.Reach(t.Context(), time.Second); err != nil {
			t.Error(err)
		}
		n.Close()
		if err := target.Reach(t.Context(), time.Second); err == nil {
			t.Error("a closed server is reached")
		}
	})
}

func TestBadURL(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"ftp://h/", "http://", "://", "http://h:port/"} {
		for _, err := range Run(t.Context(), Plan{Target: Target{URLs: []string{u}}}) {
			if err == nil {
				t.Errorf("URL %q is taken", u)
			}
		}
	}
}
