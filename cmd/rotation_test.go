package cmd_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
)

// A scraper that is killed again and again leaves finished files that are whole,
// and files in the making that are readable as far as they go; the next one
// takes no notice of the lock of a dead process.
func TestRotationUnderKill(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	sim, err := startSimulator(bin, t.TempDir(), "--gpus", "2", "--refresh", "1ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.stop() })
	for _, c := range []struct{ name, rotate string }{
		{"gpu-%Y%m%dT%H%M%S.ndjson", "20kB"},
		{"gpu-%Y%m%dT%H%M%S.ndjson.zst", "1s"},
	} {
		dir := t.TempDir()
		rounds, each := 12, 2
		if strings.HasSuffix(c.rotate, "s") {
			rounds, each = 4, 1 // a second takes one
		}
		for round := range rounds {
			args := []string{"--no-default", "--interval", "2ms", "--rotate", c.rotate, "-o", filepath.Join(dir, c.name), sim.dcgm}
			kill(t, exec.Command(filepath.Join(bin, "aiperf-scrape"), args...), dir, round, each)
		}
		finished, left := 0, 0
		for _, name := range ls(t, dir) {
			switch {
			case strings.HasSuffix(name, ".lock"):
			case strings.HasSuffix(name, ".part"):
				left++
				if end := endOf(t, filepath.Join(dir, name)); end != "" {
					t.Logf("%s was whole, but had not got its name yet", name)
				}
			default:
				finished++
				if end := endOf(t, filepath.Join(dir, name)); end != record.Complete {
					t.Errorf("%s has the end %q", name, end)
				}
			}
		}
		if finished < rounds*each || left == 0 {
			t.Errorf("%s: %d finished files and %d left over", c.name, finished, left)
		}
		t.Logf("%s: %d finished files, %d left over by %d kills", c.name, finished, left, rounds)
	}
}

// kill starts a scraper, waits until it has finished some files and begun
// another, and kills it after some more bytes.
func kill(t *testing.T, c *exec.Cmd, dir string, round, each int) {
	t.Helper()
	var talk bytes.Buffer
	c.Stderr = &talk
	before, dead := len(parts(t, dir, false)), len(parts(t, dir, true))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for len(parts(t, dir, false)) < before+each && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	for grown(t, dir) < int64(round)*1500 && len(parts(t, dir, false)) < before+each+2 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond) // so that it is in another place each time
	}
	c.Process.Kill()
	c.Wait()
	if !time.Now().Before(deadline) {
		t.Fatalf("nothing was finished within %v:\n%s", patience, &talk)
	}
	if kept := strings.Contains(talk.String(), "of runs that did not end are kept"); kept != (dead > 0) {
		t.Errorf("round %d: told of files left over: %t; there were %d\n%s", round, kept, dead, &talk)
	}
}

func ls(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// parts are the files in the making, or those that are finished.
func parts(t *testing.T, dir string, making bool) (names []string) {
	t.Helper()
	for _, name := range ls(t, dir) {
		if strings.HasSuffix(name, ".part") == making && !strings.HasSuffix(name, ".lock") {
			names = append(names, name)
		}
	}
	return names
}

// grown is the size of the newest file in the making.
func grown(t *testing.T, dir string) (size int64) {
	t.Helper()
	var newest time.Time
	for _, name := range parts(t, dir, true) {
		if s, err := os.Stat(filepath.Join(dir, name)); err == nil && s.ModTime().After(newest) {
			newest, size = s.ModTime(), s.Size()
		}
	}
	return size
}

// endOf reads a stream, which may break off but must have no other fault, and
// gives the reason of its end.
func endOf(t *testing.T, path string) string {
	t.Helper()
	in, err := (&cli.Env{}).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var runs record.Runs
	n := 0
	for l, err := range record.Read(in, path) {
		if errors.Is(err, record.ErrTruncated) && strings.HasSuffix(path, ".part") {
			continue
		}
		if err == nil {
			n++
			err = runs.Add(l)
		}
		if n == 1 && err == nil && l.Type != record.TypeRun {
			err = fmt.Errorf("the first line of %s is no run", path)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if all := runs.All(); len(all) == 1 {
		return all[0].End
	}
	return ""
}
