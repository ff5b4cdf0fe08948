// Package chart draws one picture of a report as SVG or PNG, for a chat, a pull
// request or a slide: two panels on one axis of time. It is readable at its own
// 800 pixels; the SVG follows a viewer's dark mode where there is one.
package chart

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// Kinds are the pictures that there are.
var Kinds = []string{"latency", "ttft", "throughput", "concurrency", "power"}

// SVG draws one of [Kinds]; of an empty kind latency, or power if there are no
// requests. The report needs its Story. The error tells what is missing.
func SVG(w io.Writer, r *report.Report, kind string) error {
	var c svg
	if err := compose(&c, r, kind); err != nil {
		return err
	}
	_, err := io.WriteString(w, c.picture())
	return err
}

// PNG draws what [SVG] does, in its light colours on white and at twice its size,
// so 1600 pixels wide. Characters that the Go fonts lack (they have Latin, Greek
// and Cyrillic) are boxes.
func PNG(w io.Writer, r *report.Report, kind string) error {
	var c raster
	if err := compose(&c, r, kind); err != nil {
		return err
	}
	return png.Encode(w, c.image)
}

func compose(c canvas, r *report.Report, kind string) error {
	s := r.Story
	if s == nil {
		return errors.New("draw a chart: the report has no story")
	}
	if kind == "" {
		kind = "latency"
		if len(s.Requests) == 0 {
			kind = "power"
		}
	}
	p := picture{title: model(r)}
	if r.Window != nil {
		p.zero = r.Window.From
	}
	if err := p.fill(r, kind); err != nil {
		return fmt.Errorf("draw %s: %w", kind, err)
	}
	p.draw(c)
	return nil
}

// fill chooses the panels.
func (p *picture) fill(r *report.Report, kind string) error {
	s := r.Story
	switch kind {
	case "latency":
		return p.either(errNoRequests, p.scatter(r, "Latency", "request_latency", func(t report.Told) float64 { return t.Took }), p.power(s))
	case "ttft":
		return p.either(errors.New("no request has a time to first token: were the answers streamed?"),
			p.scatter(r, "Time to first token", "time_to_first_token", func(t report.Told) float64 { return t.TTFT }), p.power(s))
	case "throughput":
		return p.either(errNoRequests, p.tokens(r), p.requests(r))
	case "concurrency":
		return p.either(errNoRequests, p.active(r), p.tokens(r))
	case "power":
		return p.either(errors.New("the stream has no readings of a GPU's power or energy"), p.power(s), p.active(r))
	}
	return fmt.Errorf("there is no such chart; there are %s", strings.Join(Kinds, ", "))
}

var errNoRequests = errors.New("the stream has no finished request of the profiling phase")

// either keeps the panels with something on them, of which the first must be.
func (p *picture) either(missing error, main panel, others ...panel) error {
	if main.empty() {
		return missing
	}
	main.height = 230
	p.panels = append(p.panels, main)
	for _, o := range others {
		if !o.empty() {
			o.height = 110
			p.panels = append(p.panels, o)
		}
	}
	return nil
}

// mostDots is how many requests are drawn.
const mostDots = 4000

func (p *picture) scatter(r *report.Report, title, tag string, of func(report.Told) float64) panel {
	list := r.Story.Requests
	every := max(1, (len(list)+mostDots-1)/mostDots)
	ok, failed := dots{colour: 0}, dots{colour: 1, cross: true}
	drawn := 0
	for i, t := range list {
		x, y := t.Start.Sub(p.zero), of(t)
		switch {
		case math.IsNaN(y):
		case t.Error != "":
			failed.add(x, y)
		case i%every == 0:
			ok.add(x, y)
			drawn++
		}
	}
	n := panel{title: title, show: duration, dots: []dots{ok, failed}}
	if m, found := r.Metric(tag); found {
		p50, _ := m.Stat.Percentile(50)
		p90, _ := m.Stat.Percentile(90)
		p99, _ := m.Stat.Percentile(99)
		n.about = fmt.Sprintf("p50 %s, p90 %s, p99 %s; %s", duration(p50, p50), duration(p90, p90), duration(p99, p99), many(m.Stat.N, "request"))
		n.levels = []level{{p50, "p50"}, {p99, "p99"}}
		if drawn < m.Stat.N {
			n.about += fmt.Sprintf(", %s drawn", number(float64(drawn)))
		}
	}
	if f := r.Requests.Failed; f > 0 {
		n.about += fmt.Sprintf("; ✕ %s failed", number(float64(f)))
	}
	return n
}

