package openai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e                Endpoint
		base, path, want string
		stream           string // if it differs
	}{
		{e: Chat, base: "localhost:8080", want: "http://localhost:8080/v1/chat/completions"},
		{e: Chat, base: "http://h:1/", want: "http://h:1/v1/chat/completions"},
		{e: Chat, base: "https://h/v1", want: "https://h/v1/chat/completions"},
		{e: Chat, base: "https://h/v1/", path: "/v1/chat/completions", want: "https://h/v1/chat/completions"},
		{e: Chat, base: "https://h/proxy", path: "chat", want: "https://h/proxy/chat"},
		{e: Chat, base: "http://h/v1/chat/completions", want: "http://h/v1/chat/completions"},
		{e: Chat, base: "[::1]:80", path: "/x", want: "http://[::1]:80/x"},
		{e: Messages, base: "h/v1", want: "http://h/v1/messages"},
		{e: CohereRankings, base: "h/v2", want: "http://h/v2/rerank"},
		{e: TEIRankings, base: "h", want: "http://h/rerank"},
		{e: HuggingFaceGenerate, base: "h", want: "http://h/generate", stream: "http://h/generate_stream"},
		{e: HuggingFaceGenerate, base: "h", path: "/", want: "http://h/"},
		{e: Chat, base: "http://h/v1?a=1", want: "http://h/v1/chat/completions?a=1"},
		{e: Chat, base: "h/?a=1", path: "/x?b=2", want: "http://h/x?a=1&b=2"},
		{e: Chat, base: "h/v1/chat/completions?a=1", want: "http://h/v1/chat/completions?a=1"},
		{e: Raw, base: "h/any/path?a=1", want: "http://h/any/path?a=1"},
		{e: Raw, base: "h/any/path", want: "http://h/any/path"},
		{e: Raw, base: "h/", path: "/x", want: "http://h/x"},
	} {
		if got := c.e.URL(c.base, c.path); got != c.want {
			t.Errorf("%s: URL(%q, %q) = %q, want %q", c.e.Name, c.base, c.path, got, c.want)
		}
		if c.stream == "" {
			c.stream = c.want
		}
		if got := c.e.StreamURL(c.base, c.path); got != c.stream {
			t.Errorf("%s: StreamURL(%q, %q) = %q, want %q", c.e.Name, c.base, c.path, got, c.stream)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		e, err := Lookup(name)
		if err != nil || e.Name != name || e.Body == nil || e.Chunk == nil || e.Reply == nil || e.Text == nil || e.Key == nil {
			t.Errorf("Lookup(%s) = %+v, %v", name, e, err)
		}
	}
	_, err := Lookup("telepathy")
	if err == nil {
		t.Fatal("Lookup(telepathy) gave an endpoint")
	}
	for _, word := range append(Names(), "telepathy") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %s", err, word)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		e    Endpoint
		key  string
		want map[string]string
	}{
		{"a bearer token", Chat, "k", map[string]string{"Authorization": "Bearer k"}},
		{"both ways for a server of one's own", Messages, "k", map[string]string{"Authorization": "Bearer k", "x-api-key": "k"}},
		{"Anthropic takes no bearer token", Messages, "sk-ant-1", map[string]string{"x-api-key": "sk-ant-1"}},
	} {
		if diff := cmp.Diff(c.want, c.e.Key(c.key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{"error":{"message":"no such model","type":"x"}}`, "no such model"},
		{`{"error":"overloaded"}`, "overloaded"},
		{`{"error":"Incomplete generation","error_type":"Incomplete"}`, "Incomplete generation"},
		{`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "Overloaded"},
		{`{"type":"response.failed","response":{"status":"failed","error":{"code":"x","message":"no memory"}}}`, "no memory"},
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

func TestUsageUpdate(t *testing.T) {
	t.Parallel()
	var u Usage
	for _, v := range []*Usage{nil, {In: new(5), Cached: new(2)}, {Out: new(1)}, {Out: new(7), Reasoning: new(3)}, {}} {
		u.Update(v)
	}
	if diff := cmp.Diff(Usage{In: new(5), Out: new(7), Reasoning: new(3), Cached: new(2)}, u); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
