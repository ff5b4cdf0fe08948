package token

import (
	"strings"
	"sync"
)

// A countCache remembers how many tokens short pieces have: a text repeats most of
// its words. It is bounded, and keeps what came first.
type countCache struct {
	mu     sync.RWMutex
	counts map[string]int
}

const (
	cachePieces = 1 << 16
	cachePiece  = 64 // bytes
)

func newCountCache() *countCache { return &countCache{counts: map[string]int{}} }

func (c *countCache) get(s string) (int, bool) {
	if len(s) > cachePiece {
		return 0, false
	}
	c.mu.RLock()
	n, ok := c.counts[s]
	c.mu.RUnlock()
	return n, ok
}

func (c *countCache) put(s string, n int) {
	if len(s) > cachePiece {
		return
	}
	c.mu.Lock()
	if len(c.counts) < cachePieces {
		c.counts[strings.Clone(s)] = n
	}
	c.mu.Unlock()
}