// binsOf is the load in so many bins at most, of which each holds some eight
// requests, so that their number is not mostly chance.
func binsOf(r *report.Report, most int) *report.Load {
	l := r.Story.Load
	if l == nil {
		return nil
	}
	if n := r.Requests.OK + r.Requests.Failed; most < 200 {
		most = min(most, max(20, n/8))
	}
	return l.Coarser((len(l.Bins) + most - 1) / most)
}

func (p *picture) bars(l *report.Load, name string, colour int, of func(report.Bin) float64) line {
	n := line{name: name, colour: colour, stepped: true, filled: true}
	for i, b := range l.Bins {
		n.add(l.From.Sub(p.zero)+float64(i)*l.Width, of(b))
	}
	n.add(l.From.Sub(p.zero)+float64(len(l.Bins))*l.Width, n.y[len(n.y)-1])
	return n
}

func (p *picture) tokens(r *report.Report) panel {
	l := binsOf(r, 150)
	n := panel{title: "Output tokens per second", show: plain}
	if l == nil {
		return n
	}
	n.lines = []line{p.bars(l, "", 2, func(b report.Bin) float64 { return b.Tokens / l.Width })}
	if m, ok := r.Metric("output_token_throughput"); ok {
		n.about = number(m.Value()) + " tokens/s over the run"
	}
	if !n.lines[0].any() {
		n.lines = nil
	}
	return n
}

func (p *picture) requests(r *report.Report) panel {
	l := binsOf(r, 150)
	n := panel{title: "Requests per second", show: plain}
	if l == nil {
		return n
	}
	n.lines = []line{p.bars(l, "succeeded", 0, func(b report.Bin) float64 { return float64(b.Done) / l.Width })}
	if failed := p.bars(l, "failed", 1, func(b report.Bin) float64 { return float64(b.Failed) / l.Width }); failed.any() {
		n.lines = append(n.lines, failed)
	}
	if m, ok := r.Metric("request_throughput"); ok {
		n.about = number(m.Value()) + " requests/s over the run"
	}
	return n
}

func (p *picture) active(r *report.Report) panel {
	l := binsOf(r, 400)
	n := panel{title: "Requests in flight", show: plain}
	if l != nil {
		n.lines = []line{p.bars(l, "", 0, func(b report.Bin) float64 { return b.Active })}
	}
	return n
}

// power is that of each GPU, by its power readings or else its energy counter.
func (p *picture) power(s *report.Story) panel {
	n := panel{title: "GPU power", show: func(x, _ float64) string { return number(x) + " W" }}
	field := record.FieldEnergy
	for _, g := range s.GPUs {
		if _, ok := g.Tracks[record.FieldPower]; ok {
			field = record.FieldPower
		}
	}
	for i, g := range s.GPUs {
		t, ok := g.Tracks[field]
		if !ok {
			continue
		}
		l := line{name: g.Name, colour: i}
		for j := range t.T {
			l.add(t.T[j].Sub(p.zero), t.X[j])
		}
		l.thin(720)
		n.lines = append(n.lines, l)
	}
	if field == record.FieldEnergy {
		n.about = "by the energy counters"
	}
	return n
}

// model is what a load was for.
func model(r *report.Report) string {
	for _, x := range r.Runs {
		if m, ok := x.Config["model"].(string); ok && m != "" {
			return m
		}
	}
	if s := r.Story.Slowest; len(s) > 0 {
		return s[0].Model
	}
	return ""
}
