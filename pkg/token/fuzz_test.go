package token

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// variantModels is the file models.json, or nothing.
func variantModels() []byte {
	b, _ := os.ReadFile(filepath.Join("testdata", "models.json"))
	return b
}

// FuzzRead reads hostile files: no panic, no result beside an error, and what is
// read counts as it encodes.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small("null", "null", "[]", tiny)), "abba")
	f.Add([]byte(small(`{"type":"NFC"}`, `{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`,
		`[{"id":7,"content":"ab","lstrip":true,"normalized":true}]`, tiny)), "a b ab")
	f.Add([]byte(small(`{"type":"Replace","pattern":{"Regex":"a+"},"content":"b"}`,
		`{"type":"Split","pattern":{"Regex":"(?i:a|b)[^c-e]?+\\s*(?!x)"},"behavior":"Removed","invert":true}`, "[]", tiny)), "ab aab c")
	f.Add([]byte(small("null", `{"type":"Sequence","pretokenizers":[{"type":"Metaspace","replacement":"_","prepend_scheme":"first"},{"type":"Digits","individual_digits":true}]}`,
		"[]", `{"unk_token":"a","byte_fallback":true,"vocab":{"a":0,"<0x00>":0},"merges":[["a","a"]]}`)), "\x00a_1")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		tok, err := Read(bytes.NewReader(file), "x")
		if err != nil {
			if tok != nil {
				t.Fatal("a tokenizer beside an error")
			}
			return
		}
		ids, err := tok.Encode(text)
		n, err2 := tok.Count(text)
		if (err == nil) != (err2 == nil) || err == nil && n != len(ids) {
			t.Fatalf("Encode has %d tokens, %v; Count %d, %v", len(ids), err, n, err2)
		}
	})
}

// naive is byte-pair encoding as its definition has it: the best pair of all, again
// and again.
func naive(m *bpe, ids []int32) []int32 {
	for {
		best, at := noMerge, -1
		for i := 1; i < len(ids); i++ {
			if v := m.merges.get(ids[i-1], ids[i]); v < best {
				best, at = v, i
			}
		}
		if at < 0 {
			return ids
		}
		ids = slices.Replace(slices.Clone(ids), at-1, at+1, int32(best))
	}
}

func narrow(ids []int) (out []int32) {
	for _, id := range ids {
		out = append(out, int32(id))
	}
	return out
}

// FuzzEncode: byte-level tokens spell the text, and the two ways to merge do what
// the naive one does.
func FuzzEncode(f *testing.F) {
	whole, gemma := readVariant(f, "bytelevel-whole"), readVariant(f, "gemma")
	crossed, err := Read(strings.NewReader(crossing(f)), "crossing")
	if err != nil {
		f.Fatal(err)
	}
	var models map[string]struct{ Vocab map[string]int }
	if err := json.Unmarshal(variantModels(), &models); err != nil {
		f.Fatal(err)
	}
	spelling := map[int][]byte{}
	for name, id := range models["bytes"].Vocab {
		spelling[id], _ = fromByteChars(nil, name)
	}
	var texts []string
	readJSON(f, "texts.json", &texts)
	for _, s := range texts {
		f.Add(s)
	}
	f.Add("the the of word 123 ... the word hello world what they would other abcabcab")
	f.Fuzz(func(t *testing.T, text string) {
		text = validUTF8(text)
		ids, err := whole.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		var spelled []byte
		for _, id := range ids {
			spelled = append(spelled, spelling[id]...)
		}
		if string(spelled) != text {
			t.Fatalf("the tokens of %q spell %q", text, spelled)
		}
		for _, tok := range []*Tokenizer{whole, gemma, crossed} {
			m := &tok.encoder.(*pipeline).model
			var s scratch
			if tok != whole {
				text = strings.ReplaceAll(text, " ", spaceMark) // as their normalizer has it
			}
			s.ids, err = m.symbols(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			start := slices.Clone(s.ids)
			want := append([]int32(nil), naive(m, start)...)
			heap := m.mergeHeap(nil, &s)
			scan := m.mergeScan(nil, &s) // last, as it merges in place
			if !slices.Equal(want, heap) || !slices.Equal(want, scan) {
				t.Fatalf("%s: %q: naive %v, heap %v, scan %v", tok.Name(), text, want, heap, scan)
			}
			all, err := tok.Encode(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, narrow(all)); diff != "" {
				t.Fatalf("%s: %q in one piece and cut mismatch (-want +got):\n%s", tok.Name(), text, diff)
			}
		}
	})
}

// FuzzScanners: the scanners find what the patterns they stand for find.
func FuzzScanners(f *testing.F) {
	type pair struct {
		expr       string
		scan, slow pattern
	}
	var pairs []pair
	for expr, scan := range scanners {
		re, err := compileRegexp(expr)
		if err != nil {
			f.Fatal(err)
		}
		pairs = append(pairs, pair{expr, scan.pattern, expression(re, time.Minute)})
	}
	var texts []string
	readJSON(f, "texts.json", &texts)
	for _, s := range texts {
		f.Add(s)
	}
	for _, s := range []string{"'ſa 'S'Re'LL'x", "日A日AA a\u0301B", " \n \r\n\t x", "ǅaAʰ\u0301\u0302 ", "//\r\n/ //", "x\u2028\u0085 \u00a0y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = validUTF8(text); len(text) == 0 || len(text) > 1000 || !utf8.ValidString(text) {
			return
		}
		for _, p := range pairs {
			got, err := p.scan(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			want, err := p.slow(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(span{})); diff != "" {
				t.Fatalf("%s on %q mismatch (-want +got):\n%s", p.expr, text, diff)
			}
		}
	})
}

// FuzzSlowForm: normalizing mark by mark gives what package norm gives.
func FuzzSlowForm(f *testing.F) {
	for _, s := range []string{"e\u0301\u0323", "a\u0323\u0301b\u0301", "\u1112\u1161\u11ab", "\uac00\u11a8", "ﬁ Å", "\u0958\u093c", "\u0344\u0301", "\u1e9b\u0323"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = validUTF8(text)
		if longMarks(text) {
			return
		}
		for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
			if got, want := slowForm(form, text), form.String(text); got != want {
				t.Fatalf("form %d of %+q: %+q, want %+q", form, text, got, want)
			}
		}
	})
}

// FuzzPattern: an expression either is refused or finds spans that cover the text.
func FuzzPattern(f *testing.F) {
	for expr := range scanners {
		f.Add(expr, "It's  10 o'Clock, 日本")
	}
	for _, expr := range []string{`[^a-c\s]{2,}?|(?<=x)\w++`, `(?i:[sdmt]|ll)*(?!\S)`, `^\p{Lu}?+$|.`, `(?:a|b){,3}\x41\u00e9`, `\P{L}\D\W`} {
		f.Add(expr, "abc xyz\nA\u00e9")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if text = validUTF8(text); text == "" || len(text) > 50 {
			return
		}
		re, err := compileRegexp(expr)
		if err != nil {
			return
		}
		spans, err := expression(re, 100*time.Millisecond)(nil, text)
		if err != nil {
			return // it took too long
		}
		at := 0
		for _, s := range spans {
			if s.start != at || s.end < at {
				t.Fatalf("%q on %q: %v", expr, text, spans)
			}
			at = s.end
		}
		if at != len(text) {
			t.Fatalf("%q on %q ends at %d: %v", expr, text, at, spans)
		}
	})
}
