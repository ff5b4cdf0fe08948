package prompt

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lineDataset and pipedDataset are datasets of these lines.
func lineDataset(t Type, lines ...string) Dataset {
	text := strings.Join(lines, "\n")
	return Dataset{Type: t, Tokenizer: words{}, Files: []File{{Name: "f", At: strings.NewReader(text), Size: int64(len(text))}}}
}

func pipedDataset(t Type, lines ...string) Dataset {
	r := iotest.OneByteReader(strings.NewReader(strings.Join(lines, "\n")))
	return Dataset{Type: t, Tokenizer: words{}, Files: []File{{Name: "f", Reader: r}}}
}

func ms(n float64) *time.Duration { return new(time.Duration(n * 1e6)) }

// asked is a turn that asks one text of the user.
func asked(text string) Turn {
	return Turn{Messages: []Message{{Role: "user", Content: text}}, Texts: []string{text}}
}

func with(t Turn, f func(*Turn)) Turn {
	f(&t)
	return t
}

var rowTests = []struct {
	why  string
	t    Type
	line string
	want []Turn
	id   string
	live bool // replies go into the history
}{
	{why: "a text", t: SingleTurn, line: `{"text":"a b"}`, want: []Turn{asked("a b")}},
	{why: "unknown keys and nulls are ignored", t: SingleTurn, line: `{"text":"a","texts":null,"note":[1,{}],"extra":null,"audio":null}`, want: []Turn{asked("a")}},
	{why: "all keys of a turn", t: SingleTurn, line: `{"text":"a","output_length":5,"timestamp":1.5,"delay":20,"extra":{"n":1},"model":"m","session_id":"s","role":"tool"}`, id: "s",
		want: []Turn{{Messages: []Message{{Role: "tool", Content: "a"}}, Texts: []string{"a"}, Out: new(5), Due: ms(1.5), Delay: *ms(20), Extra: json.RawMessage(`{"n":1}`), Model: "m"}}},
	{why: "several texts are parts", t: SingleTurn, line: `{"texts":["a","b<\""]}`,
		want: []Turn{{Messages: []Message{{Raw: json.RawMessage(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b\u003c\""}]}`)}}, Texts: []string{"a", `b<"`}}}},
	{why: "named texts", t: SingleTurn, line: `{"texts":[{"name":"query","contents":["q"]},{"name":"passage","contents":["p"]}]}`,
		want: []Turn{with(asked("p"), func(t *Turn) { t.Query = "q" })}},
	{why: "an image by URL", t: SingleTurn, line: `{"text":"a","image":"http://h/i.png"}`,
		want: []Turn{{Messages: []Message{{Raw: json.RawMessage(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"http://h/i.png"}}]}`)}}, Texts: []string{"a"}}}},
	{why: "messages, plain and not", t: SingleTurn, line: `{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"x"}]},{"role":"user","content":"u","name":"n"}]}`,
		want: []Turn{{Messages: []Message{{Role: "system", Content: "s"}, {Raw: json.RawMessage(`{"role":"user","content":[{"type":"text","text":"x"}]}`)}, {Raw: json.RawMessage(`{"role":"user","content":"u","name":"n"}`)}}}}},
	{why: "tools beside extra", t: SingleTurn, line: `{"text":"a","tools":[{"x":1}],"extra":{"y":2}}`,
		want: []Turn{with(asked("a"), func(t *Turn) { t.Extra = json.RawMessage(`{"tools":[{"x":1}],"y":2}`) })}},
	{why: "tools of extra win", t: SingleTurn, line: `{"text":"a","tools":[{"x":1}],"extra":{"tools":[]}}`,
		want: []Turn{with(asked("a"), func(t *Turn) { t.Extra = json.RawMessage(`{"tools":[]}`) })}},

	{why: "turns with a delay", t: MultiTurn, line: `{"session_id":"c","turns":[{"text":"a"},{"text":"b","delay":1500,"output_length":3}]}`, id: "c", live: true,
		want: []Turn{asked("a"), with(asked("b"), func(t *Turn) { t.Delay, t.Out = 1500*time.Millisecond, new(3) })}},
	{why: "a leading system turn is no request", t: MultiTurn, line: `{"turns":[{"role":"system","text":"s"},{"text":"a"},{"text":"b"}]}`, live: true,
		want: []Turn{{Messages: []Message{{Role: "system", Content: "s"}, {Role: "user", Content: "a"}}, Texts: []string{"a"}}, asked("b")}},
	{why: "a system turn with a time is one", t: MultiTurn, line: `{"turns":[{"role":"system","text":"s","timestamp":0},{"text":"a"}]}`, live: true,
		want: []Turn{{Messages: []Message{{Role: "system", Content: "s"}}, Texts: []string{"s"}, Due: ms(0)}, asked("a")}},
	{why: "a system turn alone is one", t: MultiTurn, line: `{"turns":[{"role":"system","text":"s"}]}`, live: true,
		want: []Turn{{Messages: []Message{{Role: "system", Content: "s"}}, Texts: []string{"s"}}}},

	{why: "a literal text", t: Mooncake, line: `{"text_input":"a b","timestamp":2}`, want: []Turn{with(asked("a b"), func(t *Turn) { t.Due = ms(2) })}},
	{why: "messages", t: Mooncake, line: `{"messages":[{"role":"user","content":"x"}],"output_length":0}`, want: []Turn{{Messages: []Message{{Role: "user", Content: "x"}}, Out: new(1)}}},
	{why: "live replies", t: Mooncake, line: `{"text_input":"a","session_id":"s","message_mode":"delta"}`, id: "s", live: true, want: []Turn{asked("a")}},
	{why: "a payload", t: Mooncake, line: `{"payload":{"prompt":"x"},"delay":7}`, want: []Turn{{Payload: json.RawMessage(`{"prompt":"x"}`), Delay: *ms(7)}}},

	{why: "a body as it is", t: RawPayload, line: `{"b":1, "a":"\u0041"}`, want: []Turn{{Payload: json.RawMessage(`{"b":1, "a":"\u0041"}`)}}},
	{why: "a body in a payload", t: RawPayload, line: `{"payload":{"messages":[]}}`, want: []Turn{{Payload: json.RawMessage(`{"messages":[]}`)}}},

	{why: "payloads of a session", t: InputsJSON, line: `{"version":[{"]":"\"}"}],"data":[{"session_id":"s","payloads":[{"a":1},{"b":2}]}]}`, id: "s",
		want: []Turn{{Payload: json.RawMessage(`{"a":1}`)}, {Payload: json.RawMessage(`{"b":2}`)}}},

	{why: "each pair is a turn", t: ShareGPT, line: `[{"id":"i","conversations":[{"from":"human","value":"a b c d"},{"from":"gpt","value":"1 2 3 4 5"},{"from":"human","value":"e f g h i"},{"from":"gpt","value":"1 2 3 4"},{"from":"human","value":"no reply"}]}]`, id: "i", live: true,
		want: []Turn{with(asked("a b c d"), func(t *Turn) { t.In, t.Out = 4, new(5) }), with(asked("e f g h i"), func(t *Turn) { t.In, t.Out = 5, new(4) })}},
	{why: "a system prompt counts", t: ShareGPT, line: `{"conversations":[{"from":"system","value":"s t"},{"from":"gpt","value":"hello"},{"from":"human","value":"a b c d"},{"from":"gpt","value":"1 2 3 4"}]}`, live: true,
		want: []Turn{{Messages: []Message{{Role: "system", Content: "s t"}, {Role: "user", Content: "a b c d"}}, Texts: []string{"a b c d"}, In: 6, Out: new(4)}}},
	{why: "no speakers", t: ShareGPT, line: `{"conversations":[{"value":"a b c d"},{"value":"1 2 3 4"}]}`, live: true,
		want: []Turn{with(asked("a b c d"), func(t *Turn) { t.In, t.Out = 4, new(4) })}},
}

func TestRows(t *testing.T) {
	t.Parallel()
	for _, c := range rowTests {
		for _, d := range []Dataset{lineDataset(c.t, c.line), pipedDataset(c.t, c.line)} {
			d.Once = true
			all, bad, err := take(9, d.Source())
			if err != nil || bad != nil || len(all) != 1 {
				t.Fatalf("%s: %d conversations, bad rows %q, error %v", c.why, len(all), bad, err)
			}
			if c.id == "" {
				c.id = "0"
			}
			diff(t, c.why, Conversation{ID: c.id, Turns: c.want, Whole: !c.live}, all[0])
		}
	}
}

var badRowTests = []struct {
	t         Type
	line, err string
}{
	{SingleTurn, `{"text":3}`, `key "text": want a string, not a JSON number`},
	{SingleTurn, `[1]`, `is a JSON array, want an object`},
	{SingleTurn, `{"text":`, `is not JSON: unexpected end of JSON input (at byte 8)`},
	{SingleTurn, `{}`, `has nothing to ask: no text, texts, images or messages`},
	{SingleTurn, `{"texts":[]}`, `has nothing to ask: no text, texts, images or messages`},
	{SingleTurn, `{"text":"a","texts":["b"]}`, `has both text and texts`},
	{SingleTurn, `{"text":"a","messages":[]}`, `has both messages and text`},
	{SingleTurn, `{"texts":["a",null]}`, `key "texts"[1]: want a string, or an object with name and contents`},
	{SingleTurn, `{"texts":[{"contents":3}]}`, `key "texts"[0]: key "contents": want an array, not a JSON number`},
	{SingleTurn, `{"text":"a","image":"i.png"}`, `image "i.png": want an http, https or data URL`},
	{SingleTurn, `{"text":"a","audio":"x"}`, `key "audio": only text and images can be sent; send others as a raw_payload`},
	{SingleTurn, `{"text":"a","output_length":0}`, `key "output_length": 0, want 1 to 16777216`},
	{SingleTurn, `{"text":"a","output_length":1.5}`, `key "output_length": want a whole number, not a JSON number 1.5`},
	{SingleTurn, `{"text":"a","timestamp":-1}`, `key "timestamp": -1 ms, want 0 to 9e12`},
	{SingleTurn, `{"text":"a","delay":1e300}`, `key "delay": 1e+300 ms, want 0 to 9e12`},
	{SingleTurn, `{"text":"a","extra":[]}`, `key "extra": want an object`},
	{SingleTurn, `{"text":"a","tools":{}}`, `key "tools": want an array that is not empty`},
	{SingleTurn, `{"messages":[]}`, `key "messages": is empty`},
	{SingleTurn, `{"messages":[{"content":"x"}]}`, `key "messages"[0]: has no "role"`},
	{SingleTurn, `{"messages":["x"]}`, `key "messages"[0]: is a JSON string, want an object`},
	{MultiTurn, `{"turns":[]}`, `has no "turns"`},
	{MultiTurn, `{"turns":[{"text":"a"},{"text":false}]}`, `key "turns.text": want a string, not a JSON bool`},
	{MultiTurn, `{"turns":[{"text":"a"},{}]}`, `turn 2: has nothing to ask: no text, texts, images or messages`},
	{Mooncake, `{}`, `has 0 of input_length, text_input, messages and payload, want one`},
	{Mooncake, `{"input_length":1,"text_input":"x"}`, `has 2 of input_length, text_input, messages and payload, want one`},
	{Mooncake, `{"text_input":"x","hash_ids":[1]}`, `has hash_ids without input_length`},
	{Mooncake, `{"input_length":0}`, `key "input_length": 0, want 1 to 16777216`},
	{Mooncake, `{"input_length":512,"hash_ids":[1,2]}`, `key "hash_ids": 2 blocks of 512 tokens are more than 512 tokens of input`},
	{Mooncake, `{"input_length":9,"hash_ids":["a"]}`, `key "hash_ids": want a whole number, not a JSON string`},
	{Mooncake, `{"payload":{}}`, `key "payload": is an empty object`},
	{Mooncake, `{"input_length":1,"message_mode":"x"}`, `key "message_mode": "x", want "history" or "delta"`},
	{RawPayload, `"x"`, `is a JSON string, want an object`},
	{RawPayload, `{}`, `is an empty object, want a request's body`},
	{RawPayload, `{"payload":[1]}`, `key "payload": want an object`},
	{RawPayload, `{"payload":null}`, `key "payload": want an object`},
	{ShareGPT, `{"id":"x"}`, `has no "conversations"`},
	{ShareGPT, `{"conversations":[{"from":1}]}`, `key "conversations.from": want a string, not a JSON number`},
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	good := map[Type]string{
		SingleTurn: `{"text":"a"}`, MultiTurn: `{"turns":[{"text":"a"}]}`, Mooncake: `{"text_input":"a"}`, RawPayload: `{"a":1}`,
		ShareGPT: `{"conversations":[{"from":"human","value":"a b c d"},{"from":"gpt","value":"1 2 3 4"}]}`,
	}
	for _, c := range badRowTests {
		for _, sampling := range []string{"sequential", "shuffle", "random", "piped"} {
			d := lineDataset(c.t, good[c.t], "", c.line, good[c.t])
			if d.Sampling = sampling; sampling == "piped" {
				d, d.Sampling = pipedDataset(c.t, good[c.t], "", c.line, good[c.t]), ""
			}
			n := 40
			if sampling == "piped" {
				n = 2
			}
			all, bad, err := take(n, d.Source())
			if len(all) != n || err != nil {
				t.Fatalf("%s %s: %d conversations and error %v, want %d", sampling, c.line, len(all), err, n)
			}
			for i, conv := range all {
				if conv.Index != i {
					t.Errorf("%s %s: conversation %d has index %d", sampling, c.line, i, conv.Index)
				}
			}
			diff(t, sampling+" "+c.line, []string{"f:3: " + c.err}, bad)
		}
	}
}

func TestBadElements(t *testing.T) {
	t.Parallel()
	lines := []string{`{"data":[{"session_id":"a","payloads":[{"a":1}]},`, `3, {"payloads":[{}]}, {"session_id":"b"},`,
		`{"session_id":"c","payloads":[1]}, {"session_id":"d","payloads":[null]}, {"session_id":true}, tru,`, `{"session_id":"a","payloads":[{"a":2}]}]}`}
	want := []string{
		`f: element 2: is a JSON number, want an object`,
		`f: element 3: has no "session_id"`,
		`f: element 4: has no "payloads"`,
		`f: element 5: key "payloads[0]": want an object`,
		`f: element 6: key "payloads[0]": want an object`,
		`f: element 7: key "session_id": want a string, not a JSON bool`,
		`f: element 8: is not JSON: invalid character ' ' in literal true (expecting 'e') (at byte 3)`,
	}
	for _, sampling := range []string{"sequential", "shuffle"} {
		d := lineDataset(InputsJSON, lines...)
		d.Once, d.Sampling = true, sampling
		all, bad, err := take(9, d.Source())
		slices.Sort(bad)
		if diff(t, sampling, want, bad); len(all) != 2 || err != nil {
			t.Errorf("%s: %d conversations, error %v", sampling, len(all), err)
		}
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	type files = []File
	single := lineDataset(SingleTurn, `{"text":"a"}`)
	for _, c := range []struct {
		why, err string
		d        Dataset
	}{
		{"no file", "a dataset of no files", Dataset{Type: SingleTurn}},
		{"an unknown type", `dataset type "x"`, lineDataset("x", "")},
		{"an unknown strategy", `sampling strategy "best"`, but(single, func(d *Dataset) { d.Sampling = "best" })},
		{"several files", "only a random_pool may have several", but(single, func(d *Dataset) { d.Files = append(d.Files, d.Files[0]) })},
		{"shuffling a pipe", "shuffle sampling goes back and forth in the file, and a pipe cannot", but(pipedDataset(SingleTurn, ""), func(d *Dataset) { d.Sampling = "shuffle" })},
		{"a pool in a pipe", "random sampling goes back and forth in the file, and a pipe cannot", pipedDataset(RandomPool, "")},
		{"an empty file", "has no rows", lineDataset("", "", "")},
		{"an empty file of a known type", "has no row that can be used", lineDataset(SingleTurn, "", "")},
		{"bad rows alone", "has no row that can be used", lineDataset(MultiTurn, "{}", "{}")},
		{"bad rows alone, drawn", "has no row that can be used", but(lineDataset(MultiTurn, "{}", "{}"), func(d *Dataset) { d.Sampling = "random" })},
		{"an unknown first row", "is like none of", lineDataset("", `{"x":1}`)},
		{"no columns", "line 1: the header has no columns Timestamp, Request tokens and Response tokens", lineDataset(BurstGPT, "a,b", "1,2")},
		{"no header", "has no header in its first lines", lineDataset(BurstGPT, "", "")},
		{"no object", `has '1' at byte 0, where '{' should be`, lineDataset(InputsJSON, "1")},
		{"no array", `has '1' at byte 8, where '[' should be`, lineDataset(InputsJSON, `{"data":1}`)},
		{"no data", `look for the key "data"`, lineDataset(InputsJSON, `{"x":[1]}`)},
		{"an array that does not end", "ends before its JSON array does, behind element 1", lineDataset(ShareGPT, `[{"conversations":[]}`)},
		{"an element that does not end", "ends in the midst of a value", lineDataset(ShareGPT, `[{"conversations":[`)},
		{"a broken disk", "read f: disk", Dataset{Type: SingleTurn, Files: files{{Name: "f", Reader: iotest.ErrReader(errors.New("disk"))}}}},
		{"no tokenizer for a length", "need a tokenizer", but(lineDataset(Mooncake, `{"input_length":3}`), func(d *Dataset) { d.Tokenizer = nil })},
		{"no tokenizer for sharegpt", "sharegpt needs a tokenizer", but(lineDataset(ShareGPT, `{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}`), func(d *Dataset) { d.Tokenizer = nil })},
		{"a tokenizer that cannot count", errBroken.Error(), but(lineDataset(ShareGPT, `{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}`), func(d *Dataset) { d.Tokenizer = &broken{} })},
		{"a schedule without times", "a schedule needs timestamps, and a raw_payload has none", but(lineDataset(RawPayload, `{"a":1}`), func(d *Dataset) { d.Schedule = &Schedule{} })},
		{"a schedule, shuffled", "a schedule gives the order", but(single, func(d *Dataset) { d.Schedule, d.Sampling = &Schedule{}, "shuffle" })},
		{"an offset beside an automatic one", "exclude each other", but(single, func(d *Dataset) { d.Schedule = &Schedule{Auto: true, Start: ms(1)} })},
		{"an end before the start", "a schedule from", but(single, func(d *Dataset) { d.Schedule = &Schedule{End: ms(1), Start: ms(2)} })},
		{"backwards", "speed-up", but(single, func(d *Dataset) { d.Schedule = &Schedule{Speedup: -1} })},
	} {
		all, _, err := take(3, c.d.Source())
		if len(all) > 0 || err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d conversations, error %v; want an error with %q", c.why, len(all), err, c.err)
		}
	}
}

func but(d Dataset, f func(*Dataset)) Dataset {
	f(&d)
	return d
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		head  string
		want  Type
		timed bool
	}{
		{`{"text":"a"}`, SingleTurn, false},
		{"\n\xef\xbb\xbf\n{\"text\":\"a\"}", unknownType, false}, // a mark that is not in front
		{"\xef\xbb\xbf{\"text\":\"a\"}", SingleTurn, false},
		{`{"texts":["a"],"timestamp":1}`, SingleTurn, true},
		{`{"text":"a","timestamp":null}`, SingleTurn, false},
		{`{"turns":[{"text":"a"}]}`, MultiTurn, false},
		{`{"turns":[{"text":"a","timestamp":0}]}`, MultiTurn, true},
		{`{"input_length":3,"timestamp":0}`, Mooncake, true},
		{`{"text_input":"x"}`, Mooncake, false},
		{`{"messages":[],"timestamp":1}`, Mooncake, true},
		{`{"messages":[{"role":"user","content":"x"}],"model":"m"}`, RawPayload, false},
		{`{"payload":{"a":1}}`, RawPayload, false},
		{`{"payload":{"a":1},"timestamp":1}`, Mooncake, true},
		{"Timestamp,Model,Request tokens,Response tokens\n1,2,3,4", BurstGPT, true},
		{`{"data":[{"session_id":"s","payloads":[{}]}]}`, InputsJSON, false},
		{"{\n  \"data\": [\n", InputsJSON, false},
		{"\n[\n {\"conversations\":[", ShareGPT, false},
		{`{"conversations":[]}`, ShareGPT, false},
		{`{"type":"random_pool","text":"a"}`, RandomPool, false},
		{`{"type":"text","text":"a"}`, SingleTurn, false},
		{`{"x":1}`, unknownType, false},
		{`hello`, unknownType, false},
	} {
		for _, d := range []Dataset{lineDataset("", c.head), pipedDataset("", c.head)} {
			timed, err := d.Detect()
			if d.Type != c.want || timed != c.timed || (err == nil) != (c.want != "") {
				t.Errorf("%q is a %q, timed %t (%v); want %q, %t", c.head, d.Type, timed, err, c.want, c.timed)
			}
			whole, err := io.ReadAll(d.Files[0].start())
			if string(whole) != c.head || err != nil {
				t.Errorf("after detection the file is %q (%v), want %q", whole, err, c.head)
			}
		}
	}
	d := pipedDataset("", `{"text":"a"}`, `{"text":"b"}`)
	diff(t, "a detected pipe", []Turn{asked("a"), asked("b")}, turns(must(t, 2, d.Source())))
}

func turns(all []Conversation) (ts []Turn) {
	for _, c := range all {
		ts = append(ts, c.Turns...)
	}
	return ts
}

func TestLongRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	got := must(t, 2, pipedDataset(SingleTurn, `{"text":"`+long+`"}`, `{"text":"b"}`).Source())
	diff(t, "a line longer than a buffer", []Turn{asked(long), asked("b")}, turns(got))

	if testing.Short() {
		return // what follows reads 192 MiB
	}
	// A row beyond the bound is told of, and never held.
	for _, c := range []struct {
		t                 Type
		head, tail, where string
	}{
		{SingleTurn, `{"text":"a"}` + "\n", "\n" + `{"text":"b"}`, "f:2: "},
		{RawPayload, `{"text":"a"}` + "\n", "\n" + `{"text":"b"}`, "f:2: "},
		{InputsJSON, `{"data":[{"session_id":"a","payloads":[{"a":1}]},"`, `",{"session_id":"b","payloads":[{"a":1}]}]}`, "f: element 2: "},
	} {
		r := io.MultiReader(strings.NewReader(c.head), &repeated{left: MaxRow + 2}, strings.NewReader(c.tail))
		all, bad, err := take(9, Dataset{Type: c.t, Files: []File{{Name: "f", Reader: r}}}.Source())
		if len(all) != 2 || err != nil || cmp.Diff([]string{c.where + "is longer than 64 MiB"}, bad) != "" {
			t.Errorf("%s: %d conversations, bad rows %q, error %v", c.t, len(all), bad, err)
		}
	}
}

// repeated is so many bytes of x.
type repeated struct{ left int }

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left)
	for i := range n {
		p[i] = 'x'
	}
	r.left -= n
	return n, nil
}
