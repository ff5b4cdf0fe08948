package load

import (
	"context"
	"time"
)

// Waiting precisely has two stages. The stage's pacer wakes up a little before a
// request is due and starts its conversation; that makes the request, gets a
// connection, and then holds the request back until the very instant.
//
// Note: a runtime timer on an idle machine is up to a millisecond late, for it
// waits in epoll_wait, which counts milliseconds. A kernel timer that the same
// epoll_wait waits for is some 50 µs late, and a goroutine that is woken by
// another needs as long to run; both are over before the instant comes, and what
// is left is spun away. (nanosleep on a thread of its own is as good, but the
// runtime's monitor then works as much as the rest: twice the CPU time.)
const (
	coarse = 2 * time.Millisecond   // what the runtime's timers may be off
	lead   = 150 * time.Microsecond // how much before its time a conversation is started
	crowd  = 2 * lead               // arrivals closer than this are not held: spinning would cost too much
)

// A pacer waits for instants.
type pacer struct {
	alarm *alarm // nil waits with the runtime's timers
	last  time.Time
}

// pacer gives the stage's pacer; end it.
func (s *stage) pacer() *pacer {
	if !s.Precise {
		return &pacer{}
	}
	return &pacer{alarm: newAlarm()}
}

func (p *pacer) end() {
	if p.alarm != nil {
		p.alarm.close()
	}
}

// until waits until a request that is due at t should be started; false if ctx
// ends before.
func (p *pacer) until(ctx context.Context, t time.Time) bool {
	if p.alarm == nil {
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
	p.alarm.wait(start)
	return ctx.Err() == nil
}

// hold waits out what is left until a request is due. That is never more than
// the lead of a pacer: otherwise it waits for nothing.
func (s *stage) hold(due time.Time) {
	if !s.Precise || due.IsZero() {
		return
	}
	for left := time.Until(due); left > 0 && left <= lead; left = time.Until(due) {
	}
}
