package sim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const ms = time.Millisecond

// plainConfig has round figures.
func plainConfig() Config {
	c := Defaults
	c.TTFT, c.PerToken, c.ITL = 80*ms, ms, 10*ms
	return c
}

// start runs a machine's server in memory and gives a client for it.
func start(t *testing.T, cfg Config) (*Machine, *http.Client) {
	t.Helper()
	m := New(cfg)
	var n Network
	s := &http.Server{Handler: m.Server()}
	l := n.Listen("sim:80")
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	tr := &http.Transport{DialContext: n.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		s.Close()
		<-done
	})
	return m, &http.Client{Transport: tr}
}

func post(ctx context.Context, t *testing.T, c *http.Client, path, body string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://sim:80"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	return resp
}

// arrivals reads a stream and gives its events' data and instants.
func arrivals(r io.Reader, from time.Time) (data []string, at []time.Duration) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if d, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			data = append(data, d)
			at = append(at, time.Since(from))
		}
	}
	return data, at
}

const streamed = `{"model":"m","messages":[{"role":"user","content":"one two three four"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":4}`

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := start(t, plainConfig())
		from := time.Now()
		resp := post(t.Context(), t, c, "/v1/chat/completions", streamed, "X-Request-ID", "r-1")
		defer resp.Body.Close()
		data, at := arrivals(resp.Body, from)
		// The role, four tokens, the reason, the usage, good bye.
		want := []time.Duration{84 * ms, 84 * ms, 94 * ms, 104 * ms, 114 * ms, 114 * ms, 114 * ms, 114 * ms}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("instants (-want +got):\n%s", diff)
		}
		var words []string
		for _, d := range data[:len(data)-1] {
			var c struct {
				ID      string
				Choices []struct {
					Delta  struct{ Content string }
					Finish string `json:"finish_reason"`
				}
				Usage map[string]int
			}
			if err := json.Unmarshal([]byte(d), &c); err != nil || c.ID != "chatcmpl-r-1" {
				t.Errorf("chunk %s: %v", d, err)
			}
			if len(c.Choices) == 0 {
				if diff := cmp.Diff(map[string]int{"prompt_tokens": 4, "completion_tokens": 4, "total_tokens": 8}, c.Usage); diff != "" {
					t.Errorf("usage (-want +got):\n%s", diff)
				}
				continue
			}
			words = append(words, c.Choices[0].Delta.Content+c.Choices[0].Finish)
		}
		if diff := cmp.Diff([]string{"", " river", " stone", " light", " paper", "length"}, words); diff != "" {
			t.Errorf("text (-want +got):\n%s", diff)
		}
		if data[len(data)-1] != "[DONE]" {
			t.Errorf("it ends with %s", data[len(data)-1])
		}
	})
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		why, path, body string
		cfg             func(*Config)
		header          []string
		status          int
		want            string // a part of the body
		took            time.Duration
	}{
		{"chat without a stream", "/v1/chat/completions", `{"messages":[{"content":"a b"}],"max_tokens":3}`, nil, nil, 200, `"content":" river stone light"`, 102 * ms},
		{"completion without a stream", "/v1/completions", `{"prompt":"a b","max_tokens":2}`, nil, nil, 200, `"text":" river stone"`, 92 * ms},
		{"completion as a stream", "/v1/completions", `{"prompt":"a b","max_tokens":2,"stream":true}`, nil, nil, 200, `"text":" stone"`, 92 * ms},
		{"no usage unless asked for", "/v1/completions", `{"prompt":"a","max_tokens":1,"stream":true}`, nil, nil, 200, "data: [DONE]", 81 * ms},
		{"the length if none is asked for", "/v1/completions", `{"prompt":"a"}`, func(c *Config) { c.Output = 7 }, nil, 200, `"completion_tokens":7`, 141 * ms},
		{"an early end", "/v1/completions", `{"prompt":"a","max_tokens":50}`, func(c *Config) { c.EOS = 1 }, nil, 200, `"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,`, 81 * ms},
		{"no early end below min_tokens", "/v1/completions", `{"prompt":"a","max_tokens":50,"min_tokens":6}`, func(c *Config) { c.EOS = 1 }, nil, 200, `"completion_tokens":6`, 131 * ms},
		{"no early end with ignore_eos", "/v1/completions", `{"prompt":"a","max_tokens":5,"ignore_eos":true}`, func(c *Config) { c.EOS = 1 }, nil, 200, `"completion_tokens":5`, 121 * ms},
		{"several tokens in a chunk", "/v1/completions", `{"prompt":"a","max_tokens":5,"stream":true}`, func(c *Config) { c.PerChunk = 3 }, nil, 200, `"text":" river stone light"`, 101 * ms},
		{"no JSON", "/v1/completions", `{`, nil, nil, 400, "the body is not JSON", 0},
		{"nothing to answer", "/v1/chat/completions", `{}`, nil, nil, 400, "messages or prompt is missing", 0},
		{"no key", "/v1/completions", `{"prompt":"a"}`, func(c *Config) { c.Key = "k" }, nil, 401, "the API key is not valid", 0},
		{"the key", "/v1/completions", `{"prompt":"a","max_tokens":1}`, func(c *Config) { c.Key = "k" }, []string{"Authorization", "Bearer k"}, 200, "river", 81 * ms},
		{"a status", "/v1/completions", `{"prompt":"a"}`, func(c *Config) { c.Faults = []Fault{{"429", 1}} }, nil, 429, "too many requests", 0},
		{"a status chosen by the request", "/v1/completions", `{"prompt":"a"}`, nil, []string{"X-Sim-Fault", "503"}, 503, "Service Unavailable", 0},
		{"a page", "/v1/completions", `{"prompt":"a"}`, nil, []string{"X-Sim-Fault", "html"}, 200, "<html>", 0},
		{"no token", "/v1/completions", `{"prompt":"a","stream":true}`, nil, []string{"X-Sim-Fault", "empty"}, 200, "[DONE]", 81 * ms},
		{"an error event", "/v1/completions", `{"prompt":"a","stream":true}`, nil, []string{"X-Sim-Fault", "error"}, 200, `{"error":{"message":"the engine has run out of memory"`, 91 * ms},
		{"no terminator", "/v1/completions", `{"prompt":"a","stream":true}`, nil, []string{"X-Sim-Fault", "truncate"}, 200, "river", 91 * ms},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := plainConfig()
				if c.cfg != nil {
					c.cfg(&cfg)
				}
				m, client := start(t, cfg)
				from := time.Now()
				resp := post(t.Context(), t, client, c.path, c.body, c.header...)
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.want) || time.Since(from) != c.took {
					t.Errorf("status %d after %v, %v:\n%s", resp.StatusCode, time.Since(from), err, body)
				}
				if strings.Contains(c.why, "no usage") && strings.Contains(string(body), `"usage"`) ||
					strings.Contains(c.why, "no terminator") && strings.Contains(string(body), "[DONE]") {
					t.Errorf("%s", body)
				}
				idle(t, m)
			})
		})
	}
}

