package load

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/arrival"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// talks are conversations of so many turns, with think time, for ever or until n.
func talks(n, turns int, think time.Duration) prompt.Source {
	return func(yield func(prompt.Conversation, error) bool) {
		for i := 0; n == 0 || i < n; i++ {
			c := prompt.Conversation{ID: strconv.Itoa(i), Index: i}
			for j := range turns {
				t := prompt.Turn{In: 5, Messages: []prompt.Message{{Role: "user", Content: fmt.Sprintf("%d.%d", i, j)}}}
				if j > 0 {
					t.Delay = think
				}
				c.Turns = append(c.Turns, t)
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// starts are what is compared of requests: the id, milliseconds since the
// beginning at which it started, and by how many it was late.
func starts(t *testing.T, p Plan) []string {
	t.Helper()
	began := p.Clock.Now()
	var all []*record.Request
	for _, r := range requests(t, Run(t.Context(), p)) {
		if r.Error != nil {
			t.Errorf("request %s: %+v", r.ID, r.Error)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b *record.Request) int {
		if d := int(a.Start - b.Start); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	var said []string
	for _, r := range all {
		s := fmt.Sprintf("%s at %g", r.ID, r.Start.Sub(began)*1e3)
		if r.Late != nil {
			s += fmt.Sprintf(" late %g", *r.Late*1e3)
		}
		said = append(said, s)
	}
	return said
}

// Each way to drive a server, against one whose first token takes 100 ms and
// whose last one 50 ms more.
func TestModes(t *testing.T) {
	due := func(ms ...int) prompt.Source {
		return func(yield func(prompt.Conversation, error) bool) {
			for i, at := range ms {
				d := time.Duration(at) * time.Millisecond
				c := single(i)
				c.Turns[0].Due = &d
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	constant := func(rate float64) func(func(time.Duration) bool) {
		return arrival.Due(arrival.Constant(), arrival.Steady(rate))
	}
	for _, c := range []struct {
		why   string
		phase Phase
		want  []string
	}{
		{"a rate sends when requests are due, however many are in flight",
			Phase{Conversations: prompts, Requests: 4, Arrivals: constant(20)},
			[]string{"0 at 0 late 0", "1 at 50 late 0", "2 at 100 late 0", "3 at 150 late 0"}},
		{"under a cap requests wait, stay due when they were, and say by how much they are late",
			Phase{Conversations: prompts, Requests: 4, Arrivals: constant(20), Concurrency: 1},
			[]string{"0 at 0 late 0", "1 at 150 late 100", "2 at 300 late 200", "3 at 450 late 300"}},
		{"later turns take the next arrival before a new conversation does",
			Phase{Conversations: talks(0, 2, 0), Requests: 5, Arrivals: constant(5)},
			[]string{"0 at 0 late 0", "0.1 at 200 late 0", "1 at 400 late 0", "1.1 at 600 late 0", "2 at 800 late 0"}},
		{"a rate goes on until the last turn of the last conversation",
			Phase{Conversations: talks(0, 2, 300*time.Millisecond), Sessions: 2, Arrivals: constant(10)},
			[]string{"0 at 0 late 0", "1 at 100 late 0", "0.1 at 500 late 0", "1.1 at 600 late 0"}},
		{"without a rate each conversation begins when the one before is over",
			Phase{Conversations: talks(0, 2, 0), Sessions: 2, Concurrency: 1},
			[]string{"0 at 0", "0.1 at 150", "1 at 300", "1.1 at 450"}},
		{"think time passes between an answer and the next turn",
			Phase{Conversations: talks(0, 3, time.Second), Requests: 3, Concurrency: 1},
			[]string{"0 at 0", "0.1 at 1150 late 0", "0.2 at 2300 late 0"}},
		{"a ramp of the concurrency adds a place at even steps",
			Phase{Conversations: talks(4, 1, 0), Sessions: 4, Concurrency: 4, ConcurrencyRamp: 90 * time.Millisecond},
			[]string{"0 at 0", "1 at 30", "2 at 60", "3 at 90"}},
		{"as many requests as allowed wait for their first token",
			Phase{Conversations: prompts, Requests: 4, Concurrency: 4, Prefill: 2},
			[]string{"at 0", "at 0", "at 100", "at 100"}},
		{"a ramp of them",
			Phase{Conversations: prompts, Requests: 3, Concurrency: 3, Prefill: 3, PrefillRamp: 40 * time.Millisecond},
			[]string{"at 0", "at 20", "at 40"}},
		{"a schedule sends each when it is due",
			Phase{Conversations: due(0, 10, 10, 700), Scheduled: true},
			[]string{"0 at 0 late 0", "1 at 10 late 0", "2 at 10 late 0", "3 at 700 late 0"}},
		{"a schedule under a cap",
			Phase{Conversations: due(0, 10, 20), Scheduled: true, Concurrency: 1},
			[]string{"0 at 0 late 0", "1 at 150 late 140", "2 at 300 late 280"}},
		{"users begin evenly spread and ask every Gap",
			Phase{Conversations: talks(0, 2, 0), Requests: 6, Users: 2, Gap: 400 * time.Millisecond},
			[]string{"0 at 0 late 0", "1 at 200 late 0", "0.1 at 400 late 0", "1.1 at 600 late 0", "2 at 800 late 0", "3 at 1000 late 0"}},
		{"a user whose answer takes longer asks late",
			Phase{Conversations: talks(0, 2, 0), Requests: 4, Users: 1, Gap: 100 * time.Millisecond},
			[]string{"0 at 0 late 0", "0.1 at 150 late 50", "1 at 300 late 100", "1.1 at 450 late 150"}},
		{"a duration sends no more after it",
			Phase{Conversations: prompts, Concurrency: 1, Duration: 310 * time.Millisecond, Grace: -1},
			[]string{"0 at 0", "1 at 150", "2 at 300"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, stream(step{100 * ms, word}, step{50 * ms, word + stop + done}))
				c.phase.Name = record.Profiling
				got := starts(t, plan(n, true, c.phase))
				if strings.HasPrefix(c.want[0], "at") { // who comes first of those that may go at once is nobody's business
					for i := range got {
						_, got[i], _ = strings.Cut(got[i], " ")
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What is in flight when the duration and the grace are over is cut off, and
// says so; the connection is not used again.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{100 * ms, word}, step{time.Hour, done}))
		p := plan(n, true, Phase{Name: record.Profiling, Conversations: prompts, Concurrency: 2, Duration: time.Second, Grace: 500 * ms})
		began := p.Clock.Now()
		for _, r := range requests(t, Run(t.Context(), p)) {
			want := &record.Error{Class: record.ClassCancelled, Code: 200, Message: "the benchmark's duration and its grace period were over"}
			if diff := cmp.Diff(want, r.Error); diff != "" || *r.Took != 1.5 || *r.TTFT != 0.1 {
				t.Errorf("took %v (-want +got):\n%s", *r.Took, diff)
			}
		}
		if took := p.Clock.Now().Sub(began); took != 1.5 {
			t.Errorf("the run took %v s, want 1.5", took)
		}
	})
}

func TestFailedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, http.NotFoundHandler())
		p := plan(n, true, closedLoop(record.Profiling, 1000, 2))
		p.Phases[0].FailedLimit = new(0.5)
		var last error
		sent := 0
		for r, err := range Run(t.Context(), p) {
			if _, ok := r.(*record.Request); ok {
				sent++
			}
			last = err
		}
		failed, ok := last.(*FailedError)
		if !ok || sent < 10 || sent > 12 || failed.Limit != 0.5 || failed.Failed < 10 {
			t.Errorf("%d sent, error %v", sent, last)
		}
	})
}

func TestCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{100 * ms, word}, step{100 * ms, word + stop + done}))
		p := plan(n, true, closedLoop(record.Profiling, 400, 4))
		p.Cancel = Cancellation{Rate: 0.25, Delay: 150 * ms, Seed: 7}
		cancelled := 0
		for _, r := range requests(t, Run(t.Context(), p)) {
			if r.Error == nil {
				continue
			}
			cancelled++
			want := &record.Error{Class: record.ClassCancelled, Code: 499, Message: "cancelled on purpose"}
			if diff := cmp.Diff(want, r.Error); diff != "" || *r.Took != 0.15 || r.Chunks != 1 {
				t.Errorf("took %v, %d chunks (-want +got):\n%s", *r.Took, r.Chunks, diff)
			}
		}
		if cancelled < 75 || cancelled > 125 { // 100 ± 3 standard deviations
			t.Errorf("%d of 400 requests were cancelled, want some 100", cancelled)
		}
		// One that is over before its time is not cancelled.
		p = plan(n, true, closedLoop(record.Profiling, 5, 1))
		p.Cancel = Cancellation{Rate: 1, Delay: time.Second}
		for _, r := range requests(t, Run(t.Context(), p)) {
			if r.Error != nil {
				t.Errorf("request %s: %+v", r.ID, r.Error)
			}
		}
	})
}

// Conversations carry what was said, the server's answers too, and stop when a
// turn fails.
func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		n := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.Header.Get("X-Correlation-ID")+" "+messagesOf(t, r))
			mu.Unlock()
			if strings.HasSuffix(asked[len(asked)-1], "user:1.1") {
				http.Error(w, "no", http.StatusInternalServerError)
				return
			}
			stream(step{ms, word + word + stop + done})(w, r)
		}))
		p := plan(n, true, Phase{Name: record.Profiling, Conversations: talks(2, 3, 0), Sessions: 2, Concurrency: 1})
		var in []int
		broken := false
		for rec, err := range Run(t.Context(), p) {
			if err != nil {
				t.Error(err)
			}
			switch r := rec.(type) {
			case *record.Request:
				in = append(in, *r.Tokens.In)
			case *record.Note:
				broken = broken || r.Code == "broken-conversation"
			}
		}
		want := []string{
			"R-0 user:0.0", "R-0 user:0.0 assistant: a a user:0.1", "R-0 user:0.0 assistant: a a user:0.1 assistant: a a user:0.2",
			"R-1 user:1.0", "R-1 user:1.0 assistant: a a user:1.1",
		}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{5, 5 + 2 + 5, 5 + 2 + 5 + 2 + 5, 5, 5 + 2 + 5}, in); diff != "" {
			t.Errorf("tokens of prompts (-want +got):\n%s", diff)
		}
		if !broken {
			t.Error("nothing tells of the conversation that was broken off")
		}
	})
}

