package main

import (
	"context"
	_ "embed"
	"io"
	"iter"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"

	"github.com/spf13/pflag"
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
	flags := pflag.NewFlagSet(env.Name, pflag.ContinueOnError)
	output := flags.StringP("output", "o", "", "write to `FILE` instead of standard output; .gz and .zst are compressed")
	maxGap := flags.Duration("max-gap", time.Duration(join.DefaultMaxGap*float64(time.Second)), "longest `time` without a new reading that an energy may be trusted with")
	share := flags.String("share", join.Equal, "`convention` that divides the energy among requests: equal")
	plain := flags.Bool("no-attribute", false, "only merge: change no line and add none")
	quiet := flags.BoolP("quiet", "q", false, "tell errors only, no notes and warnings")
	if err := env.Parse(flags, doc); err != nil {
		return err
	}
	if err := check(flags, *maxGap, *share, *plain); err != nil {
		return err
	}
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"-"}
	}
	inputs, closeAll, err := open(env, names)
	defer closeAll()
	if err != nil {
		return err
	}
	out, err := env.Create(*output, names...)
	if err != nil {
		return err
	}
	defer cli.ReadOn()()

	talk := &talk{env: env, quiet: *quiet}
	lines := talk.watch(join.Merge(inputs...))
	if !*plain {
		lines = join.Attribute(lines, join.Options{MaxGap: maxGap.Seconds(), Share: *share, Note: talk.note})
	}
	w := cli.Buffered(out, flushAfter)
	err = talk.write(w, lines, closeAll)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	talk.close()
	if err == nil {
		err = talk.broken
	}
	return err
}

func check(flags *pflag.FlagSet, maxGap time.Duration, share string, plain bool) error {
	switch {
	case share != join.Equal:
		return cli.Usagef("--share %q is not known; there is: %s", share, join.Equal)
	case maxGap <= 0:
		return cli.Usagef("--max-gap must be more than 0, not %v", maxGap)
	}
	for _, name := range []string{"share", "max-gap"} {
		if plain && flags.Changed(name) {
			return cli.Usagef("--no-attribute leaves nothing to do for --%s", name)
		}
	}
	return nil
}

// open opens all inputs, so that a name that is wrong is told before anything
// is read.
func open(env *cli.Env, names []string) (inputs []iter.Seq2[record.Line, error], closeAll func(), err error) {
	var files []io.Closer
	closeAll = func() {
		for _, f := range files {
			f.Close()
		}
	}
	stdin := false
	for _, name := range names {
		if name == "-" {
			if stdin {
				return nil, closeAll, cli.Usagef(`"-" is given twice, but standard input can be read only once`)
			}
			stdin = true
		}
		f, err := env.Open(name)
		if err != nil {
			return nil, closeAll, err
		}
		files = append(files, f)
		if name == "-" {
			name = "standard input"
		}
		inputs = append(inputs, record.Read(f, name))
	}
	return inputs, closeAll, nil
}
