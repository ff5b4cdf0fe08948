// Tinygguf writes a small language model with random weights, for a real server
// to run: its answers are nonsense, but its tokens, ends and times are real.
//
//	tinygguf [-o FILE] [-seed N]
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("o", "tiny.gguf", "write the model to `FILE`")
	seed := flag.Uint64("seed", 1, "`seed` of the weights")
	flag.Parse()
	err := os.WriteFile(*out, tiny(*seed).bytes(), 0o644)
	if err != nil {
		fmt.Fprintf(os.Stderr, "tinygguf: %v\n", err)
		os.Exit(1)
	}
}
