package load

import (
	"context"
	"sync"
	"time"
)

// A limiter holds places. Nil has no end of them.
type limiter struct{ places chan struct{} }

// newLimiter makes a limiter of n places, of which one is there at once and the
// last one after the ramp, or all if there is none. n of 0 gives nil. What it
// starts in wg ends with ctx.
func newLimiter(ctx context.Context, wg *sync.WaitGroup, n int, ramp time.Duration) *limiter {
	if n <= 0 {
		return nil
	}
	l := &limiter{make(chan struct{}, n)}
	if ramp <= 0 || n == 1 {
		for range n {
			l.leave()
		}
		return l
	}
	l.leave()
	wg.Go(func() {
		began := time.Now()
		for i := 1; i < n; i++ {
			if !pause(ctx, time.Until(began.Add(ramp*time.Duration(i)/time.Duration(n-1)))) {
				return
			}
			l.leave()
		}
	})
	return l
}

// unlimited is always ready.
var unlimited = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// room gives a channel that has a place when there is one. Who receives from it
// must leave.
func (l *limiter) room() <-chan struct{} {
	if l == nil {
		return unlimited
	}
	return l.places
}

// enter waits for a place and tells whether it had to; not ok if ctx ends before.
func (l *limiter) enter(ctx context.Context) (waited, ok bool) {
	if l == nil {
		return false, ctx.Err() == nil
	}
	select {
	case <-l.places:
		return false, true
	default:
	}
	select {
	case <-l.places:
		return true, true
	case <-ctx.Done():
		return true, false
	}
}

func (l *limiter) leave() {
	if l != nil {
		l.places <- struct{}{}
	}
}

// pause waits for d; false if ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
