// Package cmd_test runs the commands as their users do: real binaries, real
// pipes, real sockets, signals. The scripts are testdata/*.txtar.
package cmd_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the scripts' expected output")

// coverDir receives coverage data of the binaries. It has a name of its own,
// since go test -cover gives GOCOVERDIR a meaning of its own. Read it with
// go tool covdata percent -i $AIPERF_COVERDIR.
var coverDir = os.Getenv("AIPERF_COVERDIR")

func TestMain(m *testing.M) {
	code := m.Run()
	if binDir != "" {
		os.RemoveAll(binDir)
	}
	os.Exit(code)
}

var binDir string

// bin is a directory that holds the commands, aiperf-profile and the
// simulator. A command that does not compile is missing from it, and the error
// tells; the others are there.
var bin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "aiperf-bin-")
	if err != nil {
		return "", err
	}
	binDir = dir
	args := []string{"build", "-o", dir + "/"}
	if coverDir != "" {
		args = append(args, "-cover", "-coverpkg=aiperf/...")
	}
	build := exec.Command("go", append(args, "./cmd/...", "./examples/...")...)
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	profile, perr := os.ReadFile("../examples/aiperf-profile")
	if perr == nil {
		perr = os.WriteFile(filepath.Join(dir, "aiperf-profile"), profile, 0o755)
	}
	return dir, errors.Join(err, perr)
})

func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real binaries, which the race detector does not see")
	}
	dir, err := bin()
	if err != nil {
		t.Error(err)
	}
	examples, err := filepath.Abs("../examples")
	if err != nil {
		t.Fatal(err)
	}
	aiperfs, err := filepath.Abs("../pkg/artifact/testdata/aiperf-0.13")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds:                scriptCommands,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", dir+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("LC_ALL", "C")
			e.Setenv("EXAMPLES", examples)
			e.Setenv("ARTIFACTS", aiperfs)
			if coverDir != "" {
				e.Setenv("GOCOVERDIR", coverDir)
			}
			e.Values[stateKey{}] = &state{sims: map[string]*simulator{}}
			return nil
		},
	})
}
