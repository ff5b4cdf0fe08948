package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// An arrival is when the events of one answer had been read.
type arrival struct {
	ID     string  `json:"id"`
	Start  int64   `json:"start_ns"`  // its first byte is about to leave
	Events []int64 `json:"events_ns"` // one for each, the instant of the read that completed it
}

// A rawConn speaks just enough HTTP/1.1 for a server that answers in order and
// keeps the connection.
type rawConn struct {
	*job
	conn  net.Conn
	clock time.Time
	buf   []byte
	ask   []byte
	last  byte // of the read before, for an end of an event that is split
}

// runRaw takes the time after each read and counts ends of events.
func runRaw(j *job) error {
	var mu sync.Mutex
	var arrivals []arrival
	clock := time.Now()
	err := j.all(func() error {
		conn, err := net.Dial("tcp", j.url.Host)
		if err != nil {
			return err
		}
		defer conn.Close()
		c := &rawConn{job: j, conn: conn, clock: clock, buf: make([]byte, 16<<10)}
		for n, ok := j.take(); ok; n, ok = j.take() {
			a, err := c.get(n)
			if err != nil {
				return fmt.Errorf("request %d: %w", n, err)
			}
			if j.out != "" {
				mu.Lock()
				arrivals = append(arrivals, a)
				mu.Unlock()
			}
		}
		return nil
	})
	if err != nil || j.out == "" {
		return err
	}
	return writeLines(j.out, arrivals)
}

func (c *rawConn) now() int64 { return c.clock.UnixNano() + int64(time.Since(c.clock)) }

func (c *rawConn) get(n int64) (arrival, error) {
	a := arrival{ID: c.id(n)}
	c.ask = fmt.Appendf(c.ask[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Request-ID: %s\r\nContent-Length: %d\r\n\r\n",
		c.url.Path, c.url.Host, a.ID, len(c.body))
	c.ask = append(c.ask, c.body...)
	a.Start = c.now()
	if _, err := c.conn.Write(c.ask); err != nil {
		return a, err
	}
	k, err := c.conn.Read(c.buf)
	at := c.now()
	if err != nil {
		return a, err
	}
	head, rest, ok := bytes.Cut(c.buf[:k], []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return a, fmt.Errorf("the server answers %.30q", head)
	}
	if _, text, ok := bytes.Cut(head, []byte("\r\nContent-Length: ")); ok {
		text, _, _ = bytes.Cut(text, []byte("\r\n"))
		size, err := strconv.Atoi(string(text))
		return a, errors.Join(err, c.skip(size-len(rest)))
	}
	return a, c.events(&a, rest, at)
}

func (c *rawConn) skip(n int) error {
	for n > 0 {
		k, err := c.conn.Read(c.buf)
		if err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// events reads chunks until the empty one.
func (c *rawConn) events(a *arrival, b []byte, at int64) error {
	end := []byte("\r\n0\r\n\r\n")
	c.last = 0
	for {
		for range c.ends(b) {
			a.Events = append(a.Events, at)
		}
		if bytes.HasSuffix(b, end) || bytes.Equal(b, end[2:]) {
			return nil
		}
		k, err := c.conn.Read(c.buf)
		at = c.now()
		if err != nil {
			return err
		}
		b = c.buf[:k]
	}
}

// ends counts the ends of events.
func (c *rawConn) ends(b []byte) int {
	n := bytes.Count(b, []byte("\n\n"))
	if len(b) > 0 {
		if c.last == '\n' && b[0] == '\n' {
			n++
		}
		c.last = b[len(b)-1]
	}
	return n
}

func writeLines(name string, arrivals []arrival) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	for _, a := range arrivals {
		err = errors.Join(err, e.Encode(a))
	}
	return errors.Join(err, w.Flush(), f.Close())
}

// content are the arrivals of the events that carry text: the simulator sends
// the role before them and three events behind them.
func (a arrival) content() []int64 {
	if len(a.Events) < 4 {
		return nil
	}
	return a.Events[1 : len(a.Events)-3]
}
