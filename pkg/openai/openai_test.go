package openai

import (
	"encoding/json"
	"fmt"
	"testing"

	"aiperf/pkg/prompt"

	"github.com/google/go-cmp/cmp"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, path, want string }{
		{"localhost:8080", "", "http://localhost:8080/v1/chat/completions"},
		{"http://h:1/", "", "http://h:1/v1/chat/completions"},
		{"https://h/v1", "", "https://h/v1/chat/completions"},
		{"https://h/v1/", "/v1/chat/completions", "https://h/v1/chat/completions"},
		{"https://h/proxy", "chat", "https://h/proxy/chat"},
		{"http://h/v1/chat/completions", "", "http://h/v1/chat/completions"},
		{"[::1]:80", "/x", "http://[::1]:80/x"},
	} {
		if got := Chat.URL(c.base, c.path); got != c.want {
			t.Errorf("URL(%q, %q) = %q, want %q", c.base, c.path, got, c.want)
		}
	}
}

func TestChatBody(t *testing.T) {
	t.Parallel()
	p := prompt.Prompt{Messages: []prompt.Message{{Role: "user", Content: "hi <b>"}}, Out: new(20)}
	for _, c := range []struct {
		why  string
		o    Options
		want string
	}{
		{"a stream asks for usage", Options{Model: "m", Streaming: true},
			`{"max_completion_tokens":20,"messages":[{"content":"hi <b>","role":"user"}],"model":"m","stream":true,"stream_options":{"include_usage":true}}`},
		{"no stream", Options{Model: "m"},
			`{"max_completion_tokens":20,"messages":[{"content":"hi <b>","role":"user"}],"model":"m","stream":false}`},
		{"extra keys win", Options{Model: "m", Extra: map[string]any{"model": "n", "min_tokens": 20, "ignore_eos": true}},
			`{"ignore_eos":true,"max_completion_tokens":20,"messages":[{"content":"hi <b>","role":"user"}],"min_tokens":20,"model":"n","stream":false}`},
	} {
		body, err := Chat.Body(p, c.o)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		json.Unmarshal([]byte(c.want), &want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func TestChatChunk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, data string
		want      Delta
	}{
		{"text", `{"choices":[{"delta":{"content":" a"},"finish_reason":null}]}`, Delta{Content: true}},
		{"the role alone is no content", `{"choices":[{"delta":{"role":"assistant","content":""}}]}`, Delta{}},
		{"a null content is none", `{"choices":[{"delta":{"content":null},"finish_reason":"stop"}]}`, Delta{Finish: "stop"}},
		{"reasoning_content", `{"choices":[{"delta":{"reasoning_content":"hm"}}]}`, Delta{Content: true, Reasoning: true}},
		{"reasoning", `{"choices":[{"delta":{"reasoning":"hm"}}]}`, Delta{Content: true, Reasoning: true}},
		{"a tool call", `{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}`, Delta{Content: true}},
		{"no delta", `{"choices":[{"finish_reason":"length"}]}`, Delta{Finish: "length"}},
		{"usage alone", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"completion_tokens_details":{"reasoning_tokens":1}}}`,
			Delta{Usage: &Usage{In: new(3), Out: new(4), Reasoning: new(1)}}},
		{"a null usage is none", `{"choices":[{"delta":{"content":"a"}}],"usage":null}`, Delta{Content: true}},
		{"the terminator", `[DONE]`, Delta{Done: true}},
		{"the terminator with a space", ` [DONE] `, Delta{Done: true}},
	} {
		got, err := Chat.Chunk([]byte(c.data))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
	for _, bad := range []string{"", "<html>", `{"choices":[`, `"text"`} {
		if d, err := Chat.Chunk([]byte(bad)); err == nil {
			t.Errorf("Chunk(%q) = %+v, want an error", bad, d)
		}
	}
	if d, err := Chat.Chunk([]byte(`{"error":{"message":"out of memory","code":500}}`)); err != nil || d.Err == nil || d.Err.Error() != "out of memory" {
		t.Errorf("an error event gave %+v, %v", d, err)
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{"error":{"message":"no such model","type":"x"}}`, "no such model"},
		{`{"error":"overloaded"}`, "overloaded"},
		{`{"object":"error","message":"bad prompt","code":400}`, "bad prompt"},
		{`{"detail":"Not Found"}`, "Not Found"},
		{`{"detail":[{"msg":"x"}]}`, `{"detail":[{"msg":"x"}]}`},
		{"<html>\n  <b>502 Bad Gateway</b>", "<html> <b>502 Bad Gateway</b>"},
		{"", ""},
	} {
		if got := Message([]byte(c.body)); got != c.want {
			t.Errorf("Message(%q) = %q, want %q", c.body, got, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if e, err := Lookup("chat"); err != nil || e.Name != "chat" {
		t.Errorf("Lookup(chat) = %v, %v", e.Name, err)
	}
	if _, err := Lookup("telepathy"); err == nil {
		t.Error("Lookup(telepathy) gave an endpoint")
	}
}

func FuzzChatChunk(f *testing.F) {
	f.Add([]byte(`{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}}`))
	f.Add([]byte(`{"error":{"message":1}}`))
	f.Add([]byte(`{"id":"c-1","created":-1.5e3,"x":[true,false,null,{}],"choices":[{"index":0,"delta":{"role":"a","content":"\u00e9\n","reasoning":null,"tool_calls":null},"finish_reason":"stop","logprobs":null}],"usage":null}`))
	f.Add([]byte(`{"CHOICES":[{"delta":{"reasoning_content":"b"}}],"choices":[],"choices":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Chat.Chunk(data)
		if err != nil && d != (Delta{}) {
			t.Errorf("a result beside an error: %+v, %v", d, err)
		}
		_ = fmt.Sprint(Message(data))
		if fast, ok := fastChunk(data); ok {
			slow, err := chatReply(data)
			if diff := cmp.Diff(slow, fast); err != nil || diff != "" {
				t.Errorf("error %v; (-general +fast):\n%s", err, diff)
			}
		}
	})
}

// go test -run=^$ -bench=ChatChunk ./pkg/openai
func BenchmarkChatChunk(b *testing.B) {
	data := []byte(`{"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}`)
	for name, read := range map[string]func([]byte) (Delta, error){"fast": chatChunk, "general": chatReply} {
		b.Run("by="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
