package main

import (
	"aiperf/pkg/cli"
	"aiperf/pkg/join"
	"aiperf/pkg/record"

	"github.com/spf13/pflag"
)

// options are the flags, group by group.
type options struct {
	env   *cli.Env
	flags *pflag.FlagSet

	energy energyFlags
	clocks clockFlags
	window windowFlags

	output string
	plain  bool
	quiet  bool
}

func newOptions(env *cli.Env) *options {
	o := &options{env: env, flags: pflag.NewFlagSet(env.Name, pflag.ContinueOnError)}
	f := o.flags
	o.energy.register(f)
	cli.Group(f, "Energy")
	o.energy.registerRegimes(f)
	cli.Group(f, "Regimes")
	o.clocks.register(f)
	cli.Group(f, "Clocks")
	o.window.register(f)
	cli.Group(f, "Windows")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output; .gz and .zst are compressed")
	f.BoolVar(&o.plain, "no-attribute", false, "only merge: change no line, leave none out and add none, but as --offset, --from and --to say")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "tell errors only, no notes and warnings")
	cli.Group(f, "Output")
	return o
}

// check refuses what makes no sense, and makes of the flags what they stand for.
func (o *options) check(now record.Time) error {
	for _, check := range []func(*options) error{o.energy.check, o.clocks.check, o.window.check(now)} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// set tells whether a flag was given.
func (o *options) set(name string) bool { return o.flags.Changed(name) }

// windowFlags cut a window out of the stream.
type windowFlags struct {
	from, to cli.Instant
	join.Window
}

func (w *windowFlags) register(f *pflag.FlagSet) {
	f.Var(&w.from, "from", "leave out what was before this `instant`: 2h (ago), 2026-11-25T12:00:00Z or seconds since the epoch")
	f.Var(&w.to, "to", "leave out what was at this `instant` or later: now, or as --from")
}

func (w *windowFlags) check(now record.Time) func(*options) error {
	return func(o *options) error {
		if o.set("from") {
			w.From = w.from.When(now)
		}
		if o.set("to") {
			w.To = w.to.When(now)
		}
		if w.To != 0 && w.From >= w.To {
			return cli.Usagef("--from %s does not come before --to %s", &w.from, &w.to)
		}
		return nil
	}
}
