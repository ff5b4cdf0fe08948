package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A simulator is a running examples/sim.
type simulator struct {
	cmd  *exec.Cmd
	llm  string // URL of the model server
	addr string // its host:port
	dcgm string // URL of the exporter's page

	stop func() error // interrupts it and waits; more than once is fine
}

// startSimulator starts dir/sim in the directory work, on ports that the
// system chooses, and waits until it has printed its two URLs.
func startSimulator(dir, work string, flags ...string) (*simulator, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &simulator{cmd: exec.Command(filepath.Join(dir, "sim"), append(
		[]string{"--listen", "127.0.0.1:0", "--dcgm-listen", "127.0.0.1:0"}, flags...)...)}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = work, w, w
	err = s.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	s.stop = sync.OnceValue(func() error {
		defer r.Close()
		s.cmd.Process.Signal(os.Interrupt)
		late := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
		defer late.Stop()
		return s.cmd.Wait()
	})
	out := bufio.NewReader(r)
	var said strings.Builder
	for {
		line, err := out.ReadString('\n')
		said.WriteString(line)
		if url, ok := strings.CutPrefix(line, "llm "); ok {
			s.llm = strings.TrimSpace(url)
		}
		if url, ok := strings.CutPrefix(line, "dcgm "); ok {
			s.dcgm = strings.TrimSpace(url)
		}
		if s.llm != "" && (s.dcgm != "" || slices.Contains(flags, "--no-dcgm")) {
			break
		}
		if err != nil {
			s.stop()
			return nil, fmt.Errorf("%s has not told its URLs but:\n%s", s.cmd, said.String())
		}
	}
	_, s.addr, _ = strings.Cut(s.llm, "://")
	go io.Copy(io.Discard, out) // what else it says must not block it; ends with r
	return s, nil
}
