package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The benchmarks of this package run whole processes on loopback, beside a
// peer that does the least it can (tools/peers), in alternating rounds of one
// run: absolute times depend on the machine and on its neighbours, ratios less.

// rounds is how often the two sides of a comparison take turns.
const rounds = 5

// peers is the program with the peers.
var peers = sync.OnceValues(func() (string, error) {
	dir, err := bin()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "peers")
	build := exec.Command("go", "build", "-o", name, "./peers")
	build.Dir = "../tools"
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return name, nil
})

// needs builds what a benchmark runs.
func needs(b *testing.B) (dir, peer string) {
	b.Helper()
	dir, err := bin()
	if err != nil {
		b.Fatal(err)
	}
	peer, err = peers()
	if err != nil {
		b.Fatal(err)
	}
	return dir, peer
}

// A usage is what a process took.
type usage struct {
	cpu  time.Duration // user and system
	wall time.Duration
	peak int64 // bytes of resident memory
}

// measured runs a program to its end.
//
// Note: ru_maxrss is no good here: a child begins with that of the process
// which started it.
func measured(program string, args ...string) (usage, error) {
	cmd := exec.Command(program, args...)
	var said bytes.Buffer
	cmd.Stderr = &said // and standard output goes nowhere, without a copy
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var u usage
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-tick.C:
			u.peak = max(u.peak, highWater(cmd.Process.Pid))
			continue
		case err := <-ended:
			tick.Stop()
			if err != nil {
				return u, fmt.Errorf("%s: %w\n%s", cmd, err, said.String())
			}
		}
		u.wall = time.Since(begun)
		u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return u, nil
	}
}

// highWater is the most memory that a process has had resident, in bytes; 0
// where the system does not tell.
func highWater(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ = strings.Cut(text, "kB")
	kib, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return kib << 10
}

// mustMeasure is measured for what must succeed. It skips the benchmark of a
// flag that the program does not have.
func mustMeasure(b *testing.B, program string, args ...string) usage {
	b.Helper()
	u, err := measured(program, args...)
	if err != nil && strings.Contains(err.Error(), "unknown flag") {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	return u
}

// benchSimulator starts a simulator without an exporter until the benchmark ends.
func benchSimulator(b *testing.B, dir string, flags ...string) *simulator {
	b.Helper()
	s, err := startSimulator(dir, b.TempDir(), append([]string{"--no-dcgm"}, flags...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.stop() })
	return s
}

// shortAnswer is a whole answer in 100 bytes.
const shortAnswer = `{"choices":[{"message":{"content":"river"},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}`

// shortServer answers at once and in short.
func shortServer(b *testing.B) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, shortAnswer)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// loadArgs are the arguments of aiperf-load that all benchmarks have in common.
func loadArgs(url, out string, more ...string) []string {
	return append([]string{"-q", "-m", "m", "-u", url, "--isl", "10", "-o", out}, more...)
}

// A benchRecord is what the benchmarks read of a record or of a line of the
// simulator's truth.
type benchRecord struct {
	Type  string          `json:"type"`
	Run   string          `json:"run"`
	ID    string          `json:"id"`
	Start time.Time       `json:"start"`
	Took  float64         `json:"took"`
	Late  *float64        `json:"late"`
	Gaps  []float64       `json:"gaps"`
	Error json.RawMessage `json:"error"`

	Arrived time.Time `json:"arrived"`
	Sent    []float64 `json:"sent"`
}

// requests reads the records of one type, "request" or "sim.request". One that
// failed is an error.
func requests(b *testing.B, name, kind string) []benchRecord {
	b.Helper()
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var all []benchRecord
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var r benchRecord
		if err := d.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		if r.Type != kind {
			continue
		}
		if r.Error != nil {
			b.Fatalf("request %s: %s", r.ID, r.Error)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		b.Fatalf("%s: there is no %s", name, kind)
	}
	return all
}

// quantile is the smallest value that a share q of the values does not exceed;
// NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// metric gives a metric, and leaves out what a benchmark of whole processes
// does not mean: the time of one iteration.
func metric(b *testing.B, value float64, unit string) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(value, unit)
}
