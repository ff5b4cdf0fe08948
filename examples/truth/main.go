package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"

	"aiperf/pkg/cli"
	"aiperf/pkg/record"
	"aiperf/pkg/sim"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/pflag"
)

//go:embed doc.go
var doc string

func main() { cli.Main("truth", run) }

func run(_ context.Context, env *cli.Env) error {
	flags := pflag.NewFlagSet(env.Name, pflag.ContinueOnError)
	if err := env.Parse(flags, doc); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return cli.Hint(cli.Usagef("two files are needed, not %d", flags.NArg()), "truth TRUTH MERGED")
	}
	var truth history
	if err := each(env, flags.Arg(0), truth.add); err != nil {
		return err
	}
	if err := truth.finish(); err != nil {
		return fmt.Errorf("%s: %w", flags.Arg(0), err)
	}
	var found []comparison
	err := each(env, flags.Arg(1), func(l record.Line) error {
		if l.Type != record.TypeEnergy {
			return nil
		}
		var e record.Energy
		if err := l.Decode(&e); err != nil {
			return err
		}
		c, err := truth.compare(e)
		if err != nil {
			return l.Errorf("%w", err)
		}
		found = append(found, c)
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return cli.Hint(fmt.Errorf("%s: no energy record", flags.Arg(1)), "merge requests and GPU readings with aiperf-merge")
	}
	return show(env, found)
}

func each(env *cli.Env, name string, f func(record.Line) error) error {
	in, err := env.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	for l, err := range record.Read(in, name) {
		if err == nil {
			err = f(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A history is the energy of GPUs at any instant.
type history struct {
	loads []sim.TrueLoad
	end   record.Time
}

func (h *history) add(l record.Line) error {
	switch l.Type {
	case sim.TypeLoad:
		var load sim.TrueLoad
		if err := l.Decode(&load); err != nil {
			return err
		}
		h.loads = append(h.loads, load)
	case sim.TypeEnd:
		h.end = l.Time
	}
	return nil
}

func (h *history) finish() error {
	switch {
	case len(h.loads) == 0:
		return errors.New("not the truth of a simulator")
	case h.end == 0:
		return cli.Hint(errors.New("the truth breaks off"), "interrupt the simulator before its truth is read")
	}
	slices.SortStableFunc(h.loads, func(a, b sim.TrueLoad) int { return cmp.Compare(a.At, b.At) })
	return nil
}

// at is the energy in joules of the i-th GPU at t; see [sim.TrueLoad].
func (h *history) at(i int, t record.Time) (float64, error) {
	n, exact := slices.BinarySearchFunc(h.loads, t, func(l sim.TrueLoad, t record.Time) int { return cmp.Compare(l.At, t) })
	if !exact {
		n--
	}
	if n < 0 || t > h.end {
		return 0, fmt.Errorf("the simulator was not running at %v", t)
	}
	l := h.loads[n]
	dt := t.Sub(l.At)
	return l.Energy[i] + l.Target[i]*dt - (l.Power[i]-l.Target[i])*l.Tau*math.Expm1(-dt/l.Tau), nil
}

// between is the energy in joules from one instant to another of the GPU with
// the given UUID, or of all if it is empty.
func (h *history) between(uuid string, from, to record.Time) (float64, error) {
	sum, seen := 0.0, false
	for i, u := range h.loads[0].UUID {
		if uuid != "" && u != uuid {
			continue
		}
		a, err := h.at(i, from)
		if err != nil {
			return 0, err
		}
		b, err := h.at(i, to)
		if err != nil {
			return 0, err
		}
		sum, seen = sum+b-a, true
	}
	if !seen {
		return 0, fmt.Errorf("the simulator has no GPU %q", uuid)
	}
	return sum, nil
}

// A comparison is an energy record beside the truth.
type comparison struct {
	record.Energy
	truth float64
}

func (h *history) compare(e record.Energy) (comparison, error) {
	if e.Scope != record.ScopeTotal && e.UUID == "" {
		return comparison{}, errors.New("the energy record names no GPU")
	}
	truth, err := h.between(e.UUID, e.From, e.To)
	return comparison{e, truth}, err
}

// within tells whether the truth is where the record says it is.
func (c comparison) within() bool {
	return c.Energy.Energy != nil && c.PlusMinus != nil && math.Abs(c.truth-*c.Energy.Energy) <= *c.PlusMinus
}

func show(env *cli.Env, found []comparison) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.SetTitle("Energy by aiperf-merge beside the simulator's truth")
	t.AppendHeader(table.Row{"phase", "", "merge (J)", "± (J)", "truth (J)", "off (J)", "within ±", "verdict"})
	outside := 0
	for _, c := range found {
		name := "total"
		if c.GPU != nil {
			name = fmt.Sprintf("GPU %d", *c.GPU)
		}
		row := table.Row{c.Phase, name, "N/A", "N/A", fmt.Sprintf("%.3f", c.truth), "N/A", "no", c.Verdict}
		if c.Energy.Energy != nil {
			row[2] = fmt.Sprintf("%.3f", *c.Energy.Energy)
			row[5] = fmt.Sprintf("%+.3f", *c.Energy.Energy-c.truth)
		}
		if c.PlusMinus != nil {
			row[3] = fmt.Sprintf("%.3f", *c.PlusMinus)
		}
		if c.within() {
			row[6] = "yes"
		} else {
			outside++
		}
		t.AppendRow(row)
	}
	var right []table.ColumnConfig
	for n := 3; n <= 6; n++ {
		right = append(right, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	fmt.Fprintln(env.Stdout, t.Render())
	if outside > 0 {
		return cli.Verdictf("%d of %d energies are not within their ±", outside, len(found))
	}
	return nil
}