// idle checks that nothing is left on the GPUs and all places are free.
func idle(t *testing.T, m *Machine) {
	t.Helper()
	synctest.Wait()
	s := m.gpus.at(time.Now())
	if running, waiting := m.batch.count(); s.prefilling != 0 || s.decoding != 0 || s.tokens != 0 || running != 0 || waiting != 0 {
		t.Errorf("left behind: %d in prefill, %d in decode, %d tokens; %d running, %d waiting", s.prefilling, s.decoding, s.tokens, running, waiting)
	}
}

func TestClientThatLeavesFreesItsPlace(t *testing.T) {
	for _, after := range []time.Duration{10 * ms, 100 * ms} {
		for _, fault := range []string{"", "stall", "reset"} {
			synctest.Test(t, func(t *testing.T) {
				cfg := plainConfig()
				cfg.Batch = 1
				m, c := start(t, cfg)
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						req, _ := http.NewRequestWithContext(ctx, "POST", "http://sim:80/v1/completions", strings.NewReader(`{"prompt":"a","stream":true}`))
						req.Header.Set("X-Sim-Fault", fault)
						if resp, err := c.Do(req); err == nil {
							io.Copy(io.Discard, resp.Body)
							resp.Body.Close()
						}
					})
				}
				wg.Wait()
				idle(t, m)
			})
		}
	}
}

// Requests beyond the batch wait for a place, in order.
func TestBatchQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Batch = 2
		m, c := start(t, cfg)
		from := time.Now()
		var mu sync.Mutex
		var took []time.Duration
		var wg sync.WaitGroup
		for range 5 {
			time.Sleep(ms)
			wg.Go(func() {
				resp := post(t.Context(), t, c, "/v1/completions", `{"prompt":"a","max_tokens":2}`) // 91 ms
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(from))
			})
		}
		time.Sleep(ms)
		if running, waiting := m.batch.count(); running != 2 || waiting != 3 {
			t.Errorf("%d are running and %d waiting, want 2 and 3", running, waiting)
		}
		wg.Wait()
		want := []time.Duration{92 * ms, 93 * ms, 183 * ms, 184 * ms, 274 * ms}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		idle(t, m)
	})
}

