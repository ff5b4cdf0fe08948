package cmd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// TestSoak has aiperf-scrape visit many sources for as long as AIPERF_SOAK says,
// and holds it to what is promised: visits begin less than 5 ms late (99th
// percentile), it holds less than 200 MB, and no more at the end than after a
// tenth of the time. It wants a machine that does nothing else, and is no part of
// the tests: make soak SOAK=1h.
func TestSoak(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("AIPERF_SOAK"))
	if err != nil {
		t.Skip("AIPERF_SOAK is not a duration such as 1h")
	}
	const sources, mostLate, mostMemory = 1000, 0.005, 200e6
	dir, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	url := soakServer(t)
	targets := filepath.Join(t.TempDir(), "targets.txt")
	var list strings.Builder
	for i := range sources {
		fmt.Fprintf(&list, "%s/node%d/metrics\n", url, i)
	}
	if err := os.WriteFile(targets, []byte(list.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "aiperf-scrape"), "--quiet", "--no-default", "--interval", "1s", "--duration", d.String(), "--targets", targets)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	memory := watchMemory(cmd.Process.Pid, d)
	end, waits := readSoak(t, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	early, late := memory()
	slices.Sort(waits)
	p50, p99 := waits[len(waits)/2], waits[len(waits)*99/100]
	t.Logf("%v: %d visits of %d sources, %d failed; late by %.2f ms (median), %.2f ms (p99), %.2f ms at most; %.1f MB after a tenth, %.1f MB at the end, %.1f MB at most; %.3f of a processor",
		d, end.Counts["scrapes"], len(end.Sources), end.Counts["failures"], p50*1e3, p99*1e3, waits[len(waits)-1]*1e3, early/1e6, late/1e6, float64(end.Process.Memory)/1e6, end.Process.Share)
	if want := int64(d/time.Second) * sources; end.Counts["scrapes"] < want*98/100 || end.Counts["failures"] > 0 {
		t.Errorf("%d visits, %d of them failed; want %d", end.Counts["scrapes"], end.Counts["failures"], want)
	}
	if p99 > mostLate {
		t.Errorf("visits began %.2f ms late", p99*1e3)
	}
	if float64(end.Process.Memory) > mostMemory || late > 1.2*early+10e6 {
		t.Errorf("%.1f MB after a tenth of the time, %.1f MB at its end, %.1f MB at most", early/1e6, late/1e6, float64(end.Process.Memory)/1e6)
	}
}

// soakServer answers every path with the page of one GPU, whose energy goes up.
func soakServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var energy atomic.Int64
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		node := strings.Split(r.URL.Path, "/")[1]
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, f := range []string{"SM_CLOCK", "MEM_CLOCK", "GPU_TEMP", "POWER_USAGE", "GPU_UTIL", "FB_USED", "FB_FREE"} {
			fmt.Fprintf(w, "# TYPE DCGM_FI_DEV_%s gauge\nDCGM_FI_DEV_%s{gpu=\"0\",UUID=\"GPU-%s\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"%s\"} 33\n", f, f, node, node)
		}
		fmt.Fprintf(w, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"0\",UUID=\"GPU-%s\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"%s\"} %d\n", node, node, energy.Add(1))
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return "http://" + l.Addr().String()
}

// watchMemory looks at how much memory a process holds, and gives a function that
// tells it after a tenth of the time and when it was seen last, in bytes.
func watchMemory(pid int, d time.Duration) func() (early, late float64) {
	stop, done := make(chan struct{}), make(chan struct{})
	var early, late float64
	go func() {
		defer close(done)
		start := time.Now()
		for {
			if now := resident(pid); now > 0 {
				if late = now; time.Since(start) < d/10 {
					early = late
				}
			}
			select {
			case <-time.After(time.Second):
			case <-stop:
				return
			}
		}
	}()
	return func() (float64, float64) {
		close(stop)
		<-done
		return early, late
	}
}

// resident is what Linux says a process holds, in bytes; 0 if it does not.
func resident(pid int) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if word := strings.Fields(rest); len(word) > 0 {
		kb, _ := strconv.ParseFloat(word[0], 64)
		return kb * 1024
	}
	return 0
}

// readSoak reads a stream of any length and gives its trailer, and how late visits
// were once all connections were made.
func readSoak(t *testing.T, r io.Reader) (end record.End, late []float64) {
	const warm = 5 // s
	var first record.Time
	for line, err := range record.Read(r, "soak") {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case first == 0:
			first = line.Time
		case line.Type == record.TypeScrape && line.Time.Sub(first) > warm:
			var s record.Scrape
			if err := line.Decode(&s); err != nil {
				t.Fatal(err)
			}
			late = append(late, s.Late)
		case line.Type == record.TypeEnd:
			if err := line.Decode(&end); err != nil {
				t.Fatal(err)
			}
		}
	}
	if end.Process == nil || len(late) == 0 {
		t.Fatalf("the stream has %d visits and the trailer %+v", len(late), end)
	}
	return end, late
}
