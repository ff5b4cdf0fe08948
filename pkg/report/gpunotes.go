package report

import (
	"fmt"
	"strings"

	"aiperf/pkg/record"
)

// Name is what a GPU is called: host, index and model.
func (g GPU) Name() string {
	name := []string{g.Host, "GPU", g.Model}
	if g.Host == "" {
		name[0] = Endpoint(g.Source)
	}
	if g.Index != nil {
		name[1] = fmt.Sprintf("GPU %d", *g.Index)
	}
	if g.MIG != "" {
		name[1] += " instance " + g.MIG
		if g.MIGProfile != "" {
			name[1] += " (" + g.MIGProfile + ")"
		}
	}
	if g.Model == "" {
		name = name[:2]
	}
	return printable(strings.Join(name, " | "))
}

// short is the name without the model.
func (g GPU) short() string {
	if g.Model == "" {
		return g.Name()
	}
	return strings.TrimSuffix(g.Name(), " | "+printable(g.Model))
}

// Endpoint is a source's URL without scheme and without "/metrics" at its end,
// as AIPerf shows it.
func Endpoint(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	return strings.TrimSuffix(strings.TrimRight(url, "/"), "/metrics")
}

// aboutGPUs notes what the readings do not cover.
func (b *Builder) aboutGPUs(n *remarks, r *Report) {
	for _, s := range r.Sources {
		if s.Reachable && s.Failed > 0 {
			n.warn("source-failures", "%s: %d of %d visits failed; the last: %s", Endpoint(s.URL), s.Failed, s.Failed+s.OK, s.Error)
		}
	}
	for _, g := range r.GPUs {
		name := g.short()
		if len(g.Others) > 0 {
			n.info("same-gpu", "%s was reported by %d sources and counts once, by %s", name, len(g.Others)+1, Endpoint(g.Source))
		}
		if len(g.XIDs) > 0 {
			n.warn("xid", "%s had XID errors %s", name, strings.Trim(fmt.Sprint(g.XIDs), "[]"))
		}
		for _, counter := range g.Resets {
			n.warn("reset", "%s: %s went backwards and is taken to have begun anew from 0", name, counter)
		}
		if g.MIG != "" {
			n.info("mig", "%s: power, energy and the like are those of the whole GPU, not to be summed over instances", name)
		}
		if g.Readings == 0 {
			n.warn("no-readings", "%s has no reading between %s and %s", name, r.Window.From, r.Window.To)
			continue
		}
		b.coverage(n, r, g, name)
	}
}

// coverage notes where a GPU's readings do not reach over the window.
func (b *Builder) coverage(n *remarks, r *Report, g GPU, name string) {
	for _, s := range b.gpus.list {
		if s.id.source != g.Source || s.id.uuid != g.UUID || s.id.mig != g.MIG || place(s.gpu) != place(g) {
			continue
		}
		if late := s.taken[0].Sub(r.Window.From); late > 0 {
			n.warn("late", "%s was first read %.3g s after the window began", name, late)
		}
		if early := r.Window.To.Sub(s.taken[len(s.taken)-1]); early > 0 {
			n.warn("early", "%s was last read %.3g s before the window ended", name, early)
		}
		return
	}
}

// aboutEnergy notes why there is no energy, or what is wrong with it.
func (b *Builder) aboutEnergy(n *remarks, r *Report) {
	requests := r.Requests.OK+r.Requests.Failed > 0
	switch e := r.Energy; {
	case e == nil && requests && len(r.GPUs) > 0:
		n.info("no-energy", "no energy per token: pipe the streams through aiperf-merge first, which joins requests and GPUs")
	case e == nil:
	case e.Total.Verdict != record.Valid:
		n.warn("energy", "the energy is not to be trusted: %s", reasons(e.Total.Reasons))
	}
	if r.Energy == nil {
		return
	}
	if len(b.Options.Where) > 0 {
		n.info("filter-energy", "the energy is that of all GPUs and of the whole run, whatever is left of them, and is not divided by what is left; what requests were charged is that of those that are left")
		return
	}
	if len(b.energy.total) > 1 {
		n.warn("energies", "the energy is the sum of %d totals, one for each time that aiperf-merge was run; its power is that while they lasted", len(b.energy.total))
	} else if requests && r.Window != nil && differs(r.Energy.Total.Took, r.Window.Seconds()) {
		n.warn("energy-window", "the energy is that of %.3f s, and the requests took %.3f s: some requests are not in it, as where a window was cut out of the stream, or where it was filtered after it was merged", r.Energy.Total.Took, r.Window.Seconds())
	}
}
