//go:build !linux

package load

import "time"

func sharpen() {}

func doze(d time.Duration) { time.Sleep(d) }
