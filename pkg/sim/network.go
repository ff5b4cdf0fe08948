package sim

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// A Network connects servers and clients in memory, by net.Pipe, which blocks
// durably in a testing/synctest bubble where a socket does not. The zero value
// is ready.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	dialled   int
}

// Listen takes connections to an address, which is any text.
func (n *Network) Listen(address string) net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	l := &listener{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l
}

// DialContext connects to an address that somebody listens at.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.dialled++
	client := addr(fmt.Sprintf("client:%d", n.dialled))
	n.mu.Unlock()
	refused := fmt.Errorf("dial %s: connection refused", address)
	if l == nil {
		return nil, refused
	}
	ours, theirs := net.Pipe()
	select {
	case l.conns <- conn{theirs, addr(address), client}:
		return conn{ours, client, addr(address)}, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type addr string

func (addr) Network() string  { return "memory" }
func (a addr) String() string { return string(a) }

// A conn has the address of its server, and one of its own for its client.
type conn struct {
	net.Conn
	local, remote addr
}

func (c conn) LocalAddr() net.Addr  { return c.local }
func (c conn) RemoteAddr() net.Addr { return c.remote }

type listener struct {
	address string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return addr(l.address) }
