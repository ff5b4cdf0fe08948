package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"aiperf/pkg/prompt"

	"github.com/google/go-cmp/cmp"
)

func user(text string) []prompt.Message { return []prompt.Message{{Role: "user", Content: text}} }

func asJSON(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func fields(t *testing.T, object string) Fields {
	t.Helper()
	fs, err := ParseFields(json.RawMessage(object))
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestBody(t *testing.T) {
	t.Parallel()
	run := Options{Model: "m"}
	streaming := Options{Model: "m", Streaming: true}
	hi := Ask{Turn: prompt.Turn{Messages: user("hi <b>"), Out: new(20)}}
	talk := Ask{
		History: []prompt.Message{{Role: "system", Content: "be brief"}, {Role: "user", Content: "hi"}, {Role: "assistant", Content: "ho"}},
		Turn:    prompt.Turn{Messages: user("and?")},
	}
	pair := prompt.Turn{Texts: []string{"a", "b"}, Query: "q"}
	raw := Ask{Turn: prompt.Turn{Messages: []prompt.Message{
		{Raw: json.RawMessage(`{"role":"developer","content":[{"type":"text","text":"be "},{"type":"text","text":"kind"}]}`)},
		{Raw: json.RawMessage(`{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:,"}}]}`)},
	}}}
	with := func(a Ask, extra string) Ask { a.Extra = json.RawMessage(extra); return a }
	extra := func(o Options, extra string) Options { o.Extra = fields(t, extra); return o }

	for _, c := range []struct {
		why  string
		e    Endpoint
		a    Ask
		o    Options
		want string
	}{
		{"a stream asks for usage", Chat, hi, streaming,
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":true,"stream_options":{"include_usage":true}}`},
		{"no stream", Chat, hi, run, `{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":false}`},
		{"the older name of the length", Chat, hi, Options{Model: "m", LegacyMaxTokens: true},
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_tokens":20,"stream":false}`},
		{"no usage wanted", Chat, hi, Options{Model: "m", Streaming: true, NoUsage: true},
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":true}`},
		{"history, and no length", Chat, talk, run,
			`{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"and?"}],"stream":false}`},
		{"a message as it stands", Chat, raw, run,
			`{"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"be "},{"type":"text","text":"kind"}]},{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:,"}}]}],"stream":false}`},
		{"texts are one message", Chat, Ask{Turn: pair}, run, `{"model":"m","messages":[{"role":"user","content":"a\nb"}],"stream":false}`},
		{"the turn's model wins over the run's", Chat, Ask{Turn: prompt.Turn{Model: "t", Messages: user("")}}, run,
			`{"model":"t","messages":[{"role":"user","content":""}],"stream":false}`},
		{"the request's model wins over the turn's", Chat, Ask{Model: "r", Turn: prompt.Turn{Model: "t", Messages: user("")}}, run,
			`{"model":"r","messages":[{"role":"user","content":""}],"stream":false}`},
		{"the run's extra keys win", Chat, hi, extra(run, `{"model":"n","min_tokens":20,"ignore_eos":true,"messages":[]}`),
			`{"model":"n","messages":[],"min_tokens":20,"ignore_eos":true,"max_completion_tokens":20,"stream":false}`},
		{"the turn's extra keys win over the run's", Chat, with(hi, `{"model":"t","seed":2}`), extra(run, `{"model":"n","seed":1,"top_k":1}`),
			`{"model":"t","messages":[{"role":"user","content":"hi <b>"}],"top_k":1,"seed":2,"max_completion_tokens":20,"stream":false}`},
		{"a null takes the endpoint's key out", Chat, hi, extra(streaming, `{"stream_options":null}`),
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":true}`},
		{"a turn's null takes the run's key out", Chat, with(hi, ` { "seed" : null } `), extra(run, `{"seed":1}`),
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":false}`},
		{"other stream options", Chat, hi, extra(streaming, `{"stream_options":{"include_usage":true,"continuous_usage_stats":true}}`),
			`{"model":"m","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}`},
		{"the last of two extra keys counts, and escapes are no other key", Chat, hi, extra(run, `{"a":1,"mod\u0065l":"x","a":2}`),
			`{"model":"x","messages":[{"role":"user","content":"hi <b>"}],"max_completion_tokens":20,"stream":false,"a":2}`},
		{"a payload is sent as it is", Chat, Ask{Turn: prompt.Turn{Payload: json.RawMessage(`{"stream":false}`), Messages: user("hi"), Extra: json.RawMessage(`{"a":1}`)}}, streaming, `{"stream":false}`},

		{"completions", Completions, hi, streaming, `{"model":"m","prompt":"hi <b>","max_tokens":20,"stream":true,"stream_options":{"include_usage":true}}`},
		{"a talk as a text", Completions, talk, run, `{"model":"m","prompt":"be brief\nhi\nho\nand?","stream":false}`},
		{"parts as a text", Completions, raw, run, `{"model":"m","prompt":"be kind\nsee","stream":false}`},
		{"another prompt", Completions, hi, extra(run, `{"prompt":[1,2]}`), `{"model":"m","prompt":[1,2],"max_tokens":20,"stream":false}`},

		{"responses are asked for no usage", Responses, hi, streaming, `{"model":"m","input":[{"role":"user","content":"hi <b>"}],"max_output_tokens":20,"stream":true}`},
		{"responses take the system's messages among the others", Responses, talk, run,
			`{"model":"m","input":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"and?"}],"stream":false}`},

		{"messages", Messages, hi, streaming, `{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"hi <b>"}],"stream":true}`},
		{"the system's message goes beside the others, and a length has to be there", Messages, talk, run,
			`{"model":"m","max_tokens":1024,"system":"be brief","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"and?"}],"stream":false}`},
		{"several of the system's, one of them raw", Messages, Ask{History: talk.History[:1], Turn: raw.Turn}, run,
			`{"model":"m","max_tokens":1024,"system":"be brief\n\nbe kind","messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:,"}}]}],"stream":false}`},
		{"another system prompt", Messages, talk, extra(run, `{"system":"x","max_tokens":5}`),
			`{"model":"m","max_tokens":5,"system":"x","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"and?"}],"stream":false}`},

		{"embeddings", Embeddings, Ask{Turn: pair}, streaming, `{"model":"m","input":["a","b"]}`},
		{"embeddings of messages", Embeddings, talk, run, `{"model":"m","input":["and?"]}`},
		{"Cohere's rankings", CohereRankings, Ask{Turn: pair}, streaming, `{"model":"m","query":"q","documents":["a","b"]}`},
		{"a message is a query", CohereRankings, Ask{Turn: prompt.Turn{Messages: user("q"), Texts: pair.Texts}}, extra(run, `{"top_n":1}`),
			`{"model":"m","query":"q","documents":["a","b"],"top_n":1}`},
		{"Text Embeddings Inference's rankings", TEIRankings, with(Ask{Turn: pair}, `{"raw_scores":true}`), run, `{"query":"q","texts":["a","b"],"raw_scores":true}`},

		{"Text Generation Inference", HuggingFaceGenerate, hi, run, `{"inputs":"hi <b>","parameters":{"max_new_tokens":20,"details":true}}`},
		{"Text Generation Inference, streaming", HuggingFaceGenerate, talk, streaming, `{"inputs":"be brief\nhi\nho\nand?","parameters":{}}`},
		{"its parameters are what the run adds to", HuggingFaceGenerate, with(hi, `{"adapter_id":"a"}`), extra(run, `{"details":null,"top_k":1,"max_new_tokens":5}`),
			`{"inputs":"hi <b>","parameters":{"max_new_tokens":5,"top_k":1},"adapter_id":"a"}`},
		{"a turn's parameters are all there are", HuggingFaceGenerate, with(hi, `{"parameters":{"top_k":2}}`), extra(run, `{"top_k":1}`), `{"inputs":"hi <b>","parameters":{"top_k":2}}`},

		{"a payload", Raw, Ask{Turn: prompt.Turn{Payload: json.RawMessage(`[1]`)}}, extra(run, `{"a":1}`), `[1]`},
	} {
		got, err := c.e.Body([]byte("before"), c.a, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		body, ok := strings.CutPrefix(string(got), "before")
		if diff := cmp.Diff(asJSON(t, c.want), asJSON(t, body)); !ok || diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.why, got, diff)
		}
		if c.want[0] == '{' {
			if n := len(fields(t, body)); n != len(asJSON(t, body).(map[string]any)) {
				t.Errorf("%s: a key is there twice: %s", c.why, body)
			}
		}
	}
}

func TestBodyErrors(t *testing.T) {
	t.Parallel()
	extra := func(s string) Ask {
		return Ask{Turn: prompt.Turn{Messages: user("hi"), Extra: json.RawMessage(s)}}
	}
	for _, c := range []struct {
		why  string
		e    Endpoint
		a    Ask
		want string // in the error
	}{
		{"nothing to say", Chat, Ask{}, "chat"},
		{"nothing to complete", Completions, Ask{}, "completions"},
		{"nothing to answer", Responses, Ask{}, "responses"},
		{"nothing to answer", Messages, Ask{}, "messages"},
		{"nothing to embed", Embeddings, Ask{}, "embeddings"},
		{"nothing to rank by", CohereRankings, Ask{Turn: prompt.Turn{Texts: []string{"a"}}}, "query"},
		{"nothing to rank", TEIRankings, Ask{Turn: prompt.Turn{Query: "q"}}, "hf_tei_rankings"},
		{"nothing to go on with", HuggingFaceGenerate, Ask{}, "huggingface_generate"},
		{"no payload", Raw, Ask{Turn: prompt.Turn{Messages: user("hi")}}, "payload"},
		{"extra keys that are none", Chat, extra(`[1]`), "extra"},
		{"extra keys cut short", Messages, extra(`{"a":`), "extra"},
		{"null is no object", Chat, extra(`null`), "null"},
		{"more behind the object", Chat, extra(`{} {}`), "extra"},
		{"nested without end", Chat, extra(`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`), "deep"},
	} {
		if b, err := c.e.Body(nil, c.a, Options{}); err == nil || b != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: body %s, error %v; want an error with %q", c.why, b, err, c.want)
		}
	}
}

func FuzzParseFields(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":[null,true,"\u00e9"]},"a":-1.5e3}`)
	f.Add(` { "mod\u0065l" : "x" } `)
	f.Add("{\"\xff\":\"\xff\"}")
	f.Fuzz(func(t *testing.T, object string) {
		fs, err := ParseFields(json.RawMessage(object))
		if err != nil {
			if fs != nil {
				t.Errorf("fields beside an error: %v, %v", fs, err)
			}
			return
		}
		w := asObject(fs)
		var want, got any
		if err := json.Unmarshal([]byte(object), &want); err != nil {
			t.Fatalf("took %q: %v", object, err)
		}
		for k, v := range want.(map[string]any) { // a null takes its key out
			if v == nil {
				delete(want.(map[string]any), k)
			}
		}
		if err := json.Unmarshal(w, &got); err != nil {
			t.Fatalf("%q became %q: %v", object, w, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q became %q (-want +got):\n%s", object, w, diff)
		}
	})
}

func asObject(fs Fields) []byte {
	w := object{b: []byte("{"), run: fs, empty: true}
	return w.finish()
}

func FuzzQuote(f *testing.F) {
	f.Add("a\"\\\n\r\t\x00\x1f<é\u2028\xff\xe2\x80")
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		if err := json.Unmarshal(quote(nil, s), &got); err != nil {
			t.Fatalf("quote(%q) = %q: %v", s, quote(nil, s), err)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(text, &want); got != want {
			t.Errorf("quote(%q) says %q, want %q", s, got, want)
		}
	})
}
