package scrape

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// A meterMaid counts who is asked when.
type meterMaid struct {
	mu     sync.Mutex
	start  time.Time
	visits map[string][]int64 // by host, ms
	under  int
	most   int // under way at once
	answer func(*http.Request) (*http.Response, error)
	took   time.Duration
}

func newMeterMaid() *meterMaid { return &meterMaid{start: time.Now(), visits: map[string][]int64{}} }

func (m *meterMaid) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.visits[r.URL.Host] = append(m.visits[r.URL.Host], time.Since(m.start).Milliseconds())
	m.under++
	m.most = max(m.most, m.under)
	m.mu.Unlock()
	if m.took > 0 {
		pause(r, m.took)
	}
	m.mu.Lock()
	m.under--
	m.mu.Unlock()
	if m.answer != nil {
		return m.answer(r)
	}
	resp := answer(200, strings.ReplaceAll(gpuPage(int(time.Since(m.start)/time.Millisecond), 0), "GPU-0", "GPU-"+r.URL.Host))
	resp.Request = r
	return resp, nil
}

// TestSpread: each source has its own instant, the same in every run, and keeps
// the cadence.
func TestSpread(t *testing.T) {
	t.Parallel()
	var first map[string][]int64
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			m := newMeterMaid()
			var urls []string
			for i := range 100 {
				urls = append(urls, fmt.Sprintf("http://node%d", i))
			}
			collect(t, time.Hour, Config{Sources: sources(t, urls...), Count: 3, Interval: time.Second, Spread: 5 * ms, Transport: m})
			var at []int64
			for host, v := range m.visits {
				if len(v) != 3 || v[0] >= 500 || v[1] != v[0]+1000 || v[2] != v[0]+2000 {
					t.Errorf("%s is visited at %v ms", host, v)
				}
				at = append(at, v[0])
			}
			slices.Sort(at)
			if at[10] > 100 || at[90] < 400 || len(slices.Compact(at)) < 80 {
				t.Errorf("the sources begin at %v ms", at)
			}
			if first == nil {
				first = m.visits
			} else if diff := cmp.Diff(first, m.visits); diff != "" {
				t.Errorf("the second run differs from the first (-first +second):\n%s", diff)
			}
		})
	}
	for _, c := range []struct {
		spread, interval time.Duration
		all              int
		within           time.Duration
	}{{0, time.Second, 1000, 0}, {5 * ms, time.Second, 1, 5 * ms}, {5 * ms, time.Second, 1000, time.Second}, {time.Hour, time.Second, 3, time.Second}} {
		r := &runner{Config: &Config{Spread: c.spread, Interval: c.interval}}
		if d := r.offset("http://node1:9400/metrics", c.all); d < 0 || d > c.within || d == 0 && c.within > 0 {
			t.Errorf("%+v: offset %v", c, d)
		}
	}
}

// TestMaxConcurrency: no more than that at once; who waits says how late it is.
func TestMaxConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMeterMaid()
		m.took = 10 * ms
		r := collect(t, time.Hour, Config{Sources: sources(t, "a", "b", "c", "d", "e"), Count: 2, Interval: time.Second, MaxConcurrency: 2, Transport: m})
		if m.most != 2 {
			t.Errorf("%d visits at once, want 2", m.most)
		}
		var late []float64
		for _, s := range r.scrapes {
			late = append(late, s.Late)
		}
		slices.Sort(late)
		if diff := cmp.Diff([]float64{0, 0, 0, 0, 0.01, 0.01, 0.01, 0.01, 0.02, 0.02}, late); diff != "" {
			t.Errorf("how late (-want +got):\n%s", diff)
		}
	})
}

// A list is what a test makes of a file of sources.
type list struct {
	mu      sync.Mutex
	sources []Source
	changed bool
	err     error
}

func (l *list) set(sources []Source, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sources, l.changed, l.err = sources, true, err
}

func (l *list) get() ([]Source, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.changed
	l.changed = false
	return l.sources, changed, l.err
}

// TestTargetsComeAndGo: the list is followed, on the same grid; one that makes no
// sense is told once, and leaves all as it was.
func TestTargetsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, l := newMeterMaid(), &list{}
		labelled := sources(t, "c")
		labelled[0].Labels = map[string]string{"rack": "3"}
		l.set(sources(t, "a", "b", "c"), nil)
		for _, step := range []struct {
			at      time.Duration
			sources []Source
			err     error
		}{
			{3500 * ms, nil, errors.New("list.json: line 3: unexpected EOF")},
			{7500 * ms, append(sources(t, "a", "d", "fixed"), labelled...), nil},
			{12 * time.Second, nil, nil},
		} {
			time.AfterFunc(step.at, func() { l.set(step.sources, step.err) })
		}
		r := collect(t, 14500*ms, Config{Sources: sources(t, "fixed"), Targets: l.get, TargetsEvery: 1900 * ms, Interval: time.Second, Transport: m})
		grid := func(from, to int64) (all []int64) {
			for at := from; at <= to; at += 1000 {
				all = append(all, at)
			}
			return all
		}
		want := map[string][]int64{
			"fixed:9400": append(grid(0, 14000), 14500), "a:9400": grid(0, 13000), "b:9400": grid(0, 7000), "c:9400": grid(0, 13000), "d:9400": grid(8000, 13000),
		}
		if diff := cmp.Diff(want, m.visits); diff != "" {
			t.Errorf("visits (-want +got):\n%s", diff)
		}
		var told []string
		for _, n := range r.notes {
			told = append(told, n.Code+": "+n.Message)
		}
		wantTold := []string{
			"bad-targets: list.json: line 3: unexpected EOF; the 3 sources of before stay",
			"targets: the list of sources has changed: 2 added (http://d:9400/metrics, http://c:9400/metrics), 2 removed (http://b:9400/metrics, http://c:9400/metrics)",
			"targets: the list of sources has changed: none added, 3 removed (http://a:9400/metrics, http://c:9400/metrics, http://d:9400/metrics)",
		}
		if diff := cmp.Diff(wantTold, told); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		for _, g := range r.gpus {
			late := g.Taken.Sub(record.At(m.start)) > 7.6
			if rack := g.Labels["rack"]; (rack == "3") != (late && strings.HasPrefix(g.Source, "http://c:")) {
				t.Errorf("a reading of %s has the rack %q", g.Source, rack)
			}
		}
	})
}

