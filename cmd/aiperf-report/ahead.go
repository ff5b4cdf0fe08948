package main

import (
	"iter"

	"aiperf/pkg/record"
)

// A batch is some lines, with what was wrong with the last.
type batch struct {
	lines []record.Line
	err   error
}

const (
	batchLines = 128
	batchBytes = 256 << 10
)

// ahead yields what seq does, which is read by a goroutine of its own while the
// lines before are worked on. It ends with the loop over it. Lines are handed on
// at once if they are waited for when they are read, else with those that come
// after them.
func ahead(seq iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		batches := make(chan batch)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			defer close(batches)
			gather(seq, batches, stop)
		}()
		defer func() {
			close(stop)
			<-stopped
		}()
		for b := range batches {
			for _, l := range b.lines {
				if !yield(l, nil) {
					return
				}
			}
			if b.err != nil && !yield(record.Line{}, b.err) {
				return
			}
		}
	}
}

func gather(seq iter.Seq2[record.Line, error], to chan<- batch, stop <-chan struct{}) {
	var b batch
	size := 0
	send := func() bool {
		select {
		case to <- b:
			b, size = batch{}, 0
			return true
		case <-stop:
			return false
		}
	}
	for l, err := range seq {
		if err != nil {
			b.err = err
			if !send() {
				return
			}
			continue
		}
		b.lines = append(b.lines, l)
		size += len(l.Raw)
		if len(b.lines) >= batchLines || size >= batchBytes {
			if !send() {
				return
			}
			continue
		}
		select {
		case to <- b: // it is waited for
			b, size = batch{}, 0
		case <-stop:
			return
		default:
		}
	}
	if len(b.lines) > 0 {
		send()
	}
}
