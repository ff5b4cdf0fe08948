//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package cli

import (
	"errors"
	"os"
	"syscall"
)

// lock does nothing where there is no flock.
func lock(*os.File) error { return nil }

func holder(*os.File) string { return "" }

// diskFull tells an error that room on the disk cures: ENOSPC, or Windows'
// ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.Errno(112)) || errors.Is(err, syscall.Errno(39))
}
