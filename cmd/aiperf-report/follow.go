package main

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"

	"aiperf/pkg/record"
)

// An atEnd tells whether as many producers have ended as have begun.
type atEnd struct {
	begun, ended int
	all          atomic.Bool
}

func (e *atEnd) add(l record.Line) {
	switch l.Type {
	case record.TypeRun:
		e.begun++
	case record.TypeEnd:
		e.ended++
	}
	e.all.Store(e.ended > 0 && e.ended >= e.begun)
}

// poll is how often a file is looked at that has not grown, and calm for how many
// looks it must not have grown behind the last end: what a join has found comes
// there.
const (
	poll = 100 * time.Millisecond
	calm = 3
)

// A follower reads a file that is being written. It waits for the file, and at
// its end for more, until the context is done or all has ended.
type follower struct {
	ctx  context.Context
	name string
	end  *atEnd
	f    *os.File
}

func (f *follower) Read(p []byte) (int, error) {
	for quiet := 0; ; quiet++ {
		n, err := f.some(p)
		switch {
		case n > 0 || err != nil && err != io.EOF:
			return n, err
		case f.ctx.Err() != nil || f.end.all.Load() && quiet >= calm:
			return 0, io.EOF
		}
		select {
		case <-f.ctx.Done():
		case <-time.After(poll):
		}
	}
}

// some reads what there is, which may be nothing.
func (f *follower) some(p []byte) (int, error) {
	if f.f == nil {
		file, err := os.Open(f.name)
		if os.IsNotExist(err) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		f.f = file
	}
	return f.f.Read(p)
}

func (f *follower) Close() error {
	if f.f == nil {
		return nil
	}
	return f.f.Close()
}
