package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Create gives the output of the given name: "" and "-" are standard output; a
// name that ends in .gz or .zst is written compressed. The file is made by the
// first Write, so that a command that fails before leaves none. It is an error
// if the name is that of one of the inputs.
func (e *Env) Create(name string, inputs ...string) (io.WriteCloser, error) {
	if name == "" || name == "-" {
		return keepOpen{e.Stdout}, nil
	}
	if out, err := os.Stat(name); err == nil {
		if out.IsDir() {
			return nil, Usagef("output %q is a directory", name)
		}
		for _, in := range inputs {
			if s, err := os.Stat(in); err == nil && out.Mode().IsRegular() && os.SameFile(out, s) {
				return nil, Usagef("output %q is also an input, which would be lost", name)
			}
		}
	}
	return compress(name, &lazyFile{name: name})
}

// compress compresses what is written to file if its name says so.
func compress(name string, file io.WriteCloser) (io.WriteCloser, error) {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return newFlusher(gzip.NewWriter(file), file, time.Second), nil
	case strings.HasSuffix(name, ".zst"):
		// Of records the fastest level makes less than the next one does, in
		// two thirds of the time; a larger window saves nothing.
		z, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(512<<10), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			return nil, fmt.Errorf("compress %q: %w", name, err)
		}
		return newFlusher(z, file, time.Second), nil
	}
	return file, nil
}

// Buffered collects small writes to w for at most the given time and passes
// them on in a goroutine of its own, which Close waits for. Closing it closes w.
func Buffered(w io.WriteCloser, most time.Duration) io.WriteCloser {
	return newFlusher(&behind{w: w}, w, most)
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

type lazyFile struct {
	name string
	f    *os.File
	err  error
}

func (l *lazyFile) Write(b []byte) (int, error) {
	if l.f == nil && l.err == nil {
		l.f, l.err = os.Create(l.name)
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.f.Write(b)
}

func (l *lazyFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// A flusher flushes a compressor or buffer some time after a write, so that a
// process that is killed has lost no more than that time's data.
type flusher struct {
	mu sync.Mutex
	z  interface {
		io.WriteCloser
		Flush() error
	}
	under  io.Closer
	most   time.Duration
	timer  *time.Timer
	wrote  bool  // since the last flush
	err    error // of a flush; the next call returns it
	closed bool
}

func newFlusher(z interface {
	io.WriteCloser
	Flush() error
}, under io.Closer, most time.Duration) *flusher {
	return &flusher{z: z, under: under, most: most}
}

func (f *flusher) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.z.Write(b)
	if !f.wrote && err == nil {
		f.wrote = true
		if f.timer == nil {
			f.timer = time.AfterFunc(f.most, f.flush)
		} else {
			f.timer.Reset(f.most)
		}
	}
	return n, err
}

func (f *flusher) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrote && !f.closed && f.err == nil {
		f.wrote = false
		f.err = f.z.Flush()
	}
}

func (f *flusher) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
	err := f.err
	if f.timer != nil { // something was written: end the compressed frame, flush the buffer
		if b, ok := f.z.(interface{ Flush() error }); ok && err == nil {
			err = b.Flush()
		}
		if cerr := f.z.Close(); err == nil {
			err = cerr
		}
	}
	if cerr := f.under.Close(); err == nil {
		err = cerr
	}
	return err
}
