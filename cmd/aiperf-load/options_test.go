package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/cli"
)

// parsed takes a command line that must be a good one.
func parsed(t *testing.T, args string) *options {
	t.Helper()
	env := &cli.Env{Name: "aiperf-load", Args: strings.Fields(args), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	o := newOptions(env)
	if err := env.Parse(o.flags, doc); err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	if err := o.check(); err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return o
}

// What a phase is when little is said of it.
func TestProfiling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args                            string
		requests, sessions, concurrency int
		open                            bool
		grace                           time.Duration
	}{
		{"-m a", 10, 0, 1, false, 30 * time.Second},
		{"-m a --concurrency 20", 40, 0, 20, false, 30 * time.Second},
		{"-m a --request-rate 5", 10, 0, 0, true, 30 * time.Second},
		{"-m a --request-rate 5 --concurrency 2", 10, 0, 2, true, 30 * time.Second},
		{"-m a --num-sessions 7", 0, 7, 1, false, 30 * time.Second},
		{"-m a --conversation-num 7 --request-count 30", 30, 0, 1, false, 30 * time.Second},
		{"-m a --benchmark-duration 5 --benchmark-grace-period inf", 0, 0, 1, false, -1},
		{"-m a --arrival-pattern concurrency_burst --concurrency 3", 10, 0, 3, false, 30 * time.Second},
		{"-m a --user-centric-rate 2 --num-users 8 --conversation-turn-mean 3", 16, 0, 0, false, -1},
	} {
		ph, err := parsed(t, c.args).profiling(false, false)
		if err != nil {
			t.Fatal(err)
		}
		if ph.Requests != c.requests || ph.Sessions != c.sessions || ph.Concurrency != c.concurrency || (ph.Arrivals != nil) != c.open || ph.Grace != c.grace {
			t.Errorf("%s: requests %d, sessions %d, concurrency %d, open %v, grace %v; want %d, %d, %d, %v, %v", c.args,
				ph.Requests, ph.Sessions, ph.Concurrency, ph.Arrivals != nil, ph.Grace, c.requests, c.sessions, c.concurrency, c.open, c.grace)
		}
	}
}

// The same seed gives the same arrivals each time they are asked for, and the
// warm-up has others.
func TestArrivalsAreSeeded(t *testing.T) {
	t.Parallel()
	first := func(o *options, warmup bool) []time.Duration {
		ph, err := o.profiling(false, false)
		if err == nil && warmup {
			ph, _, err = o.warmupPhase(ph)
		}
		if err != nil {
			t.Fatal(err)
		}
		var all []time.Duration
		for at := range ph.Arrivals {
			if all = append(all, at); len(all) == 5 {
				break
			}
		}
		return all
	}
	const args = "-m a --request-rate 5 --warmup-request-count 3 --random-seed "
	o := parsed(t, args+"1")
	same := func(a, b []time.Duration) bool { return a[1] == b[1] && a[4] == b[4] }
	if a := first(o, false); !same(a, first(o, false)) || !same(a, first(parsed(t, args+"1"), false)) {
		t.Error("the same seed gives other arrivals")
	}
	if same(first(o, false), first(o, true)) || same(first(o, false), first(parsed(t, args+"2"), false)) {
		t.Error("the warm-up, or another seed, has the same arrivals")
	}
}

func TestReadSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"an array", `[{"time_s":0,"qps":5},{"time_s":60,"qps":50}]`, ""},
		{"an object", `{"points":[{"time_s":0,"qps":5}]}`, ""},
		{"no rate", `[{"time_s":0}]`, "point 1 has no time_s or no qps"},
		{"no JSON", `5,10`, "it is no series of points"},
		{"no points", `[]`, "it has no points"},
		{"another object", `{"rates":[]}`, "it is no series of points"},
	} {
		points, err := readSeries(strings.NewReader(c.text))
		switch {
		case c.want == "" && (err != nil || len(points) == 0):
			t.Errorf("%s: %v, %v", c.why, points, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.why, err, c.want)
		}
	}
}
