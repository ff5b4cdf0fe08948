package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Append appends r as one line, newline included. It sets the type and version
// in r's header and leaves its time alone.
func Append(b []byte, r Record) ([]byte, error) {
	h := r.Head()
	h.Type, h.V = r.kind(), Version
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return b, fmt.Errorf("write %s record: %w", h.Type, err)
	}
	return buf.Bytes(), nil
}

// A Writer writes records as they happen, each with one Write. It may be used
// by several goroutines.
type Writer struct {
	w     io.Writer
	clock Clock

	mu  sync.Mutex
	buf []byte
}

// NewWriter gives a Writer that stamps records by clock.
func NewWriter(w io.Writer, clock Clock) *Writer { return &Writer{w: w, clock: clock} }

// Write sets the record's time to the present and writes it. Lines of one
// Writer are in the order of their times.
func (w *Writer) Write(r Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Head().Time = w.clock.Now()
	b, err := Append(w.buf[:0], r)
	if err != nil {
		return err
	}
	w.buf = b
	_, err = w.w.Write(b)
	return err
}
