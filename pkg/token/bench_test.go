package token

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// real are the vocabularies tools/test-tokenizers fetched; without them, none.
func real(b *testing.B) []string {
	b.Helper()
	files, _ := filepath.Glob(filepath.Join(os.Getenv(oracleDir), "*", "tokenizer.json"))
	return slices.DeleteFunc(files, func(f string) bool { return strings.Contains(f, "small-") })
}

// go test -run '^$' -bench Read -benchmem ./pkg/token
func BenchmarkRead(b *testing.B) {
	for _, file := range real(b) {
		b.Run("vocabulary="+filepath.Base(filepath.Dir(file)), func(b *testing.B) {
			data, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(bytes.NewReader(data), "x"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchmarkCount(b *testing.B, tok *Tokenizer) {
	rng := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for text.Len() < 10<<10 { // with some punctuation, as English has
		text.WriteString(makeText(b, tok, 9, rng) + ", and it's 1,234. ")
	}
	n := count(b, tok, text.String())
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tok.Count(text.String()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// go test -run '^$' -bench Count -benchmem ./pkg/token
func BenchmarkCount(b *testing.B) {
	b.Run("vocabulary=builtin", func(b *testing.B) { benchmarkCount(b, builtin(b)) })
	for _, file := range real(b) {
		b.Run("vocabulary="+filepath.Base(filepath.Dir(file)), func(b *testing.B) {
			benchmarkCount(b, readTokenizer(b, file))
		})
	}
}

// go test -run '^$' -bench Text -benchmem ./pkg/token
func BenchmarkText(b *testing.B) {
	tok := builtin(b)
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 100_000
	b.ReportAllocs()
	for b.Loop() {
		makeText(b, tok, n, rng)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}
