package token

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oracleDir names the directory in which tools/test-tokenizers left tokenizers and
// what the Rust tokenizers made of texts.
const oracleDir = "AIPERF_TOKENIZERS"

// An encoded text is a line of ids.ndjson.
type encoded struct {
	Text string
	IDs  []int
}

func readEncoded(t *testing.T, name string) (all []encoded) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := json.NewDecoder(f); d.More(); {
		var e encoded
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func readTokenizer(t testing.TB, path string) *Tokenizer {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tok, err := Read(f, filepath.Base(filepath.Dir(path)))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestOracle compares with the Rust tokenizers, text by text and token by token.
func TestOracle(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(oracleDir)
	if dir == "" {
		t.Skipf("%s is not set: make test-tokenizers sets it", oracleDir)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "tokenizer.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no */tokenizer.json in %s (%v)", dir, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			began := time.Now()
			tok := readTokenizer(t, file)
			loaded := time.Since(began)
			texts := readEncoded(t, filepath.Join(filepath.Dir(file), "ids.ndjson"))
			different := compareEncoded(t, tok, texts)
			if tok.words.err == nil {
				checkText(t, tok)
			}
			t.Logf("%d texts, %d differ; read in %d ms; %d words for text: %v", len(texts), different,
				loaded.Milliseconds(), len(tok.words.rest), tok.words.err)
		})
	}
}

// compareEncoded is how many of the texts tok encodes differently.
func compareEncoded(t *testing.T, tok *Tokenizer, texts []encoded) (different int) {
	t.Helper()
	for _, e := range texts {
		got, err := tok.Encode(e.Text)
		if err != nil {
			t.Errorf("Encode(%.80q): %v", e.Text, err)
		}
		n, err := tok.Count(e.Text)
		if err != nil || n != len(got) {
			t.Errorf("Count(%.80q) = %d, %v; Encode has %d", e.Text, n, err, len(got))
		}
		if len(got) == 0 && len(e.IDs) == 0 {
			continue
		}
		if diff := cmp.Diff(e.IDs, got); diff != "" {
			if different++; different <= 10 {
				t.Errorf("Encode(%.200q) mismatch (-want +got):\n%.1500s", e.Text, diff)
			}
		}
	}
	return different
}

// checkText makes texts and counts them, apart and joined.
func checkText(t *testing.T, tok *Tokenizer) {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	all, total := "", 0
	for _, n := range []int{1, 2, 3, 50, 5000, 1, 20000} {
		text := makeText(t, tok, n, rng)
		if got := count(t, tok, text); got != n {
			t.Errorf("Text(%d) has %d tokens", n, got)
		}
		if all, total = all+" "+text, total+n; n == 1 && total == 1 {
			all = text
		}
		if got := count(t, tok, all); got != total {
			t.Errorf("texts of %d tokens have %d together", total, got)
		}
	}
}
