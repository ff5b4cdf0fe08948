package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var bodies = []struct {
	why, body string
	want      ask // without its prompt
	words     int
}{
	{"chat", `{"model":"m","messages":[{"role":"user","content":"a b"},{"role":"assistant","content":" c\td\n"}],"stream":true,"max_tokens":7,"min_tokens":2,"ignore_eos":true,"stream_options":{"include_usage":true}}`,
		ask{model: "m", stream: true, output: 7, minTokens: 2, ignoreEOS: true, usage: true, messages: 2, inputs: 1}, 4},
	{"parts", `{"messages":[{"content":[{"type":"text","text":"a b"},{"type":"image_url","image_url":{"url":"x y z"}}]}]}`, ask{messages: 1, inputs: 1}, 2},
	{"escapes", `{"prompt":"a\u0020b\"c \u00a0d\\"}`, ask{inputs: 1}, 3},
	{"tokens", `{"prompt":[1, 2,-3e4 ]}`, ask{inputs: 1}, 3},
	{"several texts", `{"input":["a","b c"],"dimensions":9,"encoding_format":"base64"}`, ask{inputs: 2, dims: 9, base64: true}, 3},
	{"lists of tokens", `{"input":[[1,2],[3]]}`, ask{inputs: 2}, 3},
	{"input of messages", `{"input":[{"role":"user","content":"a"}],"instructions":"b"}`, ask{inputs: 2, messages: 1}, 2},
	{"ranking", `{"query":"a","documents":["b",{"text":"c d"}],"top_n":1}`, ask{queries: 1, inputs: 2, topN: 1}, 4},
	{"TGI", `{"inputs":"a","parameters":{"max_new_tokens":3,"details":true}}`, ask{inputs: 1, output: 3, details: true}, 1},
	{"tool of chat", `{"tools":[{"type":"function","function":{"description":"x","name":"f"}}]}`, ask{tool: "f"}, 0},
	{"tool of messages", `{"tools":[{"name":"f","input_schema":{}},{"name":"g"}]}`, ask{tool: "f"}, 0},
	{"null is absent", `{"messages":null,"prompt":null,"stream":null,"max_tokens":null}`, ask{}, 0},
	{"the wrong types", `{"messages":"a","stream":1,"max_tokens":"x","tools":{},"model":[]}`, ask{inputs: 1}, 1},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range bodies {
		got, err := parse([]byte(c.body), false)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if got.prompt.n != c.words {
			t.Errorf("%s: %d words, want %d", c.why, got.prompt.n, c.words)
		}
		got.prompt = counter{}
		if diff := cmp.Diff(c.want, *got, cmp.AllowUnexported(ask{}), cmp.Comparer(func(counter, counter) bool { return true })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

// slowCount counts what stands next in a decoder as a counter does.
func slowCount(dec *json.Decoder, depth int, count bool) (n int) {
	count = count && depth <= deepest
	tok, _ := dec.Token()
	switch v := tok.(type) {
	case string:
		n = len(strings.Fields(v))
	case json.Number:
		n = 1
	case json.Delim:
		for dec.More() {
			in := count
			if v == '{' {
				key, _ := dec.Token()
				in = count && (key == "text" || key == "content")
			}
			n += slowCount(dec, depth+1, in)
		}
		dec.Token()
	}
	if !count {
		return 0
	}
	return n
}

// The words of any body are those that encoding/json finds.
func FuzzParse(f *testing.F) {
	for _, c := range bodies {
		f.Add([]byte(c.body))
	}
	prompts := []string{"messages", "prompt", "instructions", "system", "query", "input", "inputs", "documents", "texts", "passages"}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parse(body, true)
		dec := json.NewDecoder(strings.NewReader(string(body)))
		dec.UseNumber()
		tok, _ := dec.Token()
		if want := json.Valid(body) && tok == json.Delim('{'); want != (err == nil) {
			t.Fatalf("%q: %v", body, err)
		}
		if err != nil {
			return
		}
		words := 0
		for dec.More() {
			key, _ := dec.Token()
			words += slowCount(dec, 0, slices.Contains(prompts, key.(string)))
		}
		if b, _ := parse(body, false); b.prompt.n != words {
			t.Errorf("%q: quickly %d words, want %d", body, b.prompt.n, words)
		}
		if a.prompt.n != words || len(a.prompt.hashes) != words/block {
			t.Errorf("%q: %d words, %d blocks, want %d words", body, a.prompt.n, len(a.prompt.hashes), words)
		}
	})
}

// go test -run=^$ -bench=Parse ./pkg/sim
func BenchmarkParse(b *testing.B) {
	body := []byte(`{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("some words of a long prompt ", 10_000) + `"}],"stream":true}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(body, false); err != nil {
			b.Fatal(err)
		}
	}
}
