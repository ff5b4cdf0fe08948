package sim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every endpoint's whole answer, found at paths in its object.
func TestWholeAnswers(t *testing.T) {
	type paths map[string]any // dotted path to value
	for _, c := range []struct {
		why, path, body string
		cfg             func(*Config)
		took            time.Duration
		want            paths
	}{
		{"responses", "/v1/responses", `{"input":"a b c","max_output_tokens":2}`, nil, 93 * ms, paths{
			"object": "response", "status": "incomplete", "incomplete_details.reason": "max_output_tokens", "output.0.type": "message",
			"output.0.content.0.text": " river stone", "usage.input_tokens": 3.0, "usage.output_tokens": 2.0, "usage.total_tokens": 5.0}},
		{"responses of messages with parts", "/v1/responses", `{"instructions":"x y","input":[{"role":"user","content":[{"type":"input_text","text":"a b"}]}],"max_output_tokens":1}`, nil, 84 * ms,
			paths{"usage.input_tokens": 4.0}},
		{"responses with reasoning and a tool", "/v1/responses", `{"input":"a","max_output_tokens":3,"tools":[{"type":"function","name":"weigh"}]}`,
			func(c *Config) { c.Reasoning, c.ToolCall = 1, true }, 101 * ms, paths{
				"status": "completed", "output.0.type": "reasoning", "output.0.content.0.text": " river", "output.1.type": "function_call",
				"output.1.name": "weigh", "output.1.arguments": `{"text":" stone light"}`, "usage.output_tokens_details.reasoning_tokens": 1.0}},
		{"messages", "/v1/messages", `{"system":"be kind","messages":[{"role":"user","content":[{"type":"text","text":"a b"}]}],"max_tokens":2}`, nil, 94 * ms, paths{
			"type": "message", "role": "assistant", "content.0.text": " river stone", "stop_reason": "max_tokens", "usage.input_tokens": 4.0, "usage.output_tokens": 2.0}},
		{"messages with an early end", "/v1/messages", `{"messages":[{"role":"user","content":"a"}],"max_tokens":9}`, func(c *Config) { c.EOS = 1 }, 81 * ms,
			paths{"stop_reason": "end_turn"}},
		{"messages with thinking and a tool", "/v1/messages", `{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"tools":[{"name":"weigh"}]}`,
			func(c *Config) { c.Reasoning, c.ToolCall = 1, true }, 101 * ms, paths{"content.0.type": "thinking", "content.0.thinking": " river",
				"content.1.type": "tool_use", "content.1.name": "weigh", "content.1.input.text": " stone light", "stop_reason": "tool_use"}},
		{"chat with reasoning", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":3}`, func(c *Config) { c.Reasoning, c.ReasoningField = 2, "reasoning" }, 101 * ms, paths{
			"choices.0.message.reasoning": " river stone", "choices.0.message.content": " light", "usage.completion_tokens_details.reasoning_tokens": 2.0}},
		{"chat with a tool", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":2,"tools":[{"type":"function","function":{"name":"weigh"}}]}`, func(c *Config) { c.ToolCall = true }, 91 * ms, paths{
			"choices.0.message.content": nil, "choices.0.message.tool_calls.0.function.name": "weigh",
			"choices.0.message.tool_calls.0.function.arguments": `{"text":" river stone"}`, "choices.0.finish_reason": "tool_calls"}},
		{"chat that never tells usage", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":1}`, func(c *Config) { c.NoUsage = true }, 81 * ms, paths{
			"choices.0.message.content": " river", "usage": nil}},
		{"a completion of token numbers", "/v1/completions", `{"prompt":[1,2,3],"max_tokens":1}`, nil, 83 * ms, paths{"usage.prompt_tokens": 3.0}},
		{"embeddings of texts", "/v1/embeddings", `{"input":["a b","c"],"dimensions":3}`, nil, 83 * ms, paths{
			"object": "list", "data.0.object": "embedding", "data.1.index": 1.0, "data.2": nil, "usage.prompt_tokens": 3.0}},
		{"embeddings of token numbers, packed", "/v1/embeddings", `{"input":[5,6],"encoding_format":"base64","dimensions":1,"stream":true}`, nil, 82 * ms, paths{
			"data.0.embedding": "8wQ1vw==", "data.1": nil}},
		{"embeddings of messages", "/v1/embeddings", `{"messages":[{"role":"user","content":"a b"}]}`, nil, 82 * ms, paths{"data.0.index": 0.0, "usage.prompt_tokens": 2.0}},
		{"cohere's rank", "/v2/rerank", `{"query":"q","documents":["a b","c",{"text":"d e"}],"top_n":2}`, nil, 86 * ms, paths{
			"results.0.index": 2.0, "results.0.relevance_score": 1.0, "results.1.index": 1.0, "results.2": nil}},
		{"vLLM's path of the same", "/v1/rerank", `{"query":"q","documents":["a"]}`, nil, 82 * ms, paths{"results.0.index": 0.0}},
		{"TEI's rank", "/rerank", `{"query":"q","texts":["a","b"]}`, nil, 83 * ms, paths{"0.index": 0.0, "0.score": 1.0, "1.index": 1.0, "2": nil}},
		{"NIM's rank", "/v1/ranking", `{"query":{"text":"q r"},"passages":[{"text":"a"}]}`, nil, 83 * ms, paths{"rankings.0.index": 0.0, "rankings.0.logit": 1.0}},
		{"TGI", "/generate", `{"inputs":"a b","parameters":{"max_new_tokens":2}}`, nil, 92 * ms, paths{"generated_text": " river stone", "details": nil}},
		{"TGI with details", "/generate", `{"inputs":"a b","parameters":{"max_new_tokens":2,"details":true}}`, nil, 92 * ms, paths{
			"details.finish_reason": "length", "details.generated_tokens": 2.0}},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := plainConfig()
				if c.cfg != nil {
					c.cfg(&cfg)
				}
				body, status, took := answerOf(t, cfg, c.path, c.body)
				if status != 200 || took != c.took {
					t.Errorf("status %d after %v, want 200 after %v", status, took, c.took)
				}
				for path, want := range c.want {
					if diff := cmp.Diff(want, at(t, body, keys(path)...)); diff != "" {
						t.Errorf("%s in %s (-want +got):\n%s", path, body, diff)
					}
				}
			})
		})
	}
}

