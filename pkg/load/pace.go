package load

import (
	"context"
	"runtime"
	"time"
)

// A pacer waits for instants.
type pacer struct{ precise bool }

// pacer gives the stage's pacer; end it. A precise one keeps its goroutine on a
// thread of its own.
func (s *stage) pacer() pacer {
	if s.Precise {
		runtime.LockOSThread()
		sharpen()
	}
	return pacer{s.Precise}
}

func (p pacer) end() {
	if p.precise {
		runtime.UnlockOSThread()
	}
}

const (
	coarse = 2 * time.Millisecond  // what the runtime's timers may be off
	fine   = 60 * time.Microsecond // what the kernel's may be off
)

// until waits for t; false if ctx ends before.
//
// Note: a runtime timer on an idle machine is up to a millisecond late, for it
// waits in epoll_wait, and nanosleep some 50 µs. So the last 2 ms are slept by
// the thread, and the last 60 µs are spun away.
func (p pacer) until(ctx context.Context, t time.Time) bool {
	left := time.Until(t)
	if !p.precise {
		return pause(ctx, left)
	}
	if left > coarse && !pause(ctx, left-coarse) {
		return false
	}
	for {
		switch left = time.Until(t); {
		case left <= 0:
			return ctx.Err() == nil
		case left > fine:
			doze(left - fine)
		}
	}
}
