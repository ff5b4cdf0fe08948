package sim

import (
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for why, f := range map[string]func(*Config){
		"negative time":   func(c *Config) { c.ITL = -1 },
		"no batch":        func(c *Config) { c.Batch = -1 },
		"jitter":          func(c *Config) { c.Jitter = 1 },
		"limit":           func(c *Config) { c.Power.Limit = 1 },
		"layout":          func(c *Config) { c.Layout = "5" },
		"unknown fault":   func(c *Config) { c.Faults = []Fault{{"gremlins", 1}} },
		"no error status": func(c *Config) { c.Faults = []Fault{{"200", 1}} },
		"rate":            func(c *Config) { c.Faults = []Fault{{"500", 2}} },
	} {
		c := Defaults
		f(&c)
		if c.Check() == nil {
			t.Errorf("%s: no error", why)
		}
	}
	if err := (Config{}).Check(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
}
