package cli

import (
	"os"
	"slices"

	"aiperf/pkg/record"

	"github.com/spf13/pflag"
)

// NewRun describes this process as the first record of its stream. Flags that
// were set become its config; the flags named secret, credentials in headers
// and URLs stay out of it.
func (e *Env) NewRun(clock record.Clock, flags *pflag.FlagSet, secret ...string) *record.Run {
	host, _ := os.Hostname()
	run := &record.Run{
		Run:     record.NewRunID(clock.Now()),
		Tool:    e.Name,
		Version: Version(),
		Host:    host,
		Command: append([]string{e.Name}, Redact(e.Args, secret...)...),
		Config:  map[string]any{},
	}
	flags.Visit(func(f *pflag.Flag) {
		run.Config[f.Name] = configValue(f, secret)
	})
	return run
}

func configValue(f *pflag.Flag, secret []string) any {
	if slices.Contains(secret, f.Name) {
		return hidden
	}
	many, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return RedactURL(f.Value.String())
	}
	values := []string{}
	for _, v := range many.GetSlice() {
		switch f.Name {
		case "header":
			v = RedactHeader(v)
		case "extra-inputs":
			v = redactInputs(v)
		}
		values = append(values, RedactURL(v))
	}
	return values
}
