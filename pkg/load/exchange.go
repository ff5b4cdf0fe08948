package load

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/wire"
)

// An exchange is one request and what is measured of it.
type exchange struct {
	*session
	*client
	rec  *record.Request
	turn int
	due  time.Time
	body *[]byte // from bodies; nil once it is not needed any more

	asked    time.Time // when a connection was asked for
	ready    time.Time // when it was there
	start    time.Time // the first byte was about to leave
	told     bool      // that it has begun
	began    sync.Once // the first token has come, or none will
	cause    atomic.Pointer[error]
	deadline time.Time

	arrivals arrivals
	keeps    bool     // the answer's text will be asked for
	kept     [][]byte // of the answer, for that
	size     int      // of kept
}

// exchange makes ready what a turn needs. The body is the exchange's.
func (ss *session) exchange(turn int, due time.Time, body *[]byte) *exchange {
	c, t := ss.server(turn), &ss.Turns[turn]
	tokens := &record.Tokens{Asked: t.Out}
	if in := ss.tokens + t.In; in > 0 {
		tokens.In, tokens.InSource = &in, record.FromTokenizer
	}
	x := &exchange{session: ss, client: c, turn: turn, due: due, body: body}
	x.keeps = ss.Count != nil || !ss.Whole && turn+1 < len(ss.Turns)
	x.rec = &record.Request{
		Run: ss.Run, ID: ss.name(turn), Phase: ss.Phase.Name, Model: c.Options.Model, URL: c.shown,
		Endpoint: c.Endpoint.Name, Conversation: ss.ID, Turn: new(turn), Tokens: tokens,
		Bytes: &record.Bytes{Sent: int64(len(*body))}, HTTP: &record.HTTP{},
	}
	return x
}

// do sends the request and fills its record in. It returns when the answer is
// complete or has failed.
func (x *exchange) do() {
	var failed *record.Error
	x.asked = time.Now()
	if x.h2 != nil {
		failed = x.overHTTP2()
	} else {
		failed = x.overHTTP1()
	}
	x.drop()
	now := time.Now()
	x.begin(now) // if it never came to be sent
	x.announce()
	rec := x.rec
	rec.Error = failed
	if x.arrivals.n > 0 {
		x.measure()
	}
	if t := rec.Tokens; t.InSource == t.Source {
		t.InSource = ""
	}
	if rec.Took == nil || failed != nil {
		rec.Took = new(now.Sub(x.start).Seconds())
	}
	if !x.due.IsZero() {
		rec.Late = new(max(0, x.start.Sub(x.due).Seconds()))
		if x.Lag != nil {
			x.Lag(x.lag())
		}
	}
}

// lag is how long the request was late for no reason but this process: behind
// its being due, there being room for it, and there being a connection.
func (x *exchange) lag() time.Duration {
	from := x.due
	if x.free.After(from) {
		from = x.free
	}
	lag := max(0, x.asked.Sub(from))
	if x.ready.After(from) {
		from = x.ready
	}
	return lag + max(0, x.start.Sub(from))
}

// begin notes when the request was about to leave, the first time it is called.
func (x *exchange) begin(t time.Time) {
	if x.start.IsZero() {
		x.start = t
		x.rec.Start = x.Clock.At(t)
		if x.client.Timeout > 0 {
			x.deadline = t.Add(x.client.Timeout)
		}
	}
}

// announce tells that the request has begun, once it has been written: the
// record must not stand between the clock and the socket.
func (x *exchange) announce() {
	if !x.told {
		x.told = true
		x.emit(&record.Begin{Run: x.Run, ID: x.rec.ID, Phase: x.rec.Phase, Start: x.rec.Start})
	}
}

// drop gives the body back.
func (x *exchange) drop() {
	if x.body != nil {
		bodies.Put(x.body)
		x.body = nil
	}
}

// overHTTP1 sends the request over a connection, and once more over a new one if
// a kept one turns out to have been closed: the server has then not read it.
func (x *exchange) overHTTP1() *record.Error {
	conn, failed := x.connection(false)
	if failed != nil {
		return failed
	}
	failed, again := x.over(conn)
	if !again {
		return failed
	}
	x.rec.HTTP.Resent = true
	if conn, failed = x.connection(true); failed != nil {
		return failed
	}
	x.start = time.Time{} // it starts now: connecting is no part of it
	failed, _ = x.over(conn)
	return failed
}

