package load

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// An alarm is a timer of the kernel that the runtime's poller waits for.
type alarm struct{ f *os.File }

// newAlarm makes an alarm, or nil if the kernel has none left.
func newAlarm() *alarm {
	const monotonic = 1
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, monotonic, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return nil
	}
	return &alarm{os.NewFile(fd, "timer")}
}

func (a *alarm) close() { a.f.Close() }

// wait waits until t.
func (a *alarm) wait(t time.Time) {
	for {
		left := time.Until(t)
		if left <= 0 || !a.set(left) {
			return
		}
		var expired [8]byte
		if _, err := a.f.Read(expired[:]); err != nil {
			return
		}
	}
}

// set makes the alarm go off once, after d.
func (a *alarm) set(d time.Duration) bool {
	raw, err := a.f.SyscallConn()
	if err != nil {
		return false
	}
	spec := struct{ interval, value syscall.Timespec }{value: syscall.NsecToTimespec(int64(d))}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	})
	return err == nil && errno == 0
}
