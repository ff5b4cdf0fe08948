package cmd_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// TestRealPrometheus reads a load's telemetry from the Prometheus that
// AIPERF_PROMETHEUS names, and compares it with a direct scrape.
func TestRealPrometheus(t *testing.T) {
	program := os.Getenv("AIPERF_PROMETHEUS")
	if program == "" {
		t.Skip("AIPERF_PROMETHEUS names no Prometheus; make test-prometheus does")
	}
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var sims []*simulator
	var sources []string
	for i, layout := range []string{"4.8.2", "4.8.3", "4.8.2"} {
		s, err := startSimulator(bin, dir, "--host", fmt.Sprintf("node%d", i), "--gpus", "2", "--refresh", "100ms", "--layout", layout)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.stop() })
		sims, sources = append(sims, s), append(sources, s.dcgm)
	}
	url := startPrometheus(t, program, dir, sources)

	// The same time, seen directly.
	begun := time.Now()
	direct := filepath.Join(dir, "direct.ndjson")
	scrape := exec.Command(filepath.Join(bin, "aiperf-scrape"), append([]string{"-q", "--no-default", "--interval", "20ms", "-o", direct}, sources...)...)
	if err := scrape.Start(); err != nil {
		t.Fatal(err)
	}
	awaitPrometheus(t, url, time.Now().Add(time.Second))
	load := command(t, bin, "aiperf-load", "-m", "sim-model", "-u", sims[0].llm, "--streaming", "--isl", "50", "--osl", "60", "--concurrency", "4", "--request-count", "40")
	awaitPrometheus(t, url, time.Now().Add(500*time.Millisecond))
	scrape.Process.Signal(os.Interrupt)
	if err := scrape.Wait(); err != nil {
		t.Fatal(err)
	}

	history := func(more ...string) []byte {
		return command(t, bin, "aiperf-scrape", append([]string{"-q", "--prometheus", url, "--match", `{job="dcgm"}`,
			"--since", begun.UTC().Format(time.RFC3339Nano), "--until", "now"}, more...)...)
	}
	first := history()
	seen, err := os.ReadFile(direct)
	if err != nil {
		t.Fatal(err)
	}
	compareCounters(t, readingsOf(t, seen), readingsOf(t, first))
	compareWindows(t, readingsOf(t, first), readingsOf(t, history("--window", "1s")))
	compareJoins(t, bin, dir, load, seen, first)
}

// command runs a command and gives its output.
func command(t *testing.T, bin, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(filepath.Join(bin, name), args...)
	var talk bytes.Buffer
	c.Stderr = &talk
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", c, err, &talk)
	}
	return out
}

// startPrometheus starts one that can load so few samples into memory that
// windows of the usual length are too much for it.
func startPrometheus(t *testing.T, program, dir string, sources []string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n- job_name: dcgm\n  static_configs:\n" +
		"  - labels: {pod: exporter-x, namespace: monitoring, cluster: test}\n    targets:\n")
	for _, s := range sources {
		config.WriteString("    - " + strings.TrimSuffix(strings.TrimPrefix(s, "http://"), "/metrics") + "\n")
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address, "--log.level=warn", "--query.max-samples=3000")
	c.Stderr, c.Stdout = os.Stderr, os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
	})
	return "http://" + address
}

// awaitPrometheus waits until it has scraped after the given instant.
func awaitPrometheus(t *testing.T, url string, after time.Time) {
	t.Helper()
	query := url + "/api/v1/query?query=" + fmt.Sprintf("count(timestamp(up)>%.3f)>=3", float64(after.UnixMilli())/1000)
	var last string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(strings.ReplaceAll(query, ">", "%3E"))
		if err != nil {
			last = err.Error()
			continue
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if last = string(b); strings.Contains(last, `"value":`) {
			return
		}
	}
	t.Fatalf("the Prometheus has not scraped after %v: %s", after, last)
}

// readingsOf gives the readings of each GPU.
func readingsOf(t *testing.T, stream []byte) map[string][]record.GPU {
	t.Helper()
	all := map[string][]record.GPU{}
	var last record.Time
	for l, err := range record.Read(bytes.NewReader(stream), "stream") {
		if err != nil {
			t.Fatal(err)
		}
		if l.Time < last {
			t.Fatalf("line %d is out of order", l.Number)
		}
		last = l.Time
		if l.Type == record.TypeGPU {
			var g record.GPU
			if err := l.Decode(&g); err != nil {
				t.Fatal(err)
			}
			all[g.UUID] = append(all[g.UUID], g)
		}
	}
	return all
}

