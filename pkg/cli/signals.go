package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Drain gives a context that the first SIGINT or SIGTERM cancels; the second
// ends the process at once. It is for commands that produce a stream. The
// caller must call stop.
func Drain(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, onSignals(cancel, cancel)
}

// ReadOn ignores the first SIGINT or SIGTERM, for Ctrl-C reaches a whole
// pipeline and what stands before this command in it will end its stream; the
// second signal ends the process. It is for commands that read one. The caller
// must call stop.
func ReadOn() (stop func()) { return onSignals(func() {}, func() {}) }

func onSignals(first, stopped func()) (stop func()) {
	// Note: signal.Reset after the first would restore "ignored" in a process
	// that a shell started in the background, and the second would be lost.
	signals := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					code := 128
					if s, ok := s.(syscall.Signal); ok {
						code += int(s)
					}
					os.Exit(code)
				}
				first()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		stopped()
	}
}
