package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFlagsInScripts holds the scripts to using every flag of aiperf-load, by
// one of its names, in a run that is no mistake.
func TestFlagsInScripts(t *testing.T) {
	t.Parallel()
	dir, err := bin()
	if err != nil {
		t.Error(err)
	}
	manual, err := exec.Command(filepath.Join(dir, "aiperf-load"), "-h").Output()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("testdata/aiperf-load-*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	run := regexp.MustCompile(`(?m)^.*(\bexec|exits [013]|\bthree|aiperf-load) .*$`)
	flag := regexp.MustCompile(` (--?[a-zA-Z][a-z-]*)`)
	for _, name := range names {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range run.FindAllString(string(script), -1) {
			if strings.Contains(line, "exits 2 ") {
				continue
			}
			for _, m := range flag.FindAllStringSubmatch(line, -1) {
				used[m[1]] = true
			}
		}
	}
	entry := regexp.MustCompile(`(?m)^  (?:(-.), )?(--[a-z0-9-]+).*\n((?:        .*\n)*)`)
	also := regexp.MustCompile(`also\s+(--[a-z-]+)`)
	flags := entry.FindAllStringSubmatch(string(manual), -1)
	if len(flags) < 90 {
		t.Fatalf("the manual has only %d flags", len(flags))
	}
	for _, f := range flags {
		found := used[f[1]] || used[f[2]]
		for _, alias := range also.FindAllStringSubmatch(f[3], -1) {
			found = found || used[alias[1]]
		}
		if !found {
			t.Errorf("no script uses %s", f[2])
		}
	}
}
