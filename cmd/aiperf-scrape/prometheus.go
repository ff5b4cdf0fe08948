package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/promhist"
	"aiperf/pkg/record"
	"aiperf/pkg/scrape"

	"github.com/spf13/pflag"
)

// historyFlags say what to read of a Prometheus.
type historyFlags struct {
	prometheus   string
	since, until cli.Instant
	window       cli.Seconds
}

func (h *historyFlags) register(f *pflag.FlagSet) {
	h.since, h.until, h.window = cli.Ago("1h", time.Hour), cli.Ago("now", 0), cli.Seconds(promhist.DefaultWindow)
	f.StringVar(&h.prometheus, "prometheus", "", "instead of visiting exporters, read what the Prometheus, Thanos, Mimir or VictoriaMetrics at `URL` has of them")
	f.Var(&h.since, "since", "from this `instant` on: 2h (ago), 2026-11-25T12:00:00Z or seconds since the epoch")
	f.Var(&h.until, "until", "up to this `instant`: now, or as --since")
	f.Var(&h.window, "window", "ask for this `time` at once; less where the server says that it is too much")
}

// ofVisits are flags that have no meaning where nothing is visited.
var ofVisits = []string{"targets", "no-default", "server", "gpu-only", "interval", "duration", "count", "settle", "max-concurrency", "no-compression"}

// historyConfig says what to read, seen from now.
func (o *options) historyConfig(now record.Time) (promhist.Config, error) {
	c := promhist.Config{URL: o.prometheus, Match: o.match, Since: o.since.When(now), Until: min(o.until.When(now), now),
		Window: time.Duration(o.window), Timeout: time.Duration(o.timeout), KeepRepeats: o.keepRepeats}
	for _, name := range ofVisits {
		if o.set(name) {
			return c, cli.Usagef("--prometheus and --%s exclude each other", name)
		}
	}
	if o.flags.NArg() > 0 {
		return c, cli.Usagef("--prometheus visits no exporter: %q is one source too many", cli.RedactURL(o.flags.Arg(0)))
	}
	if _, err := promhist.Name(c.URL); err != nil {
		return c, cli.Usagef("--prometheus: %w", err)
	}
	for _, m := range c.Match {
		if err := promhist.CheckSelector(m); err != nil {
			return c, cli.Usagef("--match: %w", err)
		}
	}
	var err error
	if c.Select, err = o.choose(); err != nil {
		return c, err
	}
	switch {
	case c.Since > c.Until:
		return c, cli.Usagef("--since %s comes after --until %s", &o.since, &o.until)
	case c.Window < time.Second:
		return c, cli.Usagef("--window %v is less than a second", c.Window)
	}
	return c, o.historyAccess(&c)
}

// historyAccess fills in how to be let in.
func (o *options) historyAccess(c *promhist.Config) error {
	var s scrape.Config
	if err := o.access(&s); err != nil {
		return err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	if s.TLS != nil {
		t.TLSClientConfig = s.TLS
	}
	c.Transport = t
	c.Authorize = func(req *http.Request) error {
		for name, values := range s.Header {
			req.Header[name] = values
			if name == "Host" {
				req.Host = values[0]
			}
		}
		if s.Authorize == nil {
			return nil
		}
		value, err := s.Authorize()
		if err == nil {
			req.Header.Set("Authorization", value)
		}
		return err
	}
	return nil
}

// history reads what a Prometheus has and writes it as if it were then.
func (o *options) history(ctx context.Context) error {
	clock := record.StartClock()
	c, err := o.historyConfig(clock.Now())
	if err != nil {
		return err
	}
	interrupted, stop := cli.Drain(ctx)
	defer stop()
	start := o.env.NewRun(clock, o.flags)
	start.Config["read"] = clock.Now().String()
	now := c.Since
	w, err := o.open(start, interrupted, func() record.Time { return now })
	if err != nil {
		return err
	}
	readings := false
	for rec, rerr := range promhist.Read(interrupted, c) {
		if err = rerr; err != nil {
			break
		}
		now = max(now, rec.Head().Time)
		if n, ok := rec.(*record.Note); ok && !o.quiet {
			tell(o.env, n)
		}
		if _, ok := rec.(*record.GPU); ok {
			readings = true
		}
		if err = w.Write(rec); err != nil {
			break
		}
	}
	switch {
	case interrupted.Err() != nil && errors.Is(err, context.Canceled):
		err = nil
	case err == nil && !readings:
		err = cli.Hint(fmt.Errorf("%s has no GPU's value between %v and %v", cli.RedactURL(c.URL), c.Since, c.Until),
			`is the time right, and --match? This asks for all that there is: curl -g '%s/api/v1/series?match[]={__name__=~"DCGM_.*"}'`, cli.RedactURL(c.URL))
	case err == nil:
		now = max(now, c.Until)
	}
	return w.finish(err)
}
