package wire

import (
	"errors"
	"io"
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

// An interim answer is not the answer's first byte.
func TestFirstBehindAnInterimAnswer(t *testing.T) {
	const interim, final = "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for why, c := range map[string]struct {
		writes []string // one a second
		want   time.Duration
	}{
		"apart":      {[]string{interim, interim, final}, 3 * time.Second},
		"at once":    {[]string{interim + final}, time.Second},
		"overlapped": {[]string{interim + final[:5], final[5:]}, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				io.ReadFull(theirs, make([]byte, 1))
				for _, s := range c.writes {
					time.Sleep(time.Second)
					io.WriteString(theirs, s)
				}
			}()
			conn := NewConn(ours)
			defer conn.Close()
			began := time.Now()
			err := conn.Send([]byte("x"), nil, time.Time{})
			if err == nil {
				_, err = conn.Header()
			}
			if got := conn.First().Sub(began); err != nil || got != c.want {
				t.Errorf("%s: first after %v, error %v; want %v", why, got, err, c.want)
			}
		})
	}
}