// Jitter and early ends depend on the seed and the request's number alone.
func TestSeed(t *testing.T) {
	lengths := func(seed int64, run string) (all []int) {
		synctest.Test(t, func(t *testing.T) {
			cfg := plainConfig()
			cfg.Seed, cfg.EOS, cfg.Jitter = seed, 0.1, 0.5
			_, c := start(t, cfg)
			for i := range 10 {
				from := time.Now()
				resp := post(t.Context(), t, c, "/v1/completions", `{"prompt":"a"}`, "X-Request-ID", fmt.Sprintf("%s-%d", run, i))
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				all = append(all, int(time.Since(from)))
			}
		})
		return all
	}
	a := lengths(1, "a")
	if b := lengths(1, "b"); !slices.Equal(a, b) {
		t.Errorf("the same seed gives %v and %v", a, b)
	}
	if b := lengths(2, "a"); slices.Equal(a, b) {
		t.Errorf("two seeds both give %v", a)
	}
	if slices.Min(a) == slices.Max(a) {
		t.Errorf("all took the same: %v", a)
	}
}

// Energy is the integral of power: a sum of 10 µs steps comes to the same.
func TestEnergyIsTheIntegralOfPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.GPUs, cfg.Power.Spread = 2, 0.4
		m := New(cfg)
		from := time.Now()
		for _, load := range [][2]int{{1, 0}, {-1, 1}, {3, 0}, {-3, 3}, {0, -4}} {
			time.Sleep(170 * ms)
			m.gpus.change(load[0], load[1], 0)
		}
		time.Sleep(time.Second)
		for gpu := range 2 {
			const step = 10 * time.Microsecond
			sum, most := 0.0, 0.0
			for at := from.Add(step / 2); at.Before(time.Now()); at = at.Add(step) {
				p := m.Power(gpu, at)
				sum += p * step.Seconds()
				most = max(most, p)
			}
			exact := m.Energy(gpu, time.Now())
			if math.Abs(exact-sum) > 1e-6*sum {
				t.Errorf("GPU %d: %.6f J, integrated %.6f J", gpu, exact, sum)
			}
			if most < 200 || most > 700 || m.Power(gpu, time.Now()) > 71 {
				t.Errorf("GPU %d: power rose to %.1f W and fell to %.1f W", gpu, most, m.Power(gpu, time.Now()))
			}
		}
		if m.Energy(0, time.Now()) <= m.Energy(1, time.Now()) {
			t.Error("the GPU that works less used no less")
		}
	})
}

func page(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	return w.Body.String()
}

// Both layouts can be read, say the same, and change with the refresh alone.
func TestExporter(t *testing.T) {
	for _, layout := range []Layout{Template, Sorted} {
		synctest.Test(t, func(t *testing.T) {
			cfg := plainConfig()
			cfg.Layout, cfg.GPUs, cfg.Refresh = layout, 3, 100*ms
			m := New(cfg)
			h := m.Exporter()
			m.gpus.change(0, 8, 0)
			time.Sleep(10*time.Second + 99*ms)
			first := page(t, h)
			if again := page(t, h); again != first {
				t.Errorf("%s: the page changes between refreshes", layout)
			}
			time.Sleep(ms)
			if next := page(t, h); next == first {
				t.Errorf("%s: the page does not change with the refresh", layout)
			}
			p := expfmt.NewTextParser(model.UTF8Validation)
			got, err := p.TextToMetricFamilies(strings.NewReader(first))
			if err != nil || len(got) != len(families) {
				t.Fatalf("%s: %d of %d families, %v", layout, len(got), len(families), err)
			}
			at := time.Now().Add(-100 * ms)
			for _, x := range got["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"].Metric {
				labels := map[string]string{}
				for _, l := range x.Label {
					labels[strings.ToLower(l.GetName())] = l.GetValue()
				}
				var gpu int
				fmt.Sscan(labels["gpu"], &gpu)
				if labels["uuid"] != m.UUID(gpu) || labels["hostname"] != "sim-node" {
					t.Errorf("%s: labels %v", layout, labels)
				}
				if want := math.Floor(offset(gpu) + 1e3*m.Energy(gpu, at)); x.Counter.GetValue() != want {
					t.Errorf("%s: counter of GPU %d is %.0f mJ, want %.0f", layout, gpu, x.Counter.GetValue(), want)
				}
			}
			if u := got["DCGM_FI_DEV_GPU_UTIL"].Metric[0].Gauge.GetValue(); u != 100 {
				t.Errorf("%s: utilisation is %v %% under full load", layout, u)
			}
		})
	}
}

func TestCounterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Drop = 10 * time.Second
		m := New(cfg)
		time.Sleep(10*time.Second - 1)
		if c := m.Counter(0, time.Now()); c < offset(0) {
			t.Errorf("before the reset it stands at %.0f mJ", c)
		}
		time.Sleep(time.Second + 1)
		if c := m.Counter(0, time.Now()); c != 70_000 {
			t.Errorf("a second after the reset, at 70 W, it stands at %.0f mJ", c)
		}
	})
}

func TestLimitThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Power.Limit = 250
		m := New(cfg)
		m.gpus.change(0, 30, 0)
		time.Sleep(2 * time.Second)
		v := m.values(0, time.Now())
		if v["POWER_USAGE"] > 250 || v["POWER_VIOLATION"] != 2e9 || v["SM_CLOCK"] != 1590 {
			t.Errorf("power %v W, violation %v ns, clock %v MHz", v["POWER_USAGE"], v["POWER_VIOLATION"], v["SM_CLOCK"])
		}
	})
}

// The truth agrees with what a client sees, and its loads with the energies.
func TestTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := start(t, plainConfig())
		var b bytes.Buffer
		m.WriteTruth(&b)
		time.Sleep(time.Second)
		resp := post(t.Context(), t, c, "/v1/chat/completions", streamed, "X-Request-ID", "r-1")
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		synctest.Wait()
		if err := m.EndTruth(); err != nil {
			t.Fatal(err)
		}
		var kinds []string
		var loads []TrueLoad
		var r TrueRequest
		for line := range strings.Lines(b.String()) {
			var h struct{ Type string }
			if err := json.Unmarshal([]byte(line), &h); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, h.Type)
			switch h.Type {
			case TypeLoad:
				var l TrueLoad
				json.Unmarshal([]byte(line), &l)
				loads = append(loads, l)
			case TypeRequest:
				json.Unmarshal([]byte(line), &r)
			}
		}
		if want := "sim.load sim.load sim.load sim.load sim.request sim.load sim.end"; strings.Join(kinds, " ") != want {
			t.Errorf("lines %v, want %s", kinds, want)
		}
		if diff := cmp.Diff([]float64{0.084, 0.094, 0.104, 0.114}, r.Sent); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		energy := func(l TrueLoad, dt float64) float64 {
			return l.Energy[0] + l.Target[0]*dt + (l.Power[0]-l.Target[0])*l.Tau*(1-math.Exp(-dt/l.Tau))
		}
		if got := energy(loads[2], r.Ended.Sub(loads[2].At)); math.Abs(got-r.EnergyEnded[0]) > 1e-9 {
			t.Errorf("the load says %v J at the end, the request %v J", got, r.EnergyEnded[0])
		}
		if r.EnergyArrived[0] != 70 || r.In != 4 || r.Out != 4 || r.ID != "r-1" {
			t.Errorf("%+v", r)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for why, f := range map[string]func(*Config){
		"negative time":   func(c *Config) { c.ITL = -1 },
		"no batch":        func(c *Config) { c.Batch = -1 },
		"jitter":          func(c *Config) { c.Jitter = 1 },
		"limit":           func(c *Config) { c.Power.Limit = 1 },
		"layout":          func(c *Config) { c.Layout = "5" },
		"unknown fault":   func(c *Config) { c.Faults = []Fault{{"gremlins", 1}} },
		"no error status": func(c *Config) { c.Faults = []Fault{{"200", 1}} },
		"rate":            func(c *Config) { c.Faults = []Fault{{"500", 2}} },
	} {
		c := Defaults
		f(&c)
		if c.Check() == nil {
			t.Errorf("%s: no error", why)
		}
	}
	if err := (Config{}).Check(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
}

func TestOtherPages(t *testing.T) {
	t.Parallel()
	m := New(Defaults)
	for path, want := range map[string]string{"/v1/models": `"id":"sim-model"`, "/health": "", "/metrics": "vllm:num_requests_running{model_name=\"sim-model\"} 0"} {
		w := httptest.NewRecorder()
		m.Server().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if path == "/metrics" {
			p := expfmt.NewTextParser(model.UTF8Validation)
			if _, err := p.TextToMetricFamilies(w.Body); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// What a chunk costs the server, which shares the processor with the client.
//
// go test -run=^$ -bench=Chunks ./pkg/sim
func BenchmarkChunks(b *testing.B) {
	cfg := Defaults
	cfg.TTFT, cfg.PerToken, cfg.ITL, cfg.Output = time.Nanosecond, time.Nanosecond, time.Nanosecond, 1000
	s := httptest.NewServer(New(cfg).Server())
	defer s.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		resp, err := http.Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{"messages":[{"content":"a"}],"stream":true}`))
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		n += 1000
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "chunks/s")
}
