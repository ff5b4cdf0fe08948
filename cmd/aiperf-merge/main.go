package main

import (
	"context"
	_ "embed"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"
)

//go:embed doc.go
var doc string

func main() {
	spendMemory()
	cli.Main("aiperf-merge", run)
}

// flushAfter is how long a line may lie in the output's buffer.
const flushAfter = 100 * time.Millisecond

func run(_ context.Context, env *cli.Env) (err error) {
	o := newOptions(env)
	if err := env.Parse(o.flags, doc); err != nil {
		return err
	}
	if err := o.check(record.At(time.Now())); err != nil {
		return err
	}
	talk := &talk{env: env, quiet: o.quiet}
	opt, err := o.survey(talk)
	if err != nil {
		return err
	}
	in, err := o.open()
	defer in.close()
	if err != nil {
		return err
	}
	out, err := env.Create(o.output, in.names...)
	if err != nil {
		return err
	}
	defer cli.ReadOn()()

	lines := o.merge(in, talk.watch)
	if !o.plain {
		lines = join.Attribute(lines, opt)
	}
	w := cli.Buffered(out, flushAfter)
	err = talk.write(w, lines, in.close)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil { // or the inputs were not read to their ends
		talk.close(o.clocks.unused(in.names))
		err = talk.broken
	}
	if err == nil && o.energy.require {
		err = talk.energy.verdict()
	}
	return err
}