// Several processes send together what one would have sent, when it would have.
func TestShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{100 * ms, word + stop + done}))
		all := func(phase func() Phase) (whole, parts []string) {
			whole = starts(t, plan(n, true, phase()))
			const of = 3
			for i := range of {
				ph := phase()
				ph.Conversations = prompt.Shard(ph.Conversations, i, of)
				p := plan(n, true, ph)
				p.Shard = Shard{i, of}
				parts = append(parts, starts(t, p)...)
			}
			slices.Sort(whole)
			slices.Sort(parts)
			return whole, parts
		}
		rate, err := arrival.Series([]arrival.Point{{At: 0, Rate: 5}, {At: 4, Rate: 40}})
		if err != nil {
			t.Fatal(err)
		}
		for why, phase := range map[string]func() Phase{
			"a rate": func() Phase {
				return Phase{Name: record.Profiling, Conversations: prompts, Requests: 50, Arrivals: arrival.Due(arrival.Poisson(random(3)), rate)}
			},
			"sessions": func() Phase {
				return Phase{Name: record.Profiling, Conversations: prompts, Sessions: 7, Arrivals: arrival.Due(arrival.Constant(), arrival.Steady(10))}
			},
			"users": func() Phase {
				return Phase{Name: record.Profiling, Conversations: prompts, Requests: 9, Users: 3, Gap: time.Second}
			},
			"a closed loop": func() Phase {
				return Phase{Name: record.Profiling, Conversations: prompts, Requests: 12, Concurrency: 6}
			},
		} {
			whole, parts := all(phase)
			if diff := cmp.Diff(whole, parts); diff != "" {
				t.Errorf("%s (-whole +shards):\n%s", why, diff)
			}
		}
	})
}

