package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are what the scripts can do beyond testscript's own commands:
//
//	sim [NAME] [flag…]          start a simulator; its URLs are in $LLM and $DCGM, or in
//	                            $NAME_LLM and $NAME_DCGM. The end of the script ends it.
//	endsim [NAME]               interrupt it and wait, so that its --truth is whole
//	exits CODE program [arg…]   like exec, but the exit code must be CODE
//	waitfor FILE REGEXP [N]     wait until FILE has N matches, 1 by default
//	signal INT|TERM PROGRAM     signal the background commands that run PROGRAM
//	ended CODE PROGRAM          after wait: the exit code of what was signalled
//	pick OUT TYPE KEYS FILE…    write these values of the records of a type, sorted
//	peak N FILE [took|ttft]     N requests were under way, or without a token, at most
//	capture NAME FILE           start a server that writes what it is sent to FILE; its URL
//	                            is in $NAME
//	soon NAME SECONDS           put the instant that is so far away into $NAME, without its Z,
//	                            and in Unix seconds into $NAME_UNIX
//	freeport NAME               put a port at which nobody listens into $NAME
//
// There is no sleep: a script waits for what a background command writes.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"sim":      cmdSim,
	"endsim":   cmdEndSim,
	"exits":    cmdExits,
	"waitfor":  cmdWaitFor,
	"signal":   cmdSignal,
	"ended":    cmdEnded,
	"pick":     cmdPick,
	"soon":     cmdSoon,
	"peak":     cmdPeak,
	"capture":  cmdCapture,
	"freeport": cmdFreePort,
}

// patience is how long a script waits for what must happen.
const patience = 30 * time.Second

// A state is what the commands of one script remember.
type state struct {
	sims      map[string]*simulator
	signalled []*exec.Cmd
}

type stateKey struct{}

func stateOf(ts *testscript.TestScript) *state { return ts.Value(stateKey{}).(*state) }

var simName = regexp.MustCompile(`^[A-Z][A-Z0-9]*$`)

func cmdSim(ts *testscript.TestScript, neg bool, args []string) {
	name, prefix := "", ""
	if len(args) > 0 && simName.MatchString(args[0]) {
		name, prefix, args = args[0], args[0]+"_", args[1:]
	}
	st := stateOf(ts)
	if neg || st.sims[name] != nil {
		ts.Fatalf("usage: sim [NAME] [flag...], with another NAME each time")
	}
	dir, err := bin()
	ts.Check(err)
	s, err := startSimulator(dir, ts.MkAbs("."), args...)
	ts.Check(err)
	ts.Defer(func() { s.stop() })
	st.sims[name] = s
	ts.Setenv(prefix+"LLM", s.llm)
	ts.Setenv(prefix+"DCGM", s.dcgm)
	ts.Setenv(prefix+"ADDR", s.addr)
}

func cmdEndSim(ts *testscript.TestScript, neg bool, args []string) {
	name := ""
	if len(args) == 1 {
		name = args[0]
	}
	s := stateOf(ts).sims[name]
	if neg || len(args) > 1 || s == nil {
		ts.Fatalf("usage: endsim [NAME] of a running simulator")
	}
	ts.Check(s.stop())
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [arg...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode() // -1 for a signal
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code is %d (%v), want %d", got, err, want)
	}
}

func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	n := 1
	if len(args) == 3 {
		var err error
		n, err = strconv.Atoi(args[2])
		ts.Check(err)
		args = args[:2]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE REGEXP [N]")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var data []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		data, _ = os.ReadFile(ts.MkAbs(args[0])) // it may not be there yet
		if len(re.FindAll(data, n)) == n {
			return
		}
	}
	ts.Fatalf("after %v %s has not %d matches of %q but is:\n%.2000s", patience, args[0], n, args[1], data)
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal INT|TERM|KILL PROGRAM")
	}
	found := false
	for _, c := range ts.BackgroundCmds() {
		if filepath.Base(c.Path) == args[1] {
			ts.Check(c.Process.Signal(signals[args[0]]))
			st := stateOf(ts)
			st.signalled = append(st.signalled, c)
			found = true
		}
	}
	if !found {
		ts.Fatalf("no background command runs %s", args[1])
	}
}

func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ended CODE PROGRAM, after signal and wait")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	for _, c := range slices.Backward(stateOf(ts).signalled) {
		if filepath.Base(c.Path) != args[1] {
			continue
		}
		if slices.Contains(ts.BackgroundCmds(), c) {
			ts.Fatalf("%s has not been waited for", args[1])
		}
		if got := c.ProcessState.ExitCode(); got != want {
			ts.Fatalf("exit code of %s is %d (%v), want %d", args[1], got, c.ProcessState, want)
		}
		return
	}
	ts.Fatalf("%s was not signalled", args[1])
}
