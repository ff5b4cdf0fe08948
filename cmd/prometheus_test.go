package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// yesterday is when a load ran that nobody scraped for.
var yesterday = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// past is a Prometheus that has two GPUs of 300 W and of 400 W every second of
// the minutes around yesterday.
func past(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if user, password, _ := r.BasicAuth(); user != "me" || password != "s3cret" || r.URL.Path != "/prom/api/v1/query" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"status":"error","errorType":"forbidden","error":"not you"}`)
		return
	}
	query := r.FormValue("query")
	length, _ := strconv.ParseInt(regexp.MustCompile(`\[(\d+)ms\]$`).FindStringSubmatch(query)[1], 10, 64)
	at, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	end := int64(at*1000 + 0.5)
	result := []any{}
	add := func(metric map[string]string, value func(sec int64) float64) {
		metric["instance"], metric["job"] = "node1:9400", "dcgm"
		values := []any{}
		for sec := yesterday.Unix() - 60; sec < yesterday.Unix()+120; sec++ {
			if ms := sec * 1000; end-length < ms && ms <= end {
				values = append(values, []any{sec, fmt.Sprint(value(sec - yesterday.Unix() + 1000))})
			}
		}
		if len(values) > 0 {
			result = append(result, map[string]any{"metric": metric, "values": values})
		}
	}
	if strings.Contains(query, "scrape_duration_seconds") {
		add(map[string]string{"__name__": "scrape_duration_seconds"}, func(int64) float64 { return 0.02 })
	} else {
		for i, watts := range []float64{300, 400} {
			labels := func(name string) map[string]string {
				return map[string]string{"__name__": name, "gpu": strconv.Itoa(i), "UUID": fmt.Sprintf("GPU-%d", i), "Hostname": "node1"}
			}
			add(labels("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"), func(sec int64) float64 { return watts * float64(sec) * 1000 })
			add(labels("DCGM_FI_DEV_POWER_USAGE"), func(int64) float64 { return watts })
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
}

// A load of yesterday is joined with what a Prometheus has of yesterday: ten
// seconds at 700 W are 7 kJ.
func TestLoadOfYesterday(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(past))
	defer srv.Close()
	dir := t.TempDir()
	load := filepath.Join(dir, "load.ndjson")
	if err := os.WriteFile(load, loadOfYesterday(t), 0o644); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(srv.URL, "://", "://me:s3cret@", 1) + "/prom/"
	gpu := filepath.Join(dir, "gpu.ndjson")
	scrape := exec.Command(filepath.Join(bin, "aiperf-scrape"), "--prometheus", url,
		"--since", yesterday.Add(-20*time.Second).Format(time.RFC3339), "--until", yesterday.Add(40*time.Second).Format(time.RFC3339),
		"--match", `{job="dcgm"}`, "-o", gpu)
	if out, err := scrape.CombinedOutput(); err != nil || bytes.Contains(out, []byte("s3cret")) {
		t.Fatalf("%v:\n%s", err, out)
	}
	b, err := os.ReadFile(gpu)
	if err != nil || bytes.Contains(b, []byte("s3cret")) || bytes.Count(b, []byte(`"type":"gpu"`)) != 2*61 {
		t.Errorf("%v: records\n%.2000s", err, b)
	}
	merged, err := exec.Command(filepath.Join(bin, "aiperf-merge"), load, gpu).Output()
	if err != nil {
		t.Fatal(err)
	}
	for l, err := range record.Read(bytes.NewReader(merged), "merged") {
		var e record.Energy
		if err == nil && l.Type == record.TypeEnergy {
			err = l.Decode(&e)
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Scope == record.ScopeTotal {
			if e.Verdict != record.Valid || e.Energy == nil || *e.Energy != 7000 {
				t.Errorf("the energy is %s", l.Raw)
			}
			return
		}
	}
	t.Errorf("no energy:\n%s", merged)
}

// loadOfYesterday is a stream of one request of ten seconds.
func loadOfYesterday(t *testing.T) (b []byte) {
	t.Helper()
	at := func(sec float64) record.Time { return record.At(yesterday).Add(sec) }
	took := 10.0
	for _, l := range []struct {
		sec float64
		rec record.Record
	}{
		{-1, &record.Run{Run: "r", Tool: "aiperf-load"}},
		{0, &record.Phase{Run: "r", Phase: record.Profiling, Event: "begin"}},
		{0, &record.Begin{Run: "r", ID: "1", Phase: record.Profiling, Start: at(0)}},
		{10, &record.Request{Run: "r", ID: "1", Phase: record.Profiling, Start: at(0), Took: &took}},
		{10, &record.Phase{Run: "r", Phase: record.Profiling, Event: "end"}},
		{10, &record.End{Run: "r", Reason: record.Complete}},
	} {
		l.rec.Head().Time = at(l.sec)
		var err error
		if b, err = record.Append(b, l.rec); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestPrometheusMisuse(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(past))
	defer srv.Close()
	me := strings.Replace(srv.URL, "://", "://me:s3cret@", 1) + "/prom"
	for _, c := range []struct {
		why, args string
		code      int
		want      string
	}{
		{"nobody knows me", "--prometheus " + srv.URL + "/prom", 1, "HTTP 403 forbidden: not you"},
		{"nothing then", "--prometheus " + me + " --since 1600000000 --until 1600000060", 1, "has no GPU's value between 2020-09-13T12:26:40.000000000Z and"},
		{"the wrong way round", "--prometheus " + me + " --since 1h --until 2h", 2, "--since 1h comes after --until 2h"},
		{"a number", "--prometheus " + me + " --since 3600", 2, `"3600" is too small or too large for seconds since the epoch; a time ago has a unit, as 2h`},
		{"no instant", "--prometheus " + me + " --since noon", 2, `"noon" is neither a time ago such as 2h`},
		{"a source besides", "--prometheus " + me + " node1", 2, `--prometheus visits no exporter: "node1" is one source too many`},
		{"a flag of visits", "--prometheus " + me + " --interval 1s", 2, "--prometheus and --interval exclude each other"},
		{"a time without it", "--since 2h", 2, "--since needs --prometheus"},
		{"no selector", "--prometheus " + me + " --match up[5m]", 2, "is not a selector"},
		{"no URL", "--prometheus ftp://x", 2, `scheme "ftp" is neither http nor https`},
		{"an empty URL", "--prometheus=", 2, "has no host"},
	} {
		out, err := exec.Command(filepath.Join(bin, "aiperf-scrape"), strings.Fields(c.args)...).CombinedOutput()
		code := 0
		if e, ok := err.(*exec.ExitError); ok {
			code = e.ExitCode()
		}
		if code != c.code || !bytes.Contains(out, []byte(c.want)) || bytes.Contains(out, []byte("s3cret")) {
			t.Errorf("%s: code %d, want %d and %s:\n%s", c.why, code, c.code, c.want, out)
		}
	}
}

// An interrupt ends the reading; what has been read stays, and the end says so.
func TestPrometheusInterrupted(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 5 {
			<-r.Context().Done() // a server that has stopped answering
			return
		}
		past(w, r)
	}))
	t.Cleanup(srv.Close)
	c := exec.Command(filepath.Join(bin, "aiperf-scrape"), "--prometheus", strings.Replace(srv.URL, "://", "://me:s3cret@", 1)+"/prom", "--window", "10s",
		"--since", yesterday.Format(time.RFC3339), "--until", yesterday.Add(time.Minute).Format(time.RFC3339))
	var out bytes.Buffer
	c.Stdout = &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); n.Load() < 6 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	c.Process.Signal(os.Interrupt)
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if got := out.String(); !strings.Contains(got, `"type":"gpu"`) || !strings.Contains(got, `"type":"end"`) || !strings.Contains(got, `"reason":"interrupted"`) {
		t.Errorf("records\n%s", got)
	}
}
