package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A cost is what a command and all its descendants took.
type cost struct {
	Wall      float64 `json:"wall"`      // seconds
	CPU       float64 `json:"cpu"`       // seconds, user and system, by wait4: of all that ended
	Sampled   float64 `json:"sampled"`   // seconds, by the last look at each process: a bit less than CPU
	RSS       int64   `json:"rss"`       // bytes, the most at one look, pages in common counted each time
	PSS       int64   `json:"pss"`       // bytes, the most at one look, pages in common shared out
	Processes int     `json:"processes"` // that were seen
}

// measure runs a command. Descendants whose parents end become children of this
// process, so that none is lost.
func measure(args []string) error {
	f := flag.NewFlagSet("measure", flag.ContinueOnError)
	out := f.String("o", "", "`FILE` for the result in JSON")
	every := f.Duration("every", 100*time.Millisecond, "`time` between two looks")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return errors.New("usage: peers measure [-o FILE] command [argument...]")
	}
	const prSetChildSubreaper = 36
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("become the parent of orphans: %w", errno)
	}
	cmd := exec.Command(f.Arg(0), f.Args()[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	var c cost
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err := c.watch(ended, *every)
	c.Wall = time.Since(start).Seconds()
	reap(5 * time.Second)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return err
	}
	c.CPU = time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	text, _ := json.Marshal(c)
	text = append(text, '\n')
	if *out == "" {
		_, werr := os.Stderr.Write(text)
		return errors.Join(err, werr)
	}
	return errors.Join(err, os.WriteFile(*out, text, 0o644))
}

// watch looks at the tree until its root has ended.
func (c *cost) watch(ended <-chan error, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	ticks := map[int]int64{}
	defer func() {
		c.Processes = len(ticks)
		for _, n := range ticks {
			c.Sampled += float64(n) / 100 // USER_HZ
		}
	}()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		var rss, pss int64
		for _, p := range descendants(os.Getpid()) {
			ticks[p.pid] = p.ticks
			rss += p.rss
			pss += proportional(p.pid)
		}
		c.RSS, c.PSS = max(c.RSS, rss), max(c.PSS, pss)
	}
}

// reap waits for orphans, and ends those that outlive their time.
func reap(patience time.Duration) {
	kill := time.AfterFunc(patience, func() {
		for _, p := range descendants(os.Getpid()) {
			syscall.Kill(p.pid, syscall.SIGKILL)
		}
	})
	defer kill.Stop()
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}

type process struct {
	pid, parent int
	ticks       int64 // of CPU time, user and system
	rss         int64 // bytes
}

// descendants are the processes below root, itself not among them.
func descendants(root int) []process {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]process{}
	for _, name := range names {
		if p, ok := stat(name); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	var all []process
	for next := children[root]; len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(next, children[next[0].pid]...)
	}
	return all
}

// stat reads a process's /proc/PID/stat.
func stat(name string) (process, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return process{}, false // it has gone
	}
	pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // the name may have blanks
	if err != nil || len(fields) < 22 {
		return process{}, false
	}
	n := func(i int) int64 { v, _ := strconv.ParseInt(fields[i-3], 10, 64); return v } // fields as proc(5) counts them
	return process{pid: pid, parent: int(n(4)), ticks: n(14) + n(15), rss: n(24) * int64(os.Getpagesize())}, true
}

// proportional is a process's PSS in bytes.
func proportional(pid int) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	text, _ := io.ReadAll(f)
	_, rest, _ := strings.Cut(string(text), "\nPss:")
	rest, _, _ = strings.Cut(rest, "kB")
	kib, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
	return kib << 10
}
