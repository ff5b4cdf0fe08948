package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"aiperf/pkg/artifact"
	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/render"
	"aiperf/pkg/report"

	"github.com/spf13/pflag"
)

// live are the flags about what is shown while records come.
type live struct {
	every  cli.Seconds
	follow bool
}

func (l *live) define(flags *pflag.FlagSet) {
	flags.Var(&l.every, "every", "show how it stands at every `time` (2s) until the input ends, and then the report; see Live (default: the report only)")
	flags.BoolVar(&l.follow, "follow", false, "read files that are being written, until there is an end record for each run record")
	cli.Group(flags, "Live")
}

func (l *live) on() bool { return l.every > 0 || l.follow }

// none is a format without a report at the end.
const none = "none"

// A viewer reads records and shows now and then how it stands. Reading and
// showing do not wait for each other but for the builder.
type viewer struct {
	mu    sync.Mutex
	b     *report.Builder
	seen  time.Time   // when the latest line came
	at    record.Time // its time
	ended map[string]*atEnd
	show  func(l *report.Live)
}

// watch adds all files to the builder and shows how it stands.
func (o *options) watch(env *cli.Env, b *report.Builder, names []string) error {
	ctx, stop := context.Background(), func() {}
	if o.live.follow {
		ctx, stop = cli.Drain(ctx) // nobody else ends a file that is followed
	}
	defer stop()
	b.Watch()
	v := &viewer{b: b}
	out := env.Stdout
	if !o.shownOnStdout() {
		out = env.Stderr
	}
	s := &screen{w: out, size: func() (int, int, bool) { return cli.Size(out) }, dumb: env.Dumb()}
	frame := render.Frame{Width: o.width, NoGPU: o.noGPU, Color: env.Color(o.color, out)}
	v.show = func(l *report.Live) { s.draw(func(w, h int) string { return render.Live(l, sized(frame, w, h)) }) }
	reader := *env
	held := new(later)
	if s.redraws() {
		reader.Stderr = held // so that it does not get into the picture
	}
	done := make(chan error, 1)
	go func() { done <- v.read(ctx, &reader, names, o) }()
	err := v.run(done, time.Duration(o.live.every))
	s.clear()
	io.Copy(env.Stderr, &held.text)
	return err
}

// shownOnStdout tells whether standard output is for people.
func (o *options) shownOnStdout() bool {
	return o.format == none || (o.output == "" || o.output == "-") && (o.format == "table" || o.format == "markdown")
}

// A later keeps what several readers say.
type later struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *later) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// sized gives a frame the size of the terminal, unless it is told another one. A
// line stays free for the cursor.
func sized(f render.Frame, width, height int) render.Frame {
	if f.Width == 0 || width > 0 && width < f.Width {
		f.Width = width
	}
	if height > 0 {
		f.Height = max(2, height-1)
	}
	return f
}

// patience is how many times as long as a picture took to make it is at least to
// the next one.
const patience = 10

// run shows how it stands until done tells that all was read.
func (v *viewer) run(done <-chan error, every time.Duration) error {
	if every <= 0 {
		return <-done
	}
	t := time.NewTimer(every)
	defer t.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-t.C:
		}
		began := time.Now()
		v.show(v.stand(began))
		t.Reset(max(every, patience*time.Since(began)) - time.Since(began))
	}
}

// stand is how it stands. The clock of the records goes on from the latest one,
// so that a stream that stalls is seen to.
func (v *viewer) stand(now time.Time) *report.Live {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := v.at
	if at > 0 {
		at = at.Add(now.Sub(v.seen).Seconds())
	}
	return v.b.Live(at)
}

// read adds all files: one after another, or all at once if they are followed.
func (v *viewer) read(ctx context.Context, env *cli.Env, names []string, o *options) error {
	to := sink{add: v.add, prompt: true, skip: func(err error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.b.Skip(err)
	}}
	if !o.live.follow {
		return readAll(env, to, names, o.quiet)
	}
	v.ended = map[string]*atEnd{}
	for _, name := range names {
		v.ended[name] = new(atEnd)
	}
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			if name == "-" {
				errs[i] = readFile(env, to, name, warner(env, o.quiet))
				return
			}
			f := &follower{ctx: ctx, name: name, end: v.ended[name]}
			defer f.Close()
			errs[i] = readStream(artifact.Records(cli.Decompress(f), name), to, warner(env, o.quiet))
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (v *viewer) add(l record.Line) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if l.Time > v.at {
		v.at, v.seen = l.Time, time.Now()
	}
	if e := v.ended[l.File]; e != nil {
		e.add(l)
	}
	return v.b.Add(l)
}
