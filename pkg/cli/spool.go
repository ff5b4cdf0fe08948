package cli

import (
	"io"
	"sync"
	"time"
)

// pendingMost is how much a full disk may hold up, in bytes, before records are
// dropped.
const pendingMost = 8 << 20

// Pauses between attempts to write to a full disk.
const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 10 * time.Second
)

// A diskFile is what a spool writes to.
type diskFile interface {
	io.WriteCloser
	Sync() error
}

// A spool writes to a file and keeps what a full disk does not take, so that a
// compressor before it can go on. Every write tries again, after longer and
// longer pauses. Any other error is for good.
type spool struct {
	create func() (diskFile, error)
	most   int

	mu      sync.Mutex // a compressor flushes from a timer
	f       diskFile
	pending []byte
	size    int64 // of all that was written to it
	err     error
	full    error     // why it is stuck
	since   time.Time // when it got stuck
	retry   time.Time
	pause   time.Duration
}

func (s *spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += int64(len(b))
	s.pending = append(s.pending, b...)
	s.drain()
	if s.err != nil {
		return 0, s.err
	}
	return len(b), nil
}

// Close is for the compressor, which closes what it writes to; [spool.finish]
// closes the file.
func (s *spool) Close() error { return nil }

// drain writes what is pending, unless it is too early to try again.
func (s *spool) drain() {
	if s.err != nil || s.full != nil && time.Now().Before(s.retry) {
		return
	}
	if s.f == nil {
		f, err := s.create()
		if err != nil {
			s.failed(err)
			return
		}
		s.f = f
	}
	for len(s.pending) > 0 {
		n, err := s.f.Write(s.pending)
		s.pending = s.pending[:copy(s.pending, s.pending[n:])]
		if err != nil {
			s.failed(err)
			return
		}
	}
	if cap(s.pending) > 1<<20 {
		s.pending = nil
	}
	s.full, s.pause = nil, 0
}

func (s *spool) failed(err error) {
	if !diskFull(err) {
		s.err = err
		return
	}
	now := time.Now()
	if s.full == nil {
		s.since = now
	}
	s.full = err
	s.pause = min(max(2*s.pause, shortestPause), longestPause)
	s.retry = now.Add(s.pause)
}

// A spoolState is how a spool does.
type spoolState struct {
	full    error     // why it is stuck, nil if it is not
	since   time.Time // when it got stuck
	crammed bool      // it has no room for more
	size    int64
}

func (s *spool) state() spoolState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full != nil {
		s.drain()
	}
	return spoolState{s.full, s.since, s.full != nil && len(s.pending) >= s.most, s.size}
}

// finish brings everything to the disk and closes the file. It is not done as
// long as the disk is full.
func (s *spool) finish() (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drain()
	if s.err == nil && s.full == nil {
		s.err = s.f.Sync() // not tried again: the system may have dropped what it could not write
	}
	if s.err == nil && s.full != nil {
		return false, nil
	}
	if s.f != nil {
		if err := s.f.Close(); s.err == nil {
			s.err = err
		}
	}
	return true, s.err
}

// left is how many bytes are pending.
func (s *spool) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}
