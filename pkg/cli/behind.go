package cli

import (
	"io"
	"sync/atomic"
)

// A behind collects writes and passes them on in a goroutine of its own, so
// that compressing, or waiting for a disk, goes on beside the work of the
// writer. An error comes out at a later call. Not for several goroutines.
type behind struct {
	w     io.Writer
	buf   []byte      // collects
	full  chan []byte // to the goroutine; nil before the first
	empty chan []byte // and back
	done  chan struct{}
	err   atomic.Pointer[error]
}

// A behind has behindBuffers of behindSize bytes.
const (
	behindSize    = 128 << 10
	behindBuffers = 3
)

func (b *behind) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if err := b.failed(); err != nil {
			return 0, err
		}
		if b.buf == nil {
			b.buf = make([]byte, 0, behindSize)
		}
		k := min(len(p), behindSize-len(b.buf))
		b.buf = append(b.buf, p[:k]...)
		p = p[k:]
		if len(b.buf) == behindSize {
			b.pass()
		}
	}
	return n, nil
}

// Flush passes on what there is, and does not wait until it is written.
func (b *behind) Flush() error {
	if len(b.buf) > 0 {
		b.pass()
	}
	return b.failed()
}

// Close waits until all is written, or has failed.
func (b *behind) Close() error {
	if len(b.buf) > 0 {
		b.pass()
	}
	if b.full != nil {
		close(b.full)
		b.full = nil
		<-b.done
	}
	return b.failed()
}

func (b *behind) pass() {
	if b.full == nil {
		b.full, b.empty, b.done = make(chan []byte, 1), make(chan []byte, behindBuffers), make(chan struct{})
		for range behindBuffers - 1 {
			b.empty <- nil // made when it is needed
		}
		go b.run(b.full)
	}
	b.full <- b.buf
	b.buf = <-b.empty
}

func (b *behind) run(full <-chan []byte) {
	defer close(b.done)
	for p := range full {
		if b.failed() == nil {
			if _, err := b.w.Write(p); err != nil {
				b.err.Store(&err)
			}
		}
		b.empty <- p[:0]
	}
}

func (b *behind) failed() error {
	if err := b.err.Load(); err != nil {
		return *err
	}
	return nil
}
