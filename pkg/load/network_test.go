package load

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A network is a server in memory: net.Pipe blocks durably in a synctest
// bubble, which a socket does not.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// serve runs h until the test is over.
func serve(t *testing.T, h http.Handler) *network {
	t.Helper()
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(n)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return n
}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		return ours, nil
	case <-n.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }

// messagesOf reads the messages of a chat request as "role:content …".
func messagesOf(t *testing.T, r *http.Request) string {
	var body struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	var said []string
	for _, m := range body.Messages {
		said = append(said, m.Role+":"+m.Content)
	}
	return strings.Join(said, " ")
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
