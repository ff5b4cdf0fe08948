package openai

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dialects are the answers of each endpoint that has a fast way.
var dialects = map[string]dialect{
	"chat": chat, "completions": completions, "responses": responses, "messages": messages, "huggingface_generate": generate, "raw": anything,
}

// usual are the events that make up nearly all of a stream.
var usual = []struct {
	why, endpoint, data string
	want                Kind
}{
	{"text", "chat", `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}`, Content},
	{"reasoning", "chat", `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"logprobs":null,"finish_reason":null}]}`, Reasoning},
	{"a tool call", "chat", `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]},"logprobs":null,"finish_reason":null}]}`, Tool},
	{"the end", "chat", `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"length","stop_reason":null}]}`, None},
	{"the terminator", "chat", `[DONE]`, None},
	{"text", "completions", `{"id":"cmpl-1","object":"text_completion","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"text":" word","logprobs":null,"finish_reason":null,"stop_reason":null}],"usage":null}`, Content},
	{"text", "responses", `{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" word","logprobs":[]}`, Content},
	{"reasoning", "responses", `{"type":"response.reasoning_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hm"}`, Reasoning},
	{"a tool call", "responses", `{"type":"response.function_call_arguments.delta","sequence_number":7,"item_id":"fc_1","output_index":0,"delta":"{\"a"}`, Tool},
	{"text", "messages", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}`, Content},
	{"reasoning", "messages", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`, Reasoning},
	{"a tool call", "messages", `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}`, Tool},
	{"text", "huggingface_generate", `{"index":3,"token":{"id":42,"text":" word","logprob":-0.25,"special":false},"generated_text":null,"details":null}`, Content},
	{"chat", "raw", `{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}`, Content},
	{"messages", "raw", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}`, Content},
}

const withUsage = `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764072000,"model":"Qwen/Qwen3-0.6B","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":100,"total_tokens":107,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":0}}}`

func TestUsualEventsDoNotAllocate(t *testing.T) {
	for _, c := range usual {
		g, data := dialects[c.endpoint], []byte(c.data)
		d, ok := g.fast(data)
		if c.endpoint == "raw" && c.why == "the terminator" {
			continue
		}
		if !ok || d.Kind != c.want {
			t.Errorf("%s: %s: fast = %+v, %v; want kind %d", c.endpoint, c.why, d, ok, c.want)
		}
		if n := testing.AllocsPerRun(100, func() { g.chunk("", data) }); n != 0 {
			t.Errorf("%s: %s: %v allocations, want none", c.endpoint, c.why, n)
		}
	}
	data := []byte(withUsage)
	if n := testing.AllocsPerRun(100, func() { chat.chunk("", data) }); n != 1 {
		t.Errorf("usage beside text: %v allocations, want 1", n)
	}
}

// What is rare may go either way, but both ways must say the same.
func sameAsGeneral(t *testing.T, g dialect, data []byte) {
	t.Helper()
	fast, ok := g.fast(data)
	if !ok {
		return
	}
	slow, err := g.general("", data, nil)
	if diff := cmp.Diff(slow, fast, sameWords); err != nil || diff != "" {
		t.Errorf("dialect %d, %q: error %v; (-general +fast):\n%s", g, data, err, diff)
	}
}

// Each answer is read by each dialect, whole, cut short, and with each byte
// changed.
func TestFastIsGeneral(t *testing.T) {
	t.Parallel()
	for _, c := range append(chunks, replies...) {
		for _, g := range dialects {
			data := []byte(c.data)
			sameAsGeneral(t, g, data)
			for i := range data {
				sameAsGeneral(t, g, data[:i])
				for _, other := range []byte{'"', 'A', '\\', '0', ' ', ',', '}', 0xc5} {
					was := data[i]
					data[i] = other
					sameAsGeneral(t, g, data)
					data[i] = was
				}
			}
		}
	}
}

