package main

import (
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"

	"github.com/spf13/pflag"
)

// shardFlags make a process one of several that carry out a plan together.
type shardFlags struct {
	shard   string
	startAt string
}

func (s *shardFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.shard, "shard", "", "send the part `I/N` of the requests, I from 0 to N-1; N processes with the same flags send what one would have sent")
	f.StringVar(&s.startAt, "start-at", "", "begin at this `instant`, as 2026-11-23T12:00:00Z or in Unix seconds, so that they begin together")
}

func (s *shardFlags) parse() (load.Shard, error) {
	if s.shard == "" {
		return load.Shard{}, nil
	}
	index, of, ok := strings.Cut(s.shard, "/")
	i, err := strconv.Atoi(index)
	n, nerr := strconv.Atoi(of)
	if !ok || err != nil || nerr != nil || n < 1 || n > 1<<20 || i < 0 || i >= n {
		return load.Shard{}, cli.Hint(cli.Usagef("--shard %q is not I/N with I from 0 to N-1", s.shard), "--shard 0/2 and --shard 1/2 are the two halves")
	}
	return load.Shard{Index: i, Of: n}, nil
}

func (s *shardFlags) start() (time.Time, error) {
	if s.startAt == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s.startAt)
	if x, xerr := strconv.ParseFloat(s.startAt, 64); xerr == nil && x > 0 && x < 9e9 {
		t, err = time.Unix(0, int64(x*1e9)), nil
	}
	if err != nil {
		return t, cli.Usagef("--start-at %q is neither an instant such as %s nor Unix seconds", s.startAt, time.Now().UTC().Format(time.RFC3339))
	}
	if late := time.Since(t); late > 0 {
		return t, cli.Hint(cli.Usagef("--start-at %s was %v ago", s.startAt, late.Round(time.Second)), "set the clocks, or give the processes more time to start")
	}
	return t, nil
}
