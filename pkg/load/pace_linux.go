package load

import (
	"syscall"
	"time"
)

// sharpen tells the kernel not to be late for this thread on purpose: by
// default it may be by 50 µs, to wake several at once.
func sharpen() {
	const prSetTimerSlack = 29
	syscall.Syscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
}

// doze sleeps by the thread, or less long.
func doze(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&ts, nil)
}