// TestTargetsAlone: without a source a run waits for some, and its count of ticks
// is that of its time.
func TestTargetsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, l := newMeterMaid(), &list{}
		time.AfterFunc(3*time.Second, func() { l.set(sources(t, "a"), nil) })
		r := collect(t, time.Hour, Config{Sources: []Source{}, Targets: l.get, TargetsEvery: 700 * ms, Interval: time.Second, Count: 6, Transport: m})
		if diff := cmp.Diff(map[string][]int64{"a:9400": {4000, 5000}}, m.visits); diff != "" || r.took != 5*time.Second {
			t.Errorf("took %v, visits (-want +got):\n%s", r.took, diff)
		}
		l.set(nil, errors.New("no such file"))
		for rec, err := range Run(context.Background(), Config{Targets: l.get}) {
			if err == nil || err.Error() != "no such file" {
				t.Errorf("a list that is not there from the first: %+v, %v", rec, err)
			}
		}
	})
}

// TestDuplicates: a GPU that two sources show is told once, by the second.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMeterMaid()
		m.answer = func(r *http.Request) (*http.Response, error) {
			gpus := []int{0, 1}
			if r.URL.Host == "b:9400" {
				time.Sleep(ms)
				gpus = []int{0, 1, 2}
			}
			return answer(200, gpuPage(int(time.Since(m.start)), gpus...)), nil
		}
		r := collect(t, time.Hour, Config{Sources: sources(t, "a", "b"), Interval: time.Second, Count: 3, Transport: m})
		if diff := cmp.Diff([]string{Duplicate + "?"}, r.codes()); diff != "" {
			t.Fatalf("notes (-want +got):\n%s", diff)
		}
		n := r.notes[0]
		if n.Source != "http://b:9400/metrics" || n.Message != "2 of its GPUs are those of http://a:9400/metrics too; each counts once" {
			t.Errorf("%+v", n)
		}
	})
}

// TestClockStep: a clock that is set is told, one that is slewed is not.
func TestClockStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		wall := func() time.Time {
			since := time.Since(start)
			now := start.Add(since + since/2000) // as fast as a clock is slewed
			if since > 20500*ms {
				now = now.Add(-3 * time.Second)
			}
			return now
		}
		r := collect(t, time.Minute, Config{Interval: 500 * ms, Transport: newMeterMaid(), wall: wall})
		if diff := cmp.Diff([]string{ClockStep}, r.codes()); diff != "" {
			t.Fatalf("notes (-want +got):\n%s", diff)
		}
		n := r.notes[0]
		if n.Source != "" || *n.Seconds > -2.99 || *n.Seconds < -3.01 || !strings.HasPrefix(n.Message, "the wall clock was set by -2.9") && !strings.HasPrefix(n.Message, "the wall clock was set by -3.0") {
			t.Errorf("%v s: %s", *n.Seconds, n.Message)
		}
		for i, g := range r.gpus[1:] {
			if g.Taken <= r.gpus[i].Taken {
				t.Errorf("reading %d was taken at %v, after %v", i+1, g.Taken, r.gpus[i].Taken)
			}
		}
	})
}

// TestKeepRepeats: a repeat is written, and says so.
func TestKeepRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMeterMaid()
		m.answer = func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "x:8000" {
				return answer(200, fmt.Sprintf("vllm:num_requests_running %d\n", time.Since(m.start)/(2*time.Second))), nil
			}
			return answer(200, gpuPage(int(time.Since(m.start)/(2*time.Second)), 0)), nil
		}
		server, err := ParseServer("x")
		if err != nil {
			t.Fatal(err)
		}
		for _, keep := range []bool{false, true} {
			m.start = time.Now()
			r := collect(t, time.Hour, Config{Sources: append(sources(t, "a"), server), Interval: time.Second, Count: 6, KeepRepeats: keep, Transport: m})
			var gpus, servers []bool
			for _, g := range r.gpus {
				gpus = append(gpus, g.Repeat)
			}
			for _, s := range r.servers {
				servers = append(servers, s.Repeat)
			}
			want := []bool{false, false, false}
			if keep {
				want = []bool{false, true, false, true, false, true}
			}
			if !slices.Equal(gpus, want) || !slices.Equal(servers, want) {
				t.Errorf("keep %v: repeats of the GPU %v, of the server %v", keep, gpus, servers)
			}
		}
	})
}
