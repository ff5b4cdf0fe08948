package main

import (
	"math"
	"runtime"
	"syscall"
	"time"

	"aiperf/pkg/record"
)

// process is what this process has used since an instant.
func process(since time.Time) *record.Process {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return nil
	}
	took := time.Since(since).Seconds()
	cpu := float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	memory := int64(u.Maxrss)
	if runtime.GOOS != "darwin" {
		memory <<= 10 // it is in kilobytes elsewhere
	}
	return &record.Process{Took: micro(took), CPU: micro(cpu), Share: micro(cpu / max(took, 1e-6)), Memory: memory}
}

// micro leaves six digits behind the point.
func micro(x float64) float64 { return math.Round(x*1e6) / 1e6 }