func FuzzChunk(f *testing.F) {
	for _, c := range append(chunks, replies...) {
		f.Add(c.event, []byte(c.data))
	}
	for _, c := range usual {
		f.Add("", []byte(c.data))
	}
	f.Add("", []byte(withUsage))
	f.Add("", []byte(`{"id":"c-1","created":-1.5e3,"x":[true,false,null,{}],"choices":[{"index":0,"delta":{"role":"a","content":"\u00e9\n","reasoning":null,"tool_calls":null},"finish_reason":"stop","logprobs":null}],"usage":null}`))
	f.Add("", []byte(`{"CHOICES":[{"delta":{"reasoning_content":"b"}}],"choices":[],"choices":null}`))
	f.Add("", []byte("{\"to\u212aen\":{\"text\":\"a\"},\"u\u017fage\":{}}"))
	f.Fuzz(func(t *testing.T, event string, data []byte) {
		for _, e := range endpoints {
			d, err := e.Chunk(event, data)
			if err != nil && d != (Delta{}) {
				t.Errorf("%s: a result beside an error: %+v, %v", e.Name, d, err)
			}
			if (d.Kind == None) != (d.N == 0) {
				t.Errorf("%s: kind %d with %d values", e.Name, d.Kind, d.N)
			}
			if d, err := e.Reply(data); err != nil && d != (Delta{}) {
				t.Errorf("%s: a result beside an error: %+v, %v", e.Name, d, err)
			}
			if text := e.Text(data); text != "" && err == nil && d.Kind != Content && d.Err == nil && event == "" {
				t.Errorf("%s: text %q, but %+v", e.Name, text, d)
			}
		}
		for _, g := range dialects {
			sameAsGeneral(t, g, data)
		}
	})
}

// Whatever key encoding/json may take for a known one has to be in knownKeys.
func TestKnownKeys(t *testing.T) {
	t.Parallel()
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			visit(typ.Elem())
		case reflect.Struct:
			for field := range typ.Fields() {
				if key := field.Tag.Get("json"); key != "" && !known([]byte(strings.ToUpper(key))) {
					t.Errorf("%s of %v is not known", key, typ)
				}
				visit(field.Type)
			}
		}
	}
	for _, v := range []any{choices{}, responsesEvent{}, messagesEvent{}, generated{}} {
		visit(reflect.TypeOf(v))
	}
}

// slowOrdinary is what ordinary is to do, a byte at a time.
func slowOrdinary(b []byte) int {
	if i := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }); i >= 0 {
		return i
	}
	return len(b)
}

func FuzzOrdinary(f *testing.F) {
	f.Add([]byte("abcdefgh\x80\xff!\"\\ \x1f"))
	f.Add([]byte("0123456\x1f#]\x7f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := range min(len(b), 20) {
			if got, want := ordinary(b[i:]), slowOrdinary(b[i:]); got != want {
				t.Errorf("ordinary(%q) = %d, want %d", b[i:], got, want)
			}
		}
	})
}

// Random values of the keys that matter, some of them misspelled or twice.
func TestFastIsGeneralForRandomValues(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	atoms := []string{`null`, `""`, `"a"`, `"é"`, `"\n"`, "\"\xff\"", `"error"`, `"stop"`, `"ping"`, `"tool_use"`, `"content_block_delta"`, `"message_stop"`, `"response.output_text.delta"`,
		`"response.completed"`, `"response.reasoning_text.delta"`, `0`, `7`, `-1`, `12.0`, `01`, `1e2`, `123456789`, `1234567890`, `true`, `false`, `[]`, `{}`}
	shapes := []string{
		`{"choices":[{"delta":$,"text":@,"finish_reason":@}],"usage":$,"object":@}`,
		`{"choices":[{"delta":{"content":@,"tool_calls":[{"id":@,"function":$}],"reasoning":@},"message":@}],"error":@}`,
		`{"usage":{"prompt_tokens":@,"completion_tokens":@,"completion_tokens_details":$,"prompt_tokens_details":{"cached_tokens":@}}}`,
		`{"type":@,"delta":@,"response":@,"item":$}`, `{"type":@,"delta":$,"usage":@}`, `{"token":{"text":@,"special":@},"generated_text":@,"details":$}`, `$`, `{"type":@,"delta":{"type":@,"text":@}}`,
	}
	var object func(depth int) string
	value := func(depth int) string {
		switch n := rng.IntN(10); {
		case n < 6 || depth > 3:
			return atoms[rng.IntN(len(atoms))]
		case n < 8:
			return object(depth + 1)
		default:
			return "[" + object(depth+1) + "]"
		}
	}
	object = func(depth int) string {
		var all []string
		for range rng.IntN(4) {
			key := knownKeys[rng.IntN(len(knownKeys))]
			if rng.IntN(20) == 0 {
				key = strings.ToUpper(key)
			}
			all = append(all, `"`+key+`":`+value(depth))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	taken := 0
	for range 20_000 {
		data := shapes[rng.IntN(len(shapes))]
		for i := strings.IndexAny(data, "$@"); i >= 0; i = strings.IndexAny(data, "$@") {
			with := value(0)
			if data[i] == '$' {
				with = object(0)
			}
			data = data[:i] + with + data[i+1:]
		}
		for _, g := range dialects {
			if _, ok := g.fast([]byte(data)); ok {
				taken++
			}
			sameAsGeneral(t, g, []byte(data))
		}
	}
	if taken < 20_000 {
		t.Errorf("only %d answers were read the fast way: the test says little", taken)
	}
}
