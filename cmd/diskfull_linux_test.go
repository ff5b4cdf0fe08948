package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// A real file system that is full, and then not: the file in the making goes on
// and is whole in the end, with a note of how long there was no room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := syscall.Mount("aiperf", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	sim, err := startSimulator(bin, t.TempDir(), "--gpus", "2", "--refresh", "1ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.stop() })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 32<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	talk := filepath.Join(t.TempDir(), "talk")
	stderr, err := os.Create(talk)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	c := exec.Command(filepath.Join(bin, "aiperf-scrape"), "--no-default", "--interval", "2ms", "--rotate", "1d,20kB", "-o", filepath.Join(dir, "gpu-%s.ndjson"), sim.dcgm)
	c.Stderr = stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	said := func(what string) {
		t.Helper()
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if b, _ := os.ReadFile(talk); bytes.Contains(b, []byte(what)) {
				return
			}
		}
		b, _ := os.ReadFile(talk)
		t.Fatalf("%q is not said:\n%s", what, b)
	}
	said("no space left on device; trying again")
	full := parts(t, dir, false)
	if err := syscall.Mount("aiperf", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	said("no record is lost")
	c.Process.Signal(os.Interrupt)
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if left := parts(t, dir, true); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	n := 0
	for _, name := range parts(t, dir, false) {
		if name == "ballast" {
			continue
		}
		n++
		if end := endOf(t, filepath.Join(dir, name)); end != record.Complete && end != record.Interrupted {
			t.Errorf("%s has the end %q", name, end)
		}
	}
	if n < len(full) || n < 2 {
		t.Errorf("%d files", n)
	}
	// No visit is missing: their records are as many as the ends count.
	all := command(t, bin, "aiperf-merge", globs(t, filepath.Join(dir, "gpu-*"))...)
	var visits, counted int64
	for l, err := range record.Read(bytes.NewReader(all), "all") {
		var e record.End
		switch {
		case err != nil:
			t.Error(err)
		case l.Type == record.TypeScrape:
			visits++
		case l.Type == record.TypeEnd:
			if err := l.Decode(&e); err != nil {
				t.Error(err)
			}
			counted += e.Counts["scrapes"]
		}
	}
	if visits != counted || visits == 0 || !strings.Contains(string(all), `"code":"disk-full"`) {
		t.Errorf("%d visits, the ends count %d", visits, counted)
	}
}

func globs(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
