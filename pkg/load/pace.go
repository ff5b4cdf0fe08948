package load

import (
	"context"
	"runtime"
	"time"
)

// Waiting precisely has two stages. The stage's pacer wakes up a little before a
// request is due and starts its conversation; that makes the request, gets a
// connection, and then holds the request back until the very instant.
//
// Note: a runtime timer on an idle machine is up to a millisecond late, for it
// waits in epoll_wait; nanosleep is some 50 µs late; and a goroutine that is woken
// by another needs as long to run. All of that is over before the instant comes,
// and the last 60 µs are spun away.
const (
	coarse = 2 * time.Millisecond   // what the runtime's timers may be off
	lead   = 200 * time.Microsecond // how much before its time a conversation is started
	fine   = 60 * time.Microsecond  // what the kernel's timers may be off
	crowd  = 200 * time.Microsecond // arrivals closer than this are not held: spinning would cost too much
)

// A pacer waits for instants.
type pacer struct {
	precise bool
	last    time.Time // what was waited for
}

// pacer gives the stage's pacer; end it. A precise one keeps its goroutine on a
// thread of its own.
func (s *stage) pacer() *pacer {
	if s.Precise {
		runtime.LockOSThread()
		sharpen()
	}
	return &pacer{precise: s.Precise}
}

func (p *pacer) end() {
	if p.precise {
		runtime.UnlockOSThread()
	}
}

// until waits until a request that is due at t should be started; false if ctx
// ends before.
func (p *pacer) until(ctx context.Context, t time.Time) bool {
	if !p.precise {
		return pause(ctx, time.Until(t))
	}
	start := t
	if t.Sub(p.last) > crowd {
		start = t.Add(-lead)
	}
	p.last = t
	if left := time.Until(start); left > coarse && !pause(ctx, left-coarse) {
		return false
	}
	for {
		left := time.Until(start)
		if left <= 0 {
			return ctx.Err() == nil
		}
		doze(left)
	}
}

// hold waits out what is left until a request is due.
func (s *stage) hold(due time.Time) {
	if !s.Precise || due.IsZero() {
		return
	}
	for {
		switch left := time.Until(due); {
		case left <= 0 || s.flight.Err() != nil:
			return
		case left > 2*fine:
			sharpen() // the thread may be another one each time
			doze(left - fine)
		}
	}
}
