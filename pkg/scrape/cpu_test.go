package scrape

import (
	"syscall"
	"testing"
)

// cpu is the processor time of this process in seconds, of both sides of its
// sockets.
func cpu(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