// compareCounters looks for each value of the energy counter among those that
// were seen directly, at the same instant.
func compareCounters(t *testing.T, direct, history map[string][]record.GPU) {
	t.Helper()
	if len(direct) != 6 || len(history) != 6 {
		t.Fatalf("%d GPUs directly and %d of the Prometheus, want 6", len(direct), len(history))
	}
	same, between, fields := 0, 0, 0
	for uuid, readings := range history {
		seen := direct[uuid]
		for _, g := range readings {
			if g.Labels["pod"] != "" || g.Labels["namespace"] != "" || g.Labels["cluster"] != "test" || g.Labels["job"] != "dcgm" || g.Within == nil {
				t.Fatalf("labels %v, within %v", g.Labels, g.Within)
			}
			if g.Taken < seen[0].Taken || g.Taken > seen[len(seen)-1].Taken {
				continue
			}
			e := g.Fields[record.FieldEnergy]
			i, found := slices.BinarySearchFunc(seen, e, func(d record.GPU, e float64) int { return cmp.Compare(d.Fields[record.FieldEnergy], e) })
			switch {
			case found:
				same++
				if !together(seen, i, &g) {
					t.Errorf("%s: %v J at %v within %v s, directly at %v", uuid, e, g.Taken, *g.Within, seen[i].Taken)
				}
				for name, v := range seen[i].Fields {
					if fields++; g.Fields[name] != v {
						t.Errorf("%s: %s is %v, directly %v", uuid, name, g.Fields[name], v)
					}
				}
			case i > 0 && i < len(seen):
				between++ // a page that the direct scrape has missed
			default:
				t.Errorf("%s: %v J is outside of what was seen", uuid, e)
			}
		}
	}
	if same < 100 || between > same/20 {
		t.Errorf("only %d readings are the same, %d lie between", same, between)
	}
	t.Logf("6 GPUs: %d readings have exactly the energy counter of a direct scrape at that instant (%d fields are equal); %d lie between two of them", same, fields, between)
}

// together tells whether a reading of the Prometheus can be of the page that was
// first seen directly as seen[i]: it was taken after the one before was last
// the newest, and before the next one was seen.
func together(seen []record.GPU, i int, g *record.GPU) bool {
	const slack = 0.05 // of the direct visits
	from, to := g.Taken.Add(-*g.Within-slack), g.Taken.Add(*g.Within+slack)
	return (i == 0 || to > seen[i-1].Taken) && (i+1 == len(seen) || from < seen[i+1].Taken) && to >= seen[i].Taken.Add(-0.1)
}

func compareWindows(t *testing.T, a, b map[string][]record.GPU) {
	t.Helper()
	n := 0
	for uuid := range a {
		for i := range a[uuid] {
			if n++; i >= len(b[uuid]) || b[uuid][i].Taken != a[uuid][i].Taken || b[uuid][i].Fields[record.FieldEnergy] != a[uuid][i].Fields[record.FieldEnergy] {
				t.Fatalf("%s: reading %d is another one in small windows", uuid, i)
			}
		}
	}
	t.Logf("%d readings are the same in windows of 1 s and in those that the server's limit of 3000 samples leaves", n)
}

// compareJoins joins the load with either.
func compareJoins(t *testing.T, bin, dir string, load, direct, history []byte) {
	t.Helper()
	var joules []float64
	for name, gpu := range map[string][]byte{"direct": direct, "history": history} {
		l, g := filepath.Join(dir, name+"-load"), filepath.Join(dir, name+"-gpu")
		if err := os.WriteFile(l, load, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(g, gpu, 0o644); err != nil {
			t.Fatal(err)
		}
		e := totalOf(t, command(t, bin, "aiperf-merge", l, g))
		if e.Verdict != record.Valid || e.Energy == nil || e.GPUs != 6 {
			t.Fatalf("%s: the join is %+v", name, e)
		}
		t.Logf("%s: %.2f J ± %.2f J over %.3f s, valid, refresh %.3f s", name, *e.Energy, *e.PlusMinus, e.Took, *e.Refresh)
		joules = append(joules, *e.Energy)
	}
	if d := math.Abs(joules[0]/joules[1] - 1); d > 0.03 {
		t.Errorf("the joules differ by %.2f %%", 100*d)
	}
}

func totalOf(t *testing.T, merged []byte) (e record.Energy) {
	t.Helper()
	for l, err := range record.Read(bytes.NewReader(merged), "merged") {
		if err == nil && l.Type == record.TypeEnergy {
			err = l.Decode(&e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}
