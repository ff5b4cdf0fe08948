//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// lock locks an open file or says that it is locked. On a file system without
// locks there is nothing to be had.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errLocked
	case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK):
		return nil
	}
	return err
}

// holder names the process that has locked a file, where /proc/locks tells.
func holder(f *os.File) string {
	s, err := f.Stat()
	if err != nil {
		return ""
	}
	sys, ok := s.Sys().(*syscall.Stat_t)
	list, err := os.Open("/proc/locks")
	if !ok || err != nil {
		return ""
	}
	defer list.Close()
	inode := fmt.Sprintf(":%d", sys.Ino)
	for lines := bufio.NewScanner(list); lines.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 4242 fe:00:131090 0 EOF
		w := strings.Fields(lines.Text())
		if len(w) > 5 && w[1] == "FLOCK" && w[4] != "0" && strings.HasSuffix(w[5], inode) {
			return "process " + w[4]
		}
	}
	return ""
}

// diskFull tells an error that room on the disk cures.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
