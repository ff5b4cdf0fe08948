package sim

import (
	"context"
	"sync"
)

// A batch holds the places of the requests that are served at once. Requests
// without a place wait in the order in which they came.
type batch struct {
	gpus *gpus

	mu    sync.Mutex
	free  int
	queue []chan struct{}
	limit int
}

func newBatch(limit int, g *gpus) *batch { return &batch{gpus: g, free: limit, limit: limit} }

// enter waits for a place. The caller must leave.
func (b *batch) enter(ctx context.Context) error {
	b.mu.Lock()
	if b.free > 0 {
		b.free--
		b.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	b.queue = append(b.queue, turn)
	b.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range b.queue {
		if c == turn {
			b.queue = append(b.queue[:i], b.queue[i+1:]...)
			return ctx.Err()
		}
	}
	b.pass() // it was its turn all the same
	return ctx.Err()
}

func (b *batch) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pass()
}

// pass gives a place to the next in the queue.
func (b *batch) pass() {
	if len(b.queue) == 0 {
		b.free++
		return
	}
	close(b.queue[0])
	b.queue = b.queue[1:]
}

// count is how many are being served and how many wait.
func (b *batch) count() (running, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit - b.free, len(b.queue)
}
