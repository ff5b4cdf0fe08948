package main

import (
	"fmt"
	"path"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/dcgm"

	"github.com/spf13/pflag"
)

// fieldFlags say which fields of GPUs are read.
type fieldFlags struct {
	metrics string
	fields  []string
	strict  bool

	selected *dcgm.Select
}

func (x *fieldFlags) register(f *pflag.FlagSet) {
	f.StringVar(&x.metrics, "metrics", "", "read only the fields in `FILE`, a dcgm-exporter's own list (CSV)")
	f.StringArrayVar(&x.fields, "fields", nil, "read only the fields whose names match this `GLOB`, or one of several after commas, such as 'power*,gpu_utilization'; may be repeated")
	f.BoolVar(&x.strict, "strict", false, "exit with 3 if a field of --metrics was on no page")
}

// choose makes the choice of fields; nil is all.
func (o *options) choose() (*dcgm.Select, error) {
	x := &o.fieldFlags
	if x.strict && x.metrics == "" {
		return nil, cli.Usagef("--strict needs --metrics")
	}
	var metrics []dcgm.Metric
	if x.metrics != "" {
		f, err := o.env.Open(x.metrics)
		if err != nil {
			return nil, cli.Usagef("--metrics: %w", err)
		}
		defer f.Close()
		if metrics, err = dcgm.ReadMetrics(f); err != nil {
			return nil, cli.Usagef("--metrics %q: %w", x.metrics, err)
		}
	}
	var globs []string
	for _, list := range x.fields {
		for glob := range strings.SplitSeq(list, ",") {
			if glob = strings.TrimSpace(glob); glob == "" {
				continue
			}
			if _, err := path.Match(glob, ""); err != nil {
				return nil, cli.Usagef("--fields %q: %w", glob, err)
			}
			globs = append(globs, glob)
		}
	}
	if metrics == nil && globs == nil {
		return nil, nil
	}
	s, err := dcgm.NewSelect(metrics, globs)
	if err != nil {
		return nil, cli.Usagef("--metrics %q, --fields %q: %w", x.metrics, x.fields, err)
	}
	x.selected = s
	return s, nil
}

// unmet is the verdict of --strict: an error if a field of the list was on no
// page.
func (o *options) unmet() error {
	if !o.strict {
		return nil
	}
	var missing []string
	for _, m := range o.selected.Unmet() {
		missing = append(missing, fmt.Sprintf("%s (line %d)", m.Family, m.Line))
	}
	if len(missing) == 0 {
		return nil
	}
	return cli.Hint(cli.Verdictf("--strict: of %q these were on no page: %s", o.metrics, strings.Join(missing, ", ")),
		"does the exporter run with this list (-f)?")
}
