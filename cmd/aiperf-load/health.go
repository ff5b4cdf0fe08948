package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"syscall"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// Limits beyond which a client is bound by itself.
const (
	mostLag    = 0.010 // s, 99th percentile
	mostStall  = 0.100 // s
	mostQueue  = 0.005 // s, 99th percentile
	mostGC     = 0.010 // s
	mostCPU    = 0.90
	mostOutput = 0.100 // s
	mostFiles  = 0.95
)

// A monitor watches this process while it loads.
type monitor struct {
	mu   sync.Mutex
	lags stat.Tally // µs

	began       time.Time
	cpu         time.Duration
	queue, gc   *metrics.Float64Histogram
	stall       time.Duration
	files, most int
	wg          sync.WaitGroup
	stop        context.CancelFunc
}

const (
	queueMetric = "/sched/latencies:seconds"
	gcMetric    = "/sched/pauses/total/gc:seconds"
	tick        = 50 * time.Millisecond
)

// watch starts a monitor; finish it.
func watch() *monitor {
	m := &monitor{began: time.Now(), cpu: cpuTime(), queue: histogram(queueMetric), gc: histogram(gcMetric), most: fileLimit()}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	m.wg.Go(func() { m.run(ctx) })
	return m
}

// lag takes how long a request that could be sent was not.
func (m *monitor) lag(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lags.Add(uint64(d.Microseconds()))
}

// run measures how late a goroutine is that wants to run every tick.
func (m *monitor) run(ctx context.Context) {
	t := time.NewTimer(tick)
	defer t.Stop()
	for n := 0; ; n++ {
		due := time.Now().Add(tick)
		t.Reset(tick)
		select {
		case <-t.C:
			m.stall = max(m.stall, time.Since(due))
		case <-ctx.Done():
			return
		}
		if n%40 == 0 {
			m.files = max(m.files, openFiles())
		}
	}
}

// finish ends the monitor and gives its verdict. waited is how long requests
// have waited for the reader of the records, starved whether one could not open
// a connection for want of descriptors or ports.
func (m *monitor) finish(waited time.Duration, starved bool) *record.Health {
	m.stop()
	m.wg.Wait()
	h := &record.Health{
		Stall: m.stall.Seconds(), Scheduling: quantile(since(histogram(queueMetric), m.queue), 0.99),
		GCPause: quantile(since(histogram(gcMetric), m.gc), 1), OutputWait: waited.Seconds(),
		Files: max(m.files, openFiles()), FileLimit: m.most,
	}
	cores := min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	h.CPU = round((cpuTime() - m.cpu).Seconds() / time.Since(m.began).Seconds() / float64(cores))
	if p99, ok := m.lags.Summary(stat.Population).Percentile(99); ok {
		h.LateP99 = new(p99 / 1e6)
	}
	judge(h, starved)
	return h
}

// judge decides whether what was measured is the client.
func judge(h *record.Health, starved bool) {
	h.Verdict, h.Reasons = record.Healthy, []string{}
	for _, r := range []struct {
		code string
		bad  bool
	}{
		{"late", h.LateP99 != nil && *h.LateP99 > mostLag},
		{"stall", h.Stall > mostStall},
		{"scheduling", h.Scheduling > mostQueue},
		{"gc", h.GCPause > mostGC},
		{"cpu", h.CPU > mostCPU},
		{"output", h.OutputWait > mostOutput},
		{"descriptors", starved || h.FileLimit > 0 && float64(h.Files) > mostFiles*float64(h.FileLimit)},
	} {
		if r.bad {
			h.Verdict = record.ClientBound
			h.Reasons = append(h.Reasons, r.code)
		}
	}
}

// healthNote tells a verdict.
func healthNote(run string, h *record.Health) *record.Note {
	n := &record.Note{Run: run, Level: record.Info, Code: "client-health"}
	late := ""
	if h.LateP99 != nil {
		late = fmt.Sprintf("requests left %s late (p99), ", human(*h.LateP99))
	}
	facts := fmt.Sprintf("%slongest stall %s, goroutines waited %s (p99), GC pauses up to %s, %.0f %% of the processors", late,
		human(h.Stall), human(h.Scheduling), human(h.GCPause), 100*h.CPU)
	if h.Verdict == record.Healthy {
		n.Message = "the client kept up: " + facts
		return n
	}
	n.Level = record.Warning
	n.Message = fmt.Sprintf("client-bound (%s): these numbers measure the client too: %s", strings.Join(h.Reasons, ", "), facts)
	return n
}

func human(seconds float64) string {
	return time.Duration(seconds * 1e9).Round(time.Microsecond).String()
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func histogram(name string) *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil // another version of Go
	}
	h := s[0].Value.Float64Histogram()
	h.Counts = append([]uint64(nil), h.Counts...)
	return h
}

// since is what has come to a histogram since an earlier reading.
func since(now, before *metrics.Float64Histogram) *metrics.Float64Histogram {
	if now == nil || before == nil || len(now.Counts) != len(before.Counts) {
		return now
	}
	for i := range now.Counts {
		now.Counts[i] -= before.Counts[i]
	}
	return now
}

// quantile is the upper edge of the bucket in which the q-quantile lies.
func quantile(h *metrics.Float64Histogram, q float64) float64 {
	if h == nil {
		return 0
	}
	var all uint64
	for _, n := range h.Counts {
		all += n
	}
	if all == 0 {
		return 0
	}
	want, sum := uint64(math.Ceil(q*float64(all))), uint64(0)
	for i, n := range h.Counts {
		if sum += n; sum >= want {
			if edge := h.Buckets[i+1]; !math.IsInf(edge, 0) {
				return edge
			}
			return h.Buckets[i]
		}
	}
	return 0
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// openFiles is the number of descriptors in use; 0 where that is not told.
func openFiles() int {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	return max(0, len(names)-1)
}

// fileLimit raises the limit on descriptors to what is allowed and gives it.
func fileLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	if l.Cur < l.Max {
		l.Cur = l.Max
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
			syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
		}
	}
	return int(min(l.Cur, 1<<30))
}
