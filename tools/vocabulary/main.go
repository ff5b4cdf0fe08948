// Vocabulary writes the o200k_base vocabulary where Python's tiktoken looks for
// it, so that a peer which uses it needs no download.
//
//	vocabulary DIR
//
// DIR is what $TIKTOKEN_CACHE_DIR has to be.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tiktoken-go/tokenizer"
)

// What Python's tiktoken looks for in $TIKTOKEN_CACHE_DIR, and its SHA-256.
const (
	vocabularyFile = "fb374d419588a4632f3f557e76b4b70aebbca790"
	vocabularySum  = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
)

func main() {
	err := errors.New("usage: vocabulary DIR")
	if len(os.Args) == 2 {
		err = write(os.Args[1])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "vocabulary: %v\n", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for rank := uint(0); ; rank++ {
		text, err := codec.Decode([]uint{rank})
		if err != nil || text == "" {
			break
		}
		fmt.Fprintf(&b, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(text)), rank)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(b.Bytes())); sum != vocabularySum {
		return fmt.Errorf("the vocabulary's SHA-256 is %s, not %s", sum, vocabularySum)
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, vocabularyFile), b.Bytes(), 0o644))
}
