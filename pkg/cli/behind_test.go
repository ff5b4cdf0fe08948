package cli

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// What is written comes through in order, whatever the sizes of the writes.
func TestBufferedKeepsOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var m memory
	b := Buffered(&m, time.Hour)
	var want bytes.Buffer
	for range 200 {
		p := make([]byte, random.IntN(20_000))
		if random.IntN(20) == 0 {
			p = make([]byte, 3*behindSize+random.IntN(100))
		}
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		want.Write(p)
		if n, err := b.Write(p); n != len(p) || err != nil {
			t.Fatalf("Write of %d bytes = %d, %v", len(p), n, err)
		}
		clear(p) // it is the caller's again
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := m.String(); got != want.String() {
		t.Errorf("%d bytes came through of %d, or others", len(got), want.Len())
	}
}

// A write that fails in the background ends the writing soon, and with its
// error.
func TestBufferedFails(t *testing.T) {
	t.Parallel()
	b := Buffered(full{}, time.Hour)
	line := make([]byte, 1000)
	var err error
	wrote := 0
	for err == nil {
		if wrote > 2*behindBuffers*behindSize {
			t.Fatalf("%d bytes are taken for a full disk", wrote)
		}
		var n int
		n, err = b.Write(line)
		wrote += n
	}
	if cerr := b.Close(); cerr == nil || !errors.Is(cerr, err) {
		t.Errorf("Close says %v after %v", cerr, err)
	}
}

func BenchmarkBuffered(b *testing.B) {
	line := make([]byte, 650)
	w := Buffered(keepOpen{io.Discard}, time.Second)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
