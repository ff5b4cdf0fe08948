package sim

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// What each endpoint's stream consists of, and what its pieces come to.
func TestStreams(t *testing.T) {
	both := func(c *Config) { c.Reasoning, c.ToolCall = 2, true }
	for _, c := range []struct {
		why, path, body string
		cfg             func(*Config)
		names           string            // of the events, runs of one squeezed; {} has no name
		joined          map[string]string // path in the events' objects to what stands there in all, joined
		last            map[string]any    // the same, in the last object
	}{
		{"chat", "/v1/chat/completions", `{"messages":[{"content":"a b"}],"max_tokens":2,"stream":true}`, nil, "{} [DONE]",
			map[string]string{"choices.0.delta.role": "assistant", "choices.0.delta.content": " river stone", "choices.0.finish_reason": "length"},
			map[string]any{"usage": nil}},
		{"chat with reasoning and a tool", "/v1/chat/completions",
			`{"messages":[{"content":"a"}],"max_tokens":4,"stream":true,"stream_options":{"include_usage":true},"tools":[{"function":{"name":"weigh"}}]}`, both, "{} [DONE]",
			map[string]string{"choices.0.delta.reasoning_content": " river stone", "choices.0.delta.content": "", "choices.0.finish_reason": "tool_calls",
				"choices.0.delta.tool_calls.0.function.name": "weigh", "choices.0.delta.tool_calls.0.id": "call_r-7",
				"choices.0.delta.tool_calls.0.function.arguments": `{"text":" light paper"}`},
			map[string]any{"choices.0": nil, "usage.completion_tokens": 4.0, "usage.completion_tokens_details.reasoning_tokens": 2.0}},
		{"nothing but reasoning", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":2,"stream":true}`, both, "{} [DONE]",
			map[string]string{"choices.0.delta.reasoning_content": " river stone", "choices.0.finish_reason": "length"}, nil},
		{"a chunk ends with the reasoning", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":5,"stream":true}`,
			func(c *Config) { c.Reasoning, c.PerChunk = 3, 2 }, "{} [DONE]",
			map[string]string{"choices.0.delta.reasoning_content": " river stone light", "choices.0.delta.content": " paper cloud"}, nil},
		{"usage that is asked for in vain", "/v1/chat/completions", `{"messages":[{"content":"a"}],"max_tokens":1,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}`,
			func(c *Config) { c.NoUsage = true }, "{} [DONE]", nil, map[string]any{"usage": nil, "choices.0.finish_reason": "length"}},
		{"completion", "/v1/completions", `{"prompt":"a b","max_tokens":2,"stream":true}`, both, "{} [DONE]",
			map[string]string{"choices.0.text": " river stone", "choices.0.finish_reason": "length"}, nil},
		{"responses", "/v1/responses", `{"input":"a b","max_output_tokens":2,"stream":true}`, nil,
			"response.created response.in_progress response.output_item.added response.content_part.added response.output_text.delta " +
				"response.output_text.done response.content_part.done response.output_item.done response.completed",
			map[string]string{"delta": " river stone", "text": " river stone"},
			map[string]any{"sequence_number": 9.0, "response.status": "incomplete", "response.usage.input_tokens": 2.0, "response.usage.output_tokens": 2.0,
				"response.output.0.content.0.text": " river stone"}},
		{"responses with reasoning and a tool", "/v1/responses", `{"input":"a","max_output_tokens":3,"stream":true}`, both,
			"response.created response.in_progress response.output_item.added response.reasoning_text.delta response.reasoning_text.done response.output_item.done " +
				"response.output_item.added response.function_call_arguments.delta response.function_call_arguments.done response.output_item.done response.completed",
			map[string]string{"delta": ` river stone{"text":" light"}`, "arguments": `{"text":" light"}`},
			map[string]any{"response.status": "completed", "response.output.1.arguments": `{"text":" light"}`, "response.usage.output_tokens_details.reasoning_tokens": 2.0}},
		{"messages", "/v1/messages", `{"messages":[{"role":"user","content":"a b"}],"max_tokens":2,"stream":true}`, nil,
			"message_start content_block_start ping content_block_delta content_block_stop message_delta message_stop",
			map[string]string{"delta.text": " river stone", "delta.stop_reason": "max_tokens"}, map[string]any{"type": "message_stop"}},
		{"messages with thinking and a tool", "/v1/messages", `{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"stream":true}`, both,
			"message_start content_block_start ping content_block_delta content_block_stop content_block_start content_block_delta content_block_stop message_delta message_stop",
			map[string]string{"delta.thinking": " river stone", "delta.signature": "c2lt", "delta.partial_json": `{"text":" light"}`, "delta.stop_reason": "tool_use",
				"content_block.type": "thinkingtool_use"}, nil},
		{"TGI", "/generate_stream", `{"inputs":"a b","parameters":{"max_new_tokens":3}}`, func(c *Config) { c.PerChunk = 2 }, "{}",
			map[string]string{"token.text": " river stone light"},
			map[string]any{"index": 3.0, "generated_text": " river stone light", "details.finish_reason": "length", "details.generated_tokens": 3.0}},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := plainConfig()
				if c.cfg != nil {
					c.cfg(&cfg)
				}
				body, status, _ := answerOf(t, cfg, c.path, c.body, "X-Request-ID", "r-7")
				all := events(body)
				var objects []string
				for i, e := range all {
					if e.data[0] == '{' {
						objects = append(objects, e.data)
						if e.name == "" {
							all[i].name = "{}"
						}
					}
				}
				if got := strings.Join(squeeze(names(all)), " "); status != 200 || got != c.names {
					t.Errorf("status %d, events (-want +got):\n%s", status, cmp.Diff(strings.Fields(c.names), strings.Fields(got)))
				}
				for path, want := range c.joined {
					if diff := cmp.Diff(want, gather(t, objects, path)); diff != "" {
						t.Errorf("%s in\n%s (-want +got):\n%s", path, body, diff)
					}
				}
				for path, want := range c.last {
					if diff := cmp.Diff(want, at(t, objects[len(objects)-1], keys(path)...)); diff != "" {
						t.Errorf("%s in the last of\n%s (-want +got):\n%s", path, body, diff)
					}
				}
			})
		})
	}
}

