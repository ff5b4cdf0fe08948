package join

import (
	"iter"
	"sync"

	"aiperf/pkg/record"
)

// readAhead is how many bytes of lines a feed holds that nobody has taken.
const readAhead = 1 << 20

// A feed reads an input in a goroutine of its own. Lines change hands in
// batches that are as large as the consumer is slow: a batch of one when it
// waits, so that nothing is held back.
//
// Note: a channel of lines costs three times as much per line; a channel of
// fixed batches holds lines back.
type feed struct {
	mu     sync.Mutex
	news   sync.Cond // for the consumer: fresh or ended
	room   sync.Cond // for the producer: fresh was taken, or left
	fresh  []item
	size   int  // of fresh, bytes
	ended  bool // by the producer
	left   bool // by the consumer
	exited chan struct{}

	batch []item // the consumer's
	at    int
}

type item struct {
	line record.Line
	err  error
}

func startFeed(in iter.Seq2[record.Line, error]) *feed {
	f := &feed{exited: make(chan struct{})}
	f.news.L, f.room.L = &f.mu, &f.mu
	go f.run(in)
	return f
}

func (f *feed) run(in iter.Seq2[record.Line, error]) {
	defer close(f.exited)
	for l, err := range in {
		if !f.put(item{l, err}) {
			return
		}
	}
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.news.Signal()
}

// put is false when the consumer has left.
func (f *feed) put(it item) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.size >= readAhead && !f.left {
		f.room.Wait()
	}
	f.fresh = append(f.fresh, it)
	f.size += len(it.line.Raw) + 64
	if len(f.fresh) == 1 {
		f.news.Signal()
	}
	return !f.left
}

// next is false at the end.
func (f *feed) next() (item, bool) {
	if f.at == len(f.batch) && !f.refill() {
		return item{}, false
	}
	it := f.batch[f.at]
	f.batch[f.at] = item{} // or the batch would keep the line's memory
	f.at++
	return it, true
}

func (f *feed) refill() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.fresh) == 0 && !f.ended {
		f.news.Wait()
	}
	f.batch, f.fresh = f.fresh, f.batch[:0]
	f.at, f.size = 0, 0
	f.room.Signal()
	return len(f.batch) > 0
}

// stop waits for the goroutine to end.
func (f *feed) stop() {
	f.mu.Lock()
	f.left = true
	f.mu.Unlock()
	f.room.Signal()
	<-f.exited
}
