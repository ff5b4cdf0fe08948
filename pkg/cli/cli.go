// Package cli is the part of a Unix filter that has nothing to do with its
// subject: flags, standard streams, compression, interrupts, exit codes. Only
// commands import it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// An Env is what a command may touch of the world outside.
type Env struct {
	Name   string   // of the command, for messages
	Args   []string // without the name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// Main runs a command on the process's own Env and exits with the code of its
// error.
func Main(name string, run func(context.Context, *Env) error) {
	env := &Env{name, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv}
	os.Exit(env.Exit(run(context.Background(), env)))
}

// Exit codes.
const (
	Done    = 0
	Failed  = 1 // could not run, or nothing succeeded
	Misused = 2
	Refused = 3 // a verdict that was asked for is negative
)

type codeError struct {
	error
	code int
}

func (e codeError) Unwrap() error { return e.error }

// Usagef is an error that exits with [Misused].
func Usagef(format string, a ...any) error { return codeError{fmt.Errorf(format, a...), Misused} }

// Verdictf is an error that exits with [Refused].
func Verdictf(format string, a ...any) error { return codeError{fmt.Errorf(format, a...), Refused} }

// IsUsage tells whether err exits with [Misused].
func IsUsage(err error) bool { return exitCode(err) == Misused }

// IsVerdict tells whether err exits with [Refused].
func IsVerdict(err error) bool { return exitCode(err) == Refused }

func exitCode(err error) int {
	var c codeError
	switch {
	case err == nil || errors.Is(err, errShown):
		return Done
	case errors.As(err, &c):
		return c.code
	}
	return Failed
}

type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// Hint adds to err what to do about it, shown on a line of its own.
func Hint(err error, format string, a ...any) error {
	return hintError{err, fmt.Sprintf(format, a...)}
}

// Exit tells err on standard error and gives the exit code for it. Help that
// was asked for is no error.
func (e *Env) Exit(err error) int {
	if err == nil || errors.Is(err, errShown) {
		return Done
	}
	fmt.Fprintf(e.Stderr, "%s: error: %v\n", e.Name, err)
	var h hintError
	if errors.As(err, &h) {
		fmt.Fprintf(e.Stderr, "%s: hint: %s\n", e.Name, h.hint)
	}
	return exitCode(err)
}

// Warnf tells something on standard error.
func (e *Env) Warnf(format string, a ...any) {
	fmt.Fprintf(e.Stderr, "%s: warning: %s\n", e.Name, fmt.Sprintf(format, a...))
}

// Infof tells something on standard error.
func (e *Env) Infof(format string, a ...any) {
	fmt.Fprintf(e.Stderr, "%s: %s\n", e.Name, fmt.Sprintf(format, a...))
}

// Terminal tells whether w is a terminal, and its width in columns.
func Terminal(w io.Writer) (width int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// Version is the version that the module was built at.
func Version() string {
	b, ok := debug.ReadBuildInfo()
	if !ok || b.Main.Version == "" {
		return "(devel)"
	}
	return b.Main.Version
}

var errShown = errors.New("shown")

// Parse parses e.Args. It serves -h with the manual (see [Manual]) and
// --version, after which, as after a mistake, the command returns the error.
func (e *Env) Parse(flags *pflag.FlagSet, doc string) error {
	help := flags.BoolP("help", "h", false, "show this manual")
	version := flags.Bool("version", false, "show the version")
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	flags.SortFlags = false
	err := flags.Parse(e.Args)
	switch {
	case err != nil && !errors.Is(err, pflag.ErrHelp):
		return Hint(Usagef("%w", err), "%s --help lists the flags", e.Name)
	case err != nil || *help:
		fmt.Fprint(e.Stdout, Manual(doc, flags))
		return errShown
	case *version:
		fmt.Fprintf(e.Stdout, "%s %s\n", e.Name, Version())
		return errShown
	}
	return nil
}
