package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/arrival"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// More shards than conversations: the last ones have nothing to do. They once
// took a share of 0 for no limit.
func TestShardWithoutConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(serve(t, stream(step{ms, word + stop + done})), true, Phase{
			Name: record.Profiling, Conversations: talks(50, 1, 0), Sessions: 1, Concurrency: 2,
		})
		p.Shard = Shard{Index: 1, Of: 2}
		if n := len(requests(t, Run(t.Context(), p))); n != 0 {
			t.Errorf("the second of two shards of one conversation sent %d requests", n)
		}
	})
}

// The duration ends the phase while conversations that were made ahead are
// still there: that they end is no failure.
func TestDurationBeforeTheLastConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(serve(t, stream(step{100 * ms, word + stop + done})), true, Phase{
			Name: record.Profiling, Conversations: talks(50, 1, 0), Requests: 100, Concurrency: 1, Duration: 950 * ms, Grace: -1,
		})
		if n := len(requests(t, Run(t.Context(), p))); n != 10 {
			t.Errorf("%d requests in 950 ms, want 10", n)
		}
	})
}

// A source that waits for ever, as a pipe may, does not keep the phase from
// ending: not at its number of requests, and not at its duration.
func TestSourceThatWaitsForEver(t *testing.T) {
	for _, ph := range []Phase{{Requests: 3}, {Duration: time.Second}, {Requests: 3, Scheduled: true}} {
		synctest.Test(t, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			ph.Name, ph.Concurrency, ph.Conversations = record.Profiling, 1, func(yield func(prompt.Conversation, error) bool) {
				for i := range 3 {
					if !yield(single(i), nil) {
						return
					}
				}
				<-never
			}
			began := time.Now()
			p := plan(serve(t, stream(step{100 * ms, word + stop + done})), true, ph)
			n := 0
			for rec, err := range Run(t.Context(), p) {
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := rec.(*record.Request); ok {
					n++
				}
			}
			if took := time.Since(began); n != 3 || took > 3*time.Second {
				t.Errorf("%+v: %d requests in %v, want 3 and an end", ph, n, took)
			}
		})
	}
}

// A server that speaks HTTP/2 may answer before it has read the request: what it
// reads then is still that request, and not another one that was made in the
// same memory.
func TestHTTP2AnswerBeforeTheBody(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, word)
		w.(http.Flusher).Flush()
		said := messagesOf(t, r)
		if text := strings.TrimPrefix(said, "user:"); text != strings.Repeat(text[:1], len(text)) {
			t.Errorf("a request of several letters")
		}
		io.WriteString(w, stop+done)
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	p := sockets(s.URL, 12, 6)
	p.Target.HTTP2 = true
	p.Phases[0].Conversations = func(yield func(prompt.Conversation, error) bool) {
		for i := 0; ; i++ {
			c := single(i)
			c.Turns[0].Messages[0].Content = strings.Repeat(string(rune('a'+i%26)), 500_000)
			if !yield(c, nil) {
				return
			}
		}
	}
	for _, r := range requests(t, Run(t.Context(), p)) {
		if r.Error != nil {
			t.Errorf("%s: %+v", r.ID, r.Error)
		}
	}
}

// What is a secret in a URL, or in what a server or the environment says of one,
// is in no record and no error.
func TestURLsTellNoSecret(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	p := sockets(s.URL, 1, 1)
	p.Target.URLs = []string{s.URL + "/v1/chat/completions?api_key=SECRET"}
	for rec, err := range Run(t.Context(), p) {
		if b, _ := record.Append(nil, rec); err != nil || strings.Contains(string(b), "SECRET") {
			t.Errorf("%v %s", err, b)
		}
	}
	where := s.URL + "/?key=SECRET"
	s.Close()
	p.Target.URLs = []string{where}
	if err := p.Target.Reach(t.Context(), time.Second); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("Reach: %v", err)
	}
	p.Target.Proxy = func(*http.Request) (*url.URL, error) {
		return url.Parse(strings.Join([]string{"http://u:SECRET", "zz@proxy"}, "%"))
	}
	for _, err := range Run(t.Context(), p) {
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("Run: %v", err)
		}
	}
}

// The share of failed requests is judged at the end too, if the phase had fewer
// requests than may be under way.
func TestFailedLimitAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(serve(t, http.NotFoundHandler()), true, closedLoop(record.Profiling, 20, 100))
		p.Phases[0].FailedLimit = new(0.5)
		var failed *FailedError
		for _, err := range Run(t.Context(), p) {
			errors.As(err, &failed)
		}
		if failed == nil || failed.Failed != 20 || failed.Total != 20 {
			t.Errorf("20 of 20 requests failed, and the error is %v", failed)
		}
	})
}

// A request that is sent again over a new connection starts when it is sent
// again: connecting is before Start, as the record says.
func TestStartOfWhatIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			time.Sleep(10 * ms)
			const body = word + stop + done
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			http.ReadRequest(bufio.NewReader(c)) // the next one, which is not answered
		}))
		p := plan(n, true, closedLoop(record.Profiling, 2, 1))
		p.Target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(50 * ms)
			return n.dial(ctx, network, addr)
		}
		for i, r := range requests(t, Run(t.Context(), p)) {
			if r.Error != nil || r.HTTP.Resent != (i == 1) || *r.TTFT != 0.01 || *r.HTTP.Connect != 0.05 {
				t.Errorf("request %d: %+v, ttft %v, connect %v, resent %v; want 10 ms and 50 ms", i, r.Error, *r.TTFT, *r.HTTP.Connect, r.HTTP.Resent)
			}
		}
	})
}

// Under a rate, a conversation that is under way does not wait for the next one
// to be made.
func TestFollowUpWhileTheSourceWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ph := Phase{Name: record.Profiling, Arrivals: arrival.Due(arrival.Constant(), arrival.Steady(10)), Duration: 2 * time.Second, Grace: -1}
		never := make(chan struct{})
		defer close(never)
		ph.Conversations = func(yield func(prompt.Conversation, error) bool) {
			for c := range talks(1, 3, 0) {
				yield(c, nil)
			}
			<-never
		}
		p := plan(serve(t, stream(step{10 * ms, word + stop + done})), true, ph)
		if n := len(requests(t, Run(t.Context(), p))); n != 3 {
			t.Errorf("%d turns were sent, want 3", n)
		}
	})
}

// A server that repeats the key it refuses does not get it into the records.
func TestServerThatRepeatsTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			http.Error(w, fmt.Sprintf("no such key: %s %s %s %s", r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"), user, password), http.StatusUnauthorized)
		}))
		for _, url := range []string{"http://h/v1/chat/completions", "http://someone:SECRET-word@h/v1/chat/completions"} {
			p := plan(n, true, closedLoop(record.Profiling, 1, 1))
			p.Target.URLs = []string{url}
			p.Target.Header = http.Header{"X-Api-Key": {"SECRET-key"}}
			if !strings.Contains(url, "@") {
				p.Target.Header.Set("Authorization", "Bearer SECRET-token")
			}
			for _, r := range requests(t, Run(t.Context(), p)) {
				if r.Error == nil || strings.Contains(r.Error.Message, "SECRET") || !strings.Contains(r.Error.Message, "no such key: ") {
					t.Errorf("error %+v", r.Error)
				}
			}
		}
	})
}
