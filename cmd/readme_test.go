package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// Every shell block of the README runs, one after another in one directory,
// against a simulated server and exporter.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real binaries")
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	s, err := startSimulator(dir, work, "--ttft", "5ms", "--itl", "1ms")
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	// A run of AIPerf's own.
	if err := os.CopyFS(filepath.Join(work, "aiperf-run"), os.DirFS("../pkg/artifact/testdata/aiperf-0.13/run")); err != nil {
		t.Fatal(err)
	}
	exporter := strings.TrimSuffix(strings.TrimPrefix(s.dcgm, "http://"), "/metrics")
	ran := 0
	for _, m := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(m[1], "make ") {
			continue // make demo and make test are what runs this
		}
		ran++
		script := strings.NewReplacer("localhost:8000", s.addr, "localhost:9400", exporter).Replace(runnable(m[1]))
		cmd := exec.Command("sh", "-eu", "-c", script)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "LC_ALL=C", "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v:\n%s", script, err, out)
		}
		if strings.Contains(string(out), "no-bracket") || strings.Contains(string(out), "error:") {
			t.Errorf("%s\nsays:\n%s", script, out)
		}
	}
	if ran < 5 {
		t.Errorf("only %d blocks were found", ran)
	}
}

// runnable leaves out lines that need jq on a machine that has none.
func runnable(script string) string {
	if _, err := exec.LookPath("jq"); err == nil {
		return script
	}
	var kept strings.Builder
	for line := range strings.Lines(script) {
		if !strings.Contains(line, "| jq ") && !strings.HasPrefix(line, "jq ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// The files that the README links to are there.
func TestReadmeLinks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Error(err)
		}
	}
}
