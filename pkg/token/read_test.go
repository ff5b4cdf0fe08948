package token

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A variant is a small tokenizer: one of the models of models.json with changes,
// and the other parts of a tokenizer.json.
type variant struct {
	Why          string
	Model        string
	Normalizer   json.RawMessage
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	AddedTokens  json.RawMessage `json:"added_tokens"`
	Change       map[string]json.RawMessage
}

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// variants are the small tokenizers as files.
func variants(t testing.TB) map[string][]byte {
	t.Helper()
	var list map[string]variant
	readJSON(t, "variants.json", &list)
	files := map[string][]byte{}
	for name, v := range list {
		if v.Why == "" {
			t.Errorf("%s: no why", name)
		}
		var models map[string]map[string]json.RawMessage
		readJSON(t, "models.json", &models)
		model := models[v.Model]
		maps.Copy(model, v.Change)
		b, err := json.Marshal(map[string]any{
			"version": "1.0", "added_tokens": v.AddedTokens, "normalizer": v.Normalizer,
			"pre_tokenizer": v.PreTokenizer, "model": model,
		})
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

func readVariant(t testing.TB, name string) *Tokenizer {
	t.Helper()
	tok, err := Read(bytes.NewReader(variants(t)[name]), name)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestVariants has every component encode texts; variants.ndjson has what the Rust
// tokenizers made of them (tools/test-tokenizers -update).
func TestVariants(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join("testdata", "variants.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string][]encoded{}
	for d := json.NewDecoder(f); d.More(); {
		var line struct {
			Name string
			encoded
		}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		want[line.Name] = append(want[line.Name], line.encoded)
	}
	for name, file := range variants(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tok, err := Read(bytes.NewReader(file), name)
			if err != nil {
				t.Fatal(err)
			}
			if len(want[name]) == 0 {
				t.Fatal("variants.ndjson has no texts of it")
			}
			compareEncoded(t, tok, want[name])
		})
	}
}

// small is a tokenizer.json with the given parts.
func small(normalizer, preTokenizer, added, model string) string {
	return `{"normalizer":` + normalizer + `,"pre_tokenizer":` + preTokenizer + `,"added_tokens":` + added + `,"model":` + model + `}`
}

const tiny = `{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}`

func TestReadErrors(t *testing.T) {
	t.Parallel()
	split := func(pattern string) string {
		b, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return small("null", `{"type":"Split","pattern":{"Regex":`+string(b)+`},"behavior":"Isolated","invert":false}`, "[]", tiny)
	}
	for _, c := range []struct{ why, file, want string }{
		{"no JSON", `hello`, "not a tokenizer.json"},
		{"other JSON", `{"a":1}`, "it has no model"},
		{"a model that is not BPE", small("null", "null", "[]", `{"type":"Unigram","vocab":[]}`), `"Unigram" is not known`},
		{"a field of the model", small("null", "null", "[]", `{"type":"BPE","vocab":{},"merges":[],"wings":2}`), `"wings" is not known`},
		{"random merges", small("null", "null", "[]", `{"type":"BPE","dropout":0.1,"vocab":{},"merges":[]}`), "dropout"},
		{"a merge of nothing", small("null", "null", "[]", `{"vocab":{"a":0},"merges":["a b"]}`), `merge 1: "b" is not in the vocab`},
		{"a merge to nothing", small("null", "null", "[]", `{"vocab":{"a":0,"b":1},"merges":[["a","b"]]}`), `"ab" is not in the vocab`},
		{"a merge of three", small("null", "null", "[]", `{"vocab":{"a":0},"merges":["a a a"]}`), "is not two tokens"},
		{"a list of three", small("null", "null", "[]", `{"vocab":{"a":0},"merges":[["a","a","a"]]}`), "more than two"},
		{"merges that are no list", small("null", "null", "[]", `{"vocab":{"a":0},"merges":7}`), "not a list"},
		{"a negative number", small("null", "null", "[]", `{"vocab":{"a":-1},"merges":[]}`), "not a token's number"},
		{"a fraction", small("null", "null", "[]", `{"vocab":{"a":1.5},"merges":[]}`), "not a token's number"},
		{"a huge number", small("null", "null", "[]", `{"vocab":{"a":4294967296},"merges":[]}`), "too big"},
		{"no vocab", small("null", "null", "[]", `{"type":"BPE"}`), "vocab is not an object"},
		{"a normalizer", small(`{"type":"Nmt"}`, "null", "[]", tiny), `normalizer 1: Nmt: type "Nmt" is not known`},
		{"a normalizer within", small(`{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Precompiled"}]}`, "null", "[]", tiny), "normalizer 2: Precompiled"},
		{"a field of a normalizer", small(`{"type":"NFC","extra":1}`, "null", "[]", tiny), `unknown field "extra"`},
		{"a pre-tokenizer", small("null", `{"type":"UnicodeScripts"}`, "[]", tiny), `"UnicodeScripts" is not known`},
		{"no type", small("null", `{}`, "[]", tiny), "type"},
		{"a behavior", small("null", `{"type":"Split","pattern":{"String":"a"},"behavior":"Odd","invert":false}`, "[]", tiny), `behavior is "Odd"`},
		{"an empty pattern", small("null", `{"type":"Split","pattern":{"String":""},"behavior":"Isolated","invert":false}`, "[]", tiny), "empty string"},
		{"nested sequences", small("null", strings.Repeat(`{"type":"Sequence","pretokenizers":[`, 40)+strings.Repeat(`]}`, 40), "[]", tiny), "nested"},
		{"many components", small(`{"type":"Sequence","normalizers":[`+strings.Repeat(`{"type":"NFC"},`, 40)+`{"type":"NFC"}]}`, "null", "[]", tiny), "more than 32"},
		{"a long added token", small("null", "null", `[{"id":9,"content":"`+strings.Repeat("x", 2000)+`"}]`, tiny), "2000 bytes long"},
		{"an intersection", split(`[\p{L}&&[^a]]`), "is not known"},
		{"a set in a set", split(`[a[b]]`), "is not known"},
		{"a word boundary", split(`\bx`), "is not known"},
		{"a back-reference", split(`(a)\1`), "is not known"},
		{"a property", split(`\p{Klingon}+`), "is not known"},
		{"a POSIX class", split(`[[:alpha:]]`), "is not known"},
		{"ß is ss when case is ignored", split(`(?i:ß)`), "without regard to case"},
		{"so is ss ß", split(`(?i:mass)`), "without regard to case"},
		{"an open group", split(`(a`), "a ) is missing"},
		{"an open set", split(`[a`), "a ] is missing"},
		{"too many repetitions", split(`a{2000}`), "more than 1000"},
		{"groups within groups", split(strings.Repeat("(", 100) + strings.Repeat(")", 100)), "nested"},
		{"a long pattern", split(strings.Repeat("a", 10000)), "longer than"},
		{"a named group", split(`(?<x>a)`), "is not known"},
		{"nothing to repeat", split(`*a`), "is not known"},
	} {
		_, err := Read(strings.NewReader(c.file), "small")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
	}
}

func TestHostileTextsAndFiles(t *testing.T) {
	t.Parallel()
	grow := `{"type":"Replace","pattern":{"String":"a"},"content":"` + strings.Repeat("a", 100) + `"}`
	for _, c := range []struct{ why, file, text, want string }{
		{"a text that grows without end", small(`{"type":"Sequence","normalizers":[`+grow+`,`+grow+`,`+grow+`,`+grow+`]}`, "null", "[]", tiny),
			strings.Repeat("a", 1000), "too long"},
		{"an unknown character without an unk_token", small("null", "null", "[]", `{"unk_token":"?","vocab":{"a":0},"merges":[]}`), "ab", "unk_token"},
	} {
		tok, err := Read(strings.NewReader(c.file), "small")
		if err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		if _, err := tok.Count(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Count = %v, want %q", c.why, err, c.want)
		}
		if _, err := tok.Encode(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Encode = %v, want %q", c.why, err, c.want)
		}
	}
}

// TestLongRuns would take hours if the time were quadratic in the text.
func TestLongRuns(t *testing.T) {
	t.Parallel()
	size := 60_000
	if testing.Short() {
		size = 6_000
	}
	for name, file := range variants(t) {
		tok, err := Read(bytes.NewReader(file), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"a", "the", " ", "\n", "[LEFT]", "\u0301"} {
			text := strings.Repeat(unit, size/len(unit))
			if _, err := tok.Count(text); err != nil {
				t.Errorf("%s: a run of %q: %v", name, unit, err)
			}
		}
	}
}

func TestBytesThatAreNotUTF8CountAsJSONHasThem(t *testing.T) {
	t.Parallel()
	for _, tok := range []*Tokenizer{builtin(t), readVariant(t, "qwen"), readVariant(t, "gemma")} {
		bad, good := "a\xff\xc3b\xe2\x82", "a\uFFFD\uFFFDb\uFFFD\uFFFD"
		if got, want := count(t, tok, bad), count(t, tok, good); got != want {
			t.Errorf("%s: Count(%q) = %d, Count(%q) = %d", tok.Name(), bad, got, good, want)
		}
	}
}

func TestTextOfReadTokenizers(t *testing.T) {
	t.Parallel()
	files := variants(t)
	files["crossing"] = []byte(crossing(t)) // its words that end with e are left out
	for _, name := range []string{"qwen", "bytelevel", "ignore-merges", "gemma", "gemma3", "llama2", "metaspace", "metaspace-first", "crossing"} {
		tok, err := Read(bytes.NewReader(files[name]), name)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(3, 4))
		a, b := makeText(t, tok, 100, rng), makeText(t, tok, 1, rng)
		if got := count(t, tok, a); got != 100 {
			t.Errorf("%s: Text(100) has %d tokens", name, got)
		}
		if got := count(t, tok, b); got != 1 {
			t.Errorf("%s: Text(1) has %d tokens", name, got)
		}
		if got := count(t, tok, a+" "+b+" "+a); got != 201 {
			t.Errorf("%s: texts of 100, 1 and 100 tokens have %d together", name, got)
		}
	}
}

func TestTextSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, file, want string }{
		{"no words", small("null", "null", "[]", `{"unk_token":"?","vocab":{"?":0,"a":1},"merges":[]}`), "only 0 of"},
		{"a token across words, which no step parts", strings.NewReplacer(`"vocab":{`, `"vocab":{"eĠ":99999,`, `"merges":[`, `"merges":["e Ġ",`).
			Replace(string(variants(t)["bytelevel-whole"])), "reach across the space"},
	} {
		tok, err := Read(strings.NewReader(c.file), "small")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.Text(3, rand.New(rand.NewPCG(1, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
		if text, err := tok.Text(0, nil); text != "" || err != nil {
			t.Errorf("%s: Text(0) = %q, %v", c.why, text, err)
		}
	}
}

// crossing is the variant gemma with one token more: an e and the space behind it.
func crossing(t testing.TB) string {
	t.Helper()
	s := string(variants(t)["gemma"])
	s = strings.Replace(s, `"vocab":{`, `"vocab":{"e▁":99999,`, 1)
	return strings.Replace(s, `"merges":[`, `"merges":[["e","▁"],`, 1)
}

func TestPatternsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	re, err := compileRegexp(`(?:a|a|aa)+b`)
	if err != nil {
		t.Fatal(err)
	}
	spans, err := expression(re, 20*time.Millisecond)(nil, strings.Repeat("a", 5000)+"c")
	if err == nil {
		t.Errorf("an exponential pattern ends with %d spans, want an error", len(spans))
	}
}

// TestGoroutines shares a tokenizer, its cache and its memory.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	var texts []string
	readJSON(t, "texts.json", &texts)
	for _, tok := range []*Tokenizer{readVariant(t, "qwen"), readVariant(t, "gemma"), builtin(t)} {
		var want []int
		for _, text := range texts {
			ids, err := tok.Encode(text)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, len(ids))
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i, text := range texts {
					if n, err := tok.Count(text); n != want[i] || err != nil {
						t.Errorf("%s: Count(%q) = %d, %v, want %d", tok.Name(), text, n, err, want[i])
					}
				}
			})
		}
		wg.Wait()
	}
}
