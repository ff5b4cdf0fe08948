package load

import (
	"sync"

	"aiperf/pkg/wire"
)

// A pool holds idle connections, the last used on top: what few requests need
// few connections serve.
type pool struct {
	mu     sync.Mutex
	idle   []*wire.Conn
	closed bool
}

// get gives a connection that the server has not closed as far as one can see,
// or nil.
func (p *pool) get() *wire.Conn {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if !c.Stale() {
			return c
		}
		c.Close()
	}
}

func (p *pool) put(c *wire.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return
	}
	p.idle = append(p.idle, c)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}
