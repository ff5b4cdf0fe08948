package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/join"

	"github.com/spf13/pflag"
)

// clockFlags correct clocks.
type clockFlags struct {
	texts []string

	keys  map[string]time.Duration
	files map[string]time.Duration // by operand
	hosts *join.Offsets            // nil if no key stands for a host
}

func (c *clockFlags) register(f *pflag.FlagSet) {
	f.StringArrayVar(&c.texts, "offset", nil, "add a time to all instants of a file or a host: `KEY=DURATION`, as gpu.ndjson=+400ms or node1=-1.5s; may be repeated")
}

func (c *clockFlags) check(*options) error {
	c.keys = map[string]time.Duration{}
	for _, text := range c.texts {
		key, by, err := join.ParseOffset(text)
		if err != nil {
			return cli.Usagef("--offset %w", err)
		}
		if _, ok := c.keys[key]; ok {
			return cli.Usagef("--offset gives %q twice", key)
		}
		c.keys[key] = by
	}
	return nil
}

// match finds the files among the keys; what is no file is a host.
func (c *clockFlags) match(names []string) error {
	c.files = map[string]time.Duration{}
	hosts := map[string]time.Duration{}
	for key, by := range c.keys {
		if slices.Contains(names, key) {
			c.files[key] = by
			continue
		}
		var found []string
		for _, name := range names {
			if name != "-" && filepath.Base(name) == key && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
		switch len(found) {
		case 0:
			hosts[key] = by
		case 1:
			if _, ok := c.files[found[0]]; ok || c.keyed(found[0]) {
				return cli.Usagef("--offset gives %q twice, as %q too", found[0], key)
			}
			c.files[found[0]] = by
		default:
			return cli.Usagef("--offset %s stands for %d files: %s", key, len(found), strings.Join(found, ", "))
		}
	}
	if len(hosts) > 0 {
		c.hosts = join.NewOffsets(hosts)
	}
	return nil
}

func (c *clockFlags) keyed(name string) bool {
	_, ok := c.keys[name]
	return ok
}

// unused tells of keys that nothing was found for.
func (c *clockFlags) unused(names []string) (warnings []string) {
	if c.hosts == nil {
		return nil
	}
	there := "no line names a host"
	if seen := c.hosts.Seen(); len(seen) > 0 {
		there = "the hosts are " + strings.Join(seen, ", ")
	}
	for _, key := range c.hosts.Unused() {
		warnings = append(warnings, fmt.Sprintf("--offset %s changes nothing: it is neither a file nor a host; the files are %s; %s", key, strings.Join(names, ", "), there))
	}
	return warnings
}