// connection gives a connection, new or not, and notes what that took.
func (x *exchange) connection(fresh bool) (*wire.Conn, *record.Error) {
	h := x.rec.HTTP
	if !fresh {
		if c := x.idleConn(); c != nil {
			h.Reused, h.Remote = true, c.Remote()
			return c, nil
		}
	}
	ctx, asked := x.flight, time.Now()
	if x.client.Timeout > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, x.client.Timeout, x.late())
		defer cancel()
	}
	c, steps, err := x.dialer.Open(ctx, x.addr)
	if err != nil {
		h.Reused = false
		return nil, x.classify(err, false)
	}
	h.Reused, h.Remote = false, c.Remote()
	h.DNS, h.Connect, h.TLS = positive(steps.DNS), new(steps.Connect.Seconds()), positive(steps.TLS)
	h.Blocked = positive(time.Since(asked) - steps.DNS - steps.Connect - steps.TLS)
	return c, nil
}

func positive(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	return new(d.Seconds())
}

// idleConn gives a connection that was kept, or nil.
func (x *exchange) idleConn() *wire.Conn {
	switch x.Reuse {
	case Never:
		return nil
	case Sticky:
		c := x.session.conn
		x.session.conn = nil
		if c != nil && c.Stale() {
			c.Close()
			c = nil
		}
		return c
	}
	return x.idle.get()
}

// keep gives a connection back after use.
func (x *exchange) keep(c *wire.Conn) {
	switch {
	case x.Reuse == Never:
		c.Close()
	case x.Reuse == Sticky:
		x.session.conn = c
	default:
		x.idle.put(c)
	}
}

// over carries the exchange out over a connection, and tells whether it should
// be tried again.
func (x *exchange) over(conn *wire.Conn) (failed *record.Error, again bool) {
	disarm := context.AfterFunc(x.flight, func() {
		x.because(context.Cause(x.flight))
		conn.Interrupt()
	})
	message := heads.Get().(*[]byte)
	*message = x.message((*message)[:0])
	large := *x.body
	if len(large) <= together {
		*message, large = append(*message, large...), nil
	}
	x.ready = time.Now()
	x.hold(x.due)
	x.begin(time.Now())
	err := conn.Send(*message, large, x.deadline)
	sent := time.Now()
	heads.Put(message)
	if !conn.Reused() {
		x.drop()
	}
	x.announce()
	x.rec.HTTP.Sent = new(sent.Sub(x.start).Seconds())
	timer := x.cancelLater(conn.Interrupt)
	h, err := x.header(conn, err)
	if err != nil {
		failed = x.classify(err, true)
		again = conn.Reused() && conn.First().IsZero() && x.cause.Load() == nil && !errors.Is(err, os.ErrDeadlineExceeded)
	} else {
		failed = x.answer(h, conn)
	}
	calm := disarm()
	if timer != nil {
		calm = timer.Stop() && calm
	}
	if !calm || !conn.Finish() { // an interrupt may still be on its way to it
		conn.Close()
	} else {
		x.keep(conn)
	}
	return failed, again
}

// header waits for the answer's header. A server may have answered, and stopped
// reading, before all of a large body was written: then that counts and not the
// error of writing.
func (x *exchange) header(conn *wire.Conn, sent error) (*wire.Header, error) {
	if sent == nil {
		return conn.Header()
	}
	if x.cause.Load() != nil || errors.Is(sent, os.ErrDeadlineExceeded) {
		return nil, sent
	}
	conn.Limit(time.Now().Add(lingering))
	if h, err := conn.Header(); err == nil {
		return h, nil
	}
	return nil, sent
}

// together is how long a body may be to be written with its head at once.
const together = 64 << 10

var heads = sync.Pool{New: func() any { return new([]byte) }}

// message appends the head of the request.
func (x *exchange) message(b []byte) []byte {
	b = append(b, x.head...)
	b = append(append(append(append(b, "X-Request-ID: "...), x.Run...), '-'), x.rec.ID...)
	b = append(append(append(append(b, "\r\nX-Correlation-ID: "...), x.Run...), '-'), x.name(0)...)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(*x.body)), 10)
	return append(b, "\r\n\r\n"...)
}

// because keeps the first reason for breaking the exchange off.
func (x *exchange) because(err error) { x.cause.CompareAndSwap(nil, &err) }

// errCancelled is the cause of breaking off what the plan wants cancelled.
var errCancelled = errors.New("cancelled on purpose")

// cancelLater arms the cancellation of a request that is chosen for it. It is
// called when the request has been sent.
func (x *exchange) cancelLater(interrupt func()) *time.Timer {
	c := x.Cancel
	if c.Rate <= 0 || !c.picks(x.rec.ID) {
		return nil
	}
	return time.AfterFunc(c.Delay, func() {
		x.because(errCancelled)
		interrupt()
	})
}

// picks chooses by the request's id, so that shards choose what one process
// would.
func (c Cancellation) picks(id string) bool {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", c.Seed, id)
	// The last steps of FNV mix little: multiply once more and take the top.
	return float64(h.Sum64()*0x9e3779b97f4a7c15>>11)/(1<<53) < c.Rate
}
