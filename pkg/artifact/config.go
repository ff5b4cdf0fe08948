package artifact

import (
	"net/url"
	"strconv"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// inputConfig is input_config in the form in which AIPerf writes its own
// configuration, as far as the run tells; what was given on the command line is
// under a key of ours, config. Without a model and a URL it is nil: AIPerf would
// not take it.
func inputConfig(r *report.Report, run report.Run) object {
	c := settings(run.Config)
	models, urls := r.Models, bases(r.URLs)
	if len(models) == 0 {
		models = c.list("model")
	}
	if len(urls) == 0 {
		urls = c.list("url")
	}
	if len(models) == 0 || len(urls) == 0 {
		return nil
	}
	items := []object{}
	for _, m := range models {
		items = append(items, object{{"name", m}})
	}
	endpoint := object{{"urls", urls}, {"type", c.text("endpoint-type", "chat")}}
	_, streamed := r.Metric("time_to_first_token")
	if streamed || c.text("streaming", "") == "true" {
		endpoint.set("streaming", true)
	}
	o := object{{"models", object{{"items", items}}}, {"endpoint", endpoint},
		{"datasets", []object{c.dataset(r)}}, {"phases", c.phases(r)}}
	objectives(&o, "slos", r)
	return o
}

// bases are the servers of URLs.
func bases(urls []string) []string {
	var list []string
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			continue
		}
		base := u.Scheme + "://" + u.Host
		if len(list) == 0 || list[len(list)-1] != base {
			list = append(list, base)
		}
	}
	return list
}

// settings are flags by their names.
type settings map[string]any

func (c settings) text(name, or string) string {
	if s, ok := c[name].(string); ok {
		return s
	}
	return or
}

func (c settings) list(name string) []string {
	var list []string
	switch v := c[name].(type) {
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, s)
			}
		}
	case []string:
		return v
	case string:
		return []string{v}
	}
	return list
}

// number is a setting above 0.
func (c settings) number(names ...string) (float64, bool) {
	for _, name := range names {
		if x, err := strconv.ParseFloat(strings.TrimSuffix(c.text(name, ""), "s"), 64); err == nil && x > 0 {
			return x, true
		}
	}
	return 0, false
}

// lengths of prompts or answers that were asked for.
func (c settings) lengths(name string) object {
	mean, ok := c.number(name + "-mean")
	if !ok {
		return nil
	}
	o := object{{"mean", mean}}
	if sd, ok := c.number(name + "-stddev"); ok {
		o.set("stddev", sd)
	}
	return o
}

func (c settings) dataset(r *report.Report) object {
	if file := c.text("input-file", ""); file != "" {
		o := object{{"name", "main"}, {"type", "file"}, {"path", file}}
		o.text("format", c.text("custom-dataset-type", ""))
		return o
	}
	o := object{{"name", "main"}, {"type", "synthetic"}}
	entries := max(1, r.Requests.OK+r.Requests.Failed+r.Requests.Cancelled)
	if n, ok := c.number("num-dataset-entries", "request-count", "conversation-num"); ok {
		entries = int(n)
	}
	o.set("entries", entries)
	prompts := object{}
	if isl := c.lengths("synthetic-input-tokens"); isl != nil {
		prompts.set("isl", isl)
	} else if m, ok := r.Metric("input_sequence_length"); ok && m.Value() >= 1 {
		prompts.set("isl", object{{"mean", m.Value()}})
	}
	if osl := c.lengths("output-tokens"); osl != nil {
		prompts.set("osl", osl)
	}
	if len(prompts) > 0 {
		o.set("prompts", prompts)
	}
	return o
}

// phases are the warm-up, if there was one, and the profiling.
func (c settings) phases(r *report.Report) []object {
	var list []object
	if n := r.Requests.Warmup; n > 0 {
		users, ok := c.number("warmup-concurrency", "concurrency")
		if !ok {
			users = 1
		}
		list = append(list, object{{"name", record.Warmup}, {"kind", record.Warmup}, {"type", "concurrency"}, {"requests", n}, {"concurrency", int(min(users, float64(n)))}})
	}
	o := object{{"name", record.Profiling}, {"kind", record.Profiling}}
	concurrency, capped := c.number("concurrency")
	rate, paced := c.number("request-rate")
	users, _ := c.number("num-users")
	switch {
	case c.text("fixed-schedule", "") == "true":
		o.set("type", "fixed_schedule")
	case users > 0:
		qps, _ := c.number("user-centric-rate")
		o = append(o, object{{"type", "user_centric"}, {"rate", qps}, {"users", int(users)}}...)
	case paced:
		pattern := c.text("arrival-pattern", "poisson")
		o = append(o, object{{"type", pattern}, {"rate", rate}}...)
		if k, ok := c.number("arrival-smoothness"); ok && pattern == "gamma" {
			o.set("smoothness", k)
		}
	default:
		o.set("type", "concurrency")
		if !capped {
			concurrency, capped = 1, true
		}
	}
	c.stop(&o, r)
	if capped {
		o.set("concurrency", int(concurrency))
	}
	return append(list, o)
}

// stop is what ends the phase: what was asked for, else the number of requests
// that there were.
func (c settings) stop(o *object, r *report.Report) {
	n := r.Requests.OK + r.Requests.Failed + r.Requests.Cancelled
	d, timed := c.number("benchmark-duration")
	count, counted := c.number("request-count")
	if timed {
		o.set("duration", d)
	}
	switch {
	case counted:
		o.set("requests", int(count))
	case !timed:
		o.set("requests", max(1, n))
	}
}
