package wire

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// An interrupt that comes just before Send or Limit sets its deadline is not
// undone by it.
func TestInterruptIsNotLost(t *testing.T) {
	for why, f := range map[string]func(*Conn) error{
		"before Send": func(c *Conn) error {
			c.Interrupt()
			return c.Send([]byte("x"), nil, time.Now().Add(time.Hour))
		},
		"before Limit": func(c *Conn) error {
			c.Interrupt()
			c.Limit(time.Now().Add(time.Hour))
			_, err := c.Header()
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe() // nobody reads
			defer theirs.Close()
			c := NewConn(ours)
			defer c.Close()
			began := time.Now()
			if err := f(c); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > 0 {
				t.Errorf("%s: error %v after %v, want the deadline at once", why, err, time.Since(began))
			}
		})
	}
}
