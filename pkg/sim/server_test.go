package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

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