// A run that is due later begins when it is.
func TestStartAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{ms, word + stop + done}))
		ph := closedLoop(record.Profiling, 1, 1)
		ph.StartAt = time.Now().Add(time.Minute)
		if diff := cmp.Diff([]string{"0 at 60000"}, starts(t, plan(n, true, ph))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What the client alone is to blame for is told apart from what the plan makes
// requests wait for.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{100 * ms, word}, step{50 * ms, word + stop + done}))
		p := plan(n, true, Phase{Name: record.Profiling, Conversations: prompts, Requests: 5, Concurrency: 1,
			Arrivals: arrival.Due(arrival.Constant(), arrival.Steady(20))})
		var lags []time.Duration
		p.Lag = func(d time.Duration) { lags = append(lags, d) }
		requests(t, Run(t.Context(), p))
		if diff := cmp.Diff(make([]time.Duration, 5), lags); diff != "" {
			t.Errorf("lags (-want +got):\n%s", diff)
		}
	})
}

// What was due and had no room when the time was up is told.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, stream(step{ms, word}, step{99 * ms, word + stop + done}))
		p := plan(n, true, Phase{Name: record.Profiling, Conversations: prompts, Concurrency: 1, Duration: 250 * ms, Grace: -1,
			Arrivals: arrival.Due(arrival.Constant(), arrival.Steady(100))})
		sent, told := 0, ""
		for rec, err := range Run(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			switch r := rec.(type) {
			case *record.Request:
				sent++
			case *record.Note:
				told = r.Message
			}
		}
		// Due at 0, 10, …, 250 ms; sent at 0, 100 and 200 ms.
		want := "23 requests were due before the profiling phase stopped and still waited for room: they were never sent, and are in no figure"
		if sent != 3 || told != want {
			t.Errorf("%d were sent, and %q is told; want 3 and %q", sent, told, want)
		}
	})
}