// keys splits a dotted path.
func keys(path string) (all []any) {
	for k := range strings.SplitSeq(path, ".") {
		if len(k) == 1 && k[0] >= '0' && k[0] <= '9' {
			all = append(all, int(k[0]-'0'))
		} else {
			all = append(all, k)
		}
	}
	return all
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		why, path, body string
		header          []string
		status          int
		key             string
		want            any
	}{
		{"messages need max_tokens", "/v1/messages", `{"messages":[{"content":"a"}]}`, nil, 400, "error.message", "max_tokens: Field required"},
		{"and messages", "/v1/messages", `{"max_tokens":1}`, nil, 400, "error.type", "invalid_request_error"},
		{"Anthropic's overload", "/v1/messages", `{"messages":[{"content":"a"}],"max_tokens":1}`, []string{faultHeader, "529"}, 529, "error.type", "overloaded_error"},
		{"a response to nothing", "/v1/responses", `{}`, nil, 400, "error.message", "there is nothing to answer: input is missing"},
		{"no documents", "/v2/rerank", `{"query":"q"}`, nil, 400, "error.message", "there is nothing to rank: query or documents is missing"},
		{"no query", "/rerank", `{"texts":["a"]}`, nil, 400, "error_type", "validation"},
		{"TGI without inputs", "/generate", `{}`, nil, 400, "error_type", "validation"},
		{"TGI's overload", "/generate", `{"inputs":"a"}`, []string{faultHeader, "retryafter"}, 429, "error_type", "overloaded"},
		{"no object", "/v1/completions", ` [1]`, nil, 400, "error.message", "the body is not a JSON object"},
		{"nothing to tokenize", "/tokenize", `{}`, nil, 400, "error.code", 400.0},
		{"nothing to detokenize", "/detokenize", `{"tokens":1}`, nil, 400, "error.code", 400.0},
		{"a status and when to try again", "/v1/completions", `{"prompt":"a"}`, []string{faultHeader, "503+retryafter"}, 503, "error.code", 503.0},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, client := start(t, plainConfig())
				resp := post(t.Context(), t, client, c.path, c.body, c.header...)
				defer resp.Body.Close()
				var b strings.Builder
				if _, err := copyTo(&b, resp); err != nil || resp.StatusCode != c.status || at(t, b.String(), keys(c.key)...) != c.want {
					t.Errorf("status %d, %v: %s", resp.StatusCode, err, b.String())
				}
				if want := strings.Contains(strings.Join(c.header, ""), "retryafter"); (resp.Header.Get("Retry-After") == "1") != want {
					t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
				}
				idle(t, m)
			})
		})
	}
}

func TestTokenize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := start(t, plainConfig())
		for _, x := range []struct{ path, body, want string }{
			{"/tokenize", `{"prompt":"one two\none"}`, `{"count":3,"max_model_len":131072,"token_strs":null,"tokens":[1,2,1]}`},
			{"/tokenize", `{"messages":[{"role":"user","content":"two three"}]}`, `{"count":2,"max_model_len":131072,"token_strs":null,"tokens":[2,3]}`},
			{"/tokenize", `{"content":"three four"}`, `{"tokens":[3,4]}`},
			{"/tokenize", `{"content":""}`, `{"tokens":[]}`},
			{"/detokenize", `{"tokens":[4,1,99,"x",-1]}`, `{"content":"four one \u003cunk\u003e \u003cunk\u003e \u003cunk\u003e","prompt":"four one \u003cunk\u003e \u003cunk\u003e \u003cunk\u003e"}`},
		} {
			resp := post(t.Context(), t, c, x.path, x.body)
			var b strings.Builder
			copyTo(&b, resp)
			if got := strings.TrimSpace(b.String()); got != x.want {
				t.Errorf("%s %s: %s, want %s", x.path, x.body, got, x.want)
			}
		}
	})
}

// A vocabulary that is full still counts.
func TestVocabularyIsBounded(t *testing.T) {
	t.Parallel()
	v := newVocabulary()
	v.words = append(v.words, make([]string, maxWords-2)...)
	if id := v.id([]byte("last")); id != maxWords-1 || v.word(id) != "last" {
		t.Errorf("the last word is %d, %q", id, v.word(id))
	}
	if id := v.id([]byte("more")); id != 0 || v.word(id) != unknown {
		t.Errorf("one more is %d, %q", id, v.word(id))
	}
	if id := newVocabulary().id([]byte(strings.Repeat("x", maxWord+1))); id != 0 {
		t.Errorf("a long word is %d", id)
	}
}