// gather joins the strings that stand at a path in all objects.
func gather(t *testing.T, objects []string, path string) string {
	t.Helper()
	var b strings.Builder
	for _, o := range objects {
		s, _ := at(t, o, keys(path)...).(string)
		b.WriteString(s)
	}
	return b.String()
}

// Each chunk may tell the usage so far, and the first event of Anthropic's
// streams that of the prompt.
func TestUsageInEveryChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, _, _ := answerOf(t, plainConfig(), "/v1/completions", `{"prompt":"a","max_tokens":3,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}`)
		var got []any
		for _, e := range events(body) {
			if e.data != "[DONE]" {
				got = append(got, at(t, e.data, "usage", "completion_tokens"))
			}
		}
		if diff := cmp.Diff([]any{1.0, 2.0, 3.0, nil, 3.0}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		body, _, _ := answerOf(t, plainConfig(), "/v1/messages", `{"messages":[{"content":"a b c"}],"max_tokens":3,"stream":true}`)
		all := events(body)
		if got := at(t, all[0].data, "message", "usage", "input_tokens"); got != 3.0 {
			t.Errorf("the first event tells %v tokens of the prompt", got)
		}
		if got := at(t, all[len(all)-2].data, "usage", "output_tokens"); got != 3.0 {
			t.Errorf("the last but one tells %v tokens", got)
		}
	})
}

// What an error event looks like, and that nothing follows it.
func TestErrorEvents(t *testing.T) {
	for _, c := range []struct{ path, body, name, key string }{
		{"/v1/chat/completions", `{"messages":[{"content":"a"}],"stream":true}`, "", "error.message"},
		{"/v1/responses", `{"input":"a","stream":true}`, "error", "message"},
		{"/v1/messages", `{"messages":[{"content":"a"}],"max_tokens":5,"stream":true}`, "error", "error.message"},
		{"/generate_stream", `{"inputs":"a"}`, "", "error"},
	} {
		synctest.Test(t, func(t *testing.T) {
			body, status, took := answerOf(t, plainConfig(), c.path, c.body, faultHeader, "error")
			all := events(body)
			last := all[len(all)-1]
			if status != 200 || took != 91*ms || last.name != c.name || at(t, last.data, keys(c.key)...) != "the engine has run out of memory" {
				t.Errorf("%s: status %d after %v, it ends with %v", c.path, status, took, last)
			}
		})
	}
}
