package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// errLocked says that another process holds a lock.
var errLocked = errors.New("locked")

// A fileLock keeps other processes from writing the same output. The operating
// system gives it back when the process ends, however it ends.
type fileLock struct{ f *os.File }

// lockPattern takes the lock of a pattern of names: a file beside them that is
// named for it and says who holds it.
func lockPattern(p *namePattern) (*fileLock, error) {
	name := filepath.Join(p.dir, "."+p.base+".lock")
	for range 10 {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			who, _ := io.ReadAll(io.LimitReader(f, 200))
			f.Close()
			return nil, locked(filepath.Join(p.dir, p.base), err, strings.TrimSpace(string(who)))
		}
		// Who held it before may have removed it after it was opened here.
		mine, err := f.Stat()
		if theirs, serr := os.Stat(name); err != nil || serr != nil || !os.SameFile(mine, theirs) {
			f.Close()
			continue
		}
		host, _ := os.Hostname()
		f.Truncate(0)
		f.WriteAt(fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0) // on a full disk it is a lock without a name
		return &fileLock{f}, nil
	}
	return nil, fmt.Errorf("lock %q: it is removed again and again", name)
}

// lockFile locks a file of output itself, as long as f is open.
func lockFile(f *os.File) error {
	if err := lock(f); err != nil {
		return locked(f.Name(), err, holder(f))
	}
	return nil
}

func locked(name string, err error, who string) error {
	if !errors.Is(err, errLocked) {
		return fmt.Errorf("lock output %q: %w", name, err)
	}
	if who == "" {
		who = "another process"
	}
	return Hint(fmt.Errorf("output %q is being written by %s", name, who), "stop that one, or give this one another output")
}

// remove gives the lock back and leaves no file.
func (l *fileLock) remove() {
	os.Remove(l.f.Name()) // before the lock is gone, lest it be another's
	l.f.Close()
}
