//go:build !linux

package load

import "time"

// An alarm waits with the runtime's timers, where there is nothing better.
type alarm struct{}

func newAlarm() *alarm { return new(alarm) }

func (*alarm) close() {}

func (*alarm) wait(t time.Time) { time.Sleep(time.Until(t)) }
