package scrape

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"
)

// A world is a server in the same process, in the same bubble of time.
type world struct {
	*http.Transport
	conns chan net.Conn
	done  chan struct{}

	mu     sync.Mutex
	dialed int
	visits []time.Duration // when requests came, since the beginning
	start  time.Time
}

func newWorld(t *testing.T, h http.HandlerFunc) *world {
	w := &world{conns: make(chan net.Conn), done: make(chan struct{}), start: time.Now()}
	w.Transport = &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 2}
	srv := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.visits = append(w.visits, time.Since(w.start))
		w.mu.Unlock()
		h(rw, r)
	})}
	go srv.Serve(w)
	t.Cleanup(func() {
		w.CloseIdleConnections()
		srv.Close()
		synctest.Wait()
	})
	return w
}

func (w *world) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case w.conns <- server:
		w.mu.Lock()
		w.dialed++
		w.mu.Unlock()
		return client, nil
	case <-w.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *world) Close() error   { close(w.done); return nil }
func (w *world) Addr() net.Addr { return &net.IPAddr{} }

// seen is when visits came, and over how many connections.
func (w *world) seen() (visits []time.Duration, conns int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.visits), w.dialed
}

// pause sleeps, but not longer than the client waits.
func pause(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// gpuPage is a page of GPUs whose energy is the given number of mJ.
func gpuPage(energy int, gpus ...int) string {
	var b strings.Builder
	b.WriteString("# HELP DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION Energy (in mJ).\n")
	for _, g := range gpus {
		fmt.Fprintf(&b, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"%d\",UUID=\"GPU-%d\"} %d\n", g, g, energy)
	}
	return b.String()
}

// clockPage is a page of one GPU that changes every so often.
func clockPage(every time.Duration) http.HandlerFunc {
	start := time.Now()
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, gpuPage(int(time.Since(start)/every)*1000, 0))
	}
}

// records are what a run gave, by type.
type records struct {
	scrapes []*record.Scrape
	gpus    []*record.GPU
	servers []*record.Server
	notes   []*record.Note
	took    time.Duration
}

func (r *records) add(rec record.Record) {
	switch rec := rec.(type) {
	case *record.Scrape:
		r.scrapes = append(r.scrapes, rec)
	case *record.GPU:
		r.gpus = append(r.gpus, rec)
	case *record.Server:
		r.servers = append(r.servers, rec)
	case *record.Note:
		r.notes = append(r.notes, rec)
	}
}

// codes are those of the notes, in order, with "?" for a mere information.
func (r *records) codes() []string {
	codes := []string{}
	for _, n := range r.notes {
		c := n.Code
		if n.Level == record.Info {
			c += "?"
		}
		codes = append(codes, c)
	}
	return codes
}

// collect runs c on a source named x for the given time.
func collect(t *testing.T, d time.Duration, c Config) *records {
	t.Helper()
	if c.Sources == nil {
		c.Sources = sources(t, "http://x/metrics")
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	r, start := &records{}, time.Now()
	for rec, err := range Run(ctx, c) {
		if err != nil {
			t.Fatal(err)
		}
		r.add(rec)
	}
	r.took = time.Since(start)
	return r
}

func sources(t testing.TB, urls ...string) []Source {
	t.Helper()
	s, err := Sources(urls, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func samplePage(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../dcgm/testdata/" + name + ".prom")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func milliseconds(ds []time.Duration) []int64 {
	ms := []int64{}
	for _, d := range ds {
		ms = append(ms, d.Milliseconds())
	}
	return ms
}

func reversedLines(s string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	slices.Reverse(lines)
	return strings.Join(lines, "")
}

// quiet is a log that nobody reads.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
