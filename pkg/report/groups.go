package report

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// A Group is what has the same keys: requests, or GPUs.
type Group struct {
	Keys     []Key
	Window   *Window
	Requests Counts
	Metrics  []Metric
	Errors   []ErrorClass // without messages
	GPUs     []GPU        // of the group, or while its requests ran
	Energy   *float64     // J, that its requests were charged or its GPUs used
}

// A Key is one of a group's keys.
type Key struct{ Name, Value string }

// Name is what a group is called.
func (g Group) Name() string {
	var list []string
	for _, k := range g.Keys {
		v := printable(k.Value)
		if v == "" {
			v = "(none)"
		}
		list = append(list, v)
	}
	return strings.Join(list, " | ")
}

// byKeys is the order of groups.
func byKeys(a, b Group) int {
	return slices.CompareFunc(a.Keys, b.Keys, func(a, b Key) int { return strings.Compare(a.Value, b.Value) })
}

// Metric looks a metric up by its tag.
func (g Group) Metric(tag string) (Metric, bool) { return find(g.Metrics, tag) }

func find(list []Metric, tag string) (Metric, bool) {
	for _, m := range list {
		if m.Tag == tag {
			return m, true
		}
	}
	return Metric{}, false
}

// Keys by which requests, GPUs, or both are put into groups.
var (
	requestKeys = []string{"model", "url", "endpoint", "phase", "run", "host", "conversation", "turn", "finish"}
	gpuKeys     = []string{"gpu", "uuid", "gpu_model", "platform", "source", "mig", "host"}
)

// labelKey begins the key that is a label of a GPU.
const labelKey = "label."

// ParseBy reads keys with commas between them.
func ParseBy(s string) ([]string, error) {
	keys := strings.Split(s, ",")
	requests, gpus := true, true
	for i, k := range keys {
		keys[i] = strings.TrimSpace(k)
		k = keys[i]
		r, g := slices.Contains(requestKeys, k), slices.Contains(gpuKeys, k) || strings.HasPrefix(k, labelKey) && len(k) > len(labelKey)
		switch {
		case !r && !g:
			return nil, fmt.Errorf("%q is no key; requests have %s, and GPUs have %s and %sNAME", k, strings.Join(requestKeys, ", "), strings.Join(gpuKeys, ", "), labelKey)
		case slices.Contains(keys[:i], k):
			return nil, fmt.Errorf("%q is there twice", k)
		}
		requests, gpus = requests && r, gpus && g
	}
	if !requests && !gpus {
		return nil, fmt.Errorf("%s are keys of requests and of GPUs, and nothing has both", strings.Join(keys, ", "))
	}
	return keys, nil
}

// about tells whether all keys are among some.
func about(by, some []string) bool {
	for _, k := range by {
		if !slices.Contains(some, k) && !(strings.HasPrefix(k, labelKey) && slices.Equal(some, gpuKeys)) {
			return false
		}
	}
	return len(by) > 0
}

// mostGroups bounds what a key with many values costs.
const mostGroups = 1000

// A grouping numbers the groups of requests.
type grouping struct {
	names // the values of the keys, each behind its length
	key   []byte
	rest  bool // there were too many, and the last one holds those that came late
}

// rest is the name of that group.
const rest = "(others)"

// of is the number of a request's group, −1 if none are asked for.
func (g *grouping) of(b *Builder, r *request) int32 {
	by := b.Options.By
	if !about(by, requestKeys) {
		return -1
	}
	g.key = g.key[:0]
	for _, k := range by {
		g.key = pack(g.key, b.keyOf(k, r))
	}
	if i, ok := g.index[string(g.key)]; ok {
		return i
	}
	if len(g.list) >= mostGroups {
		g.rest = true
		return g.names.of(strings.Repeat(string(pack(nil, rest)), len(by)))
	}
	return g.names.of(string(g.key))
}

// pack appends a value of a key, in which any byte may be.
func pack(b []byte, value string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}

// unpack takes the first value off.
func unpack(s string) (value, rest string) {
	n, head := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	return s[head : head+int(n)], s[head+int(n):]
}

func (b *Builder) keyOf(key string, r *request) string {
	v := map[string]record.Value{"model": r.model, "url": r.url, "endpoint": r.endpoint, "phase": r.phase, "run": r.run,
		"conversation": r.conversation, "finish": r.finish}[key]
	switch key {
	case "turn":
		return string(r.turn)
	case "host":
		run, _ := r.run.Text()
		if d := b.details[run]; d != nil {
			return d.Host
		}
		return ""
	}
	s, _ := v.Text()
	return s
}

// groups are those of requests and those of GPUs, each in the order of its
// keys.
func (b *Builder) groups(r *Report) []Group {
	var list []Group
	if about(b.Options.By, requestKeys) {
		list = b.requestGroups()
	}
	if about(b.Options.By, gpuKeys) {
		list = append(list, b.gpuGroups(r)...)
	}
	return list
}

func (b *Builder) requestGroups() []Group {
	var list []Group
	for _, q := range []*requests{&b.warm, &b.requests} {
		views := map[int32]*view{}
		for g, d := range q.digests {
			if g >= 0 && (q == &b.requests || slices.Contains(b.Options.By, "phase")) {
				views[g] = &view{requests: q, group: g, sum: d}
			}
		}
		for row, g := range q.group {
			if g < 0 || q == &b.warm && !slices.Contains(b.Options.By, "phase") {
				continue
			}
			if views[g] == nil {
				views[g] = &view{requests: q, group: g}
			}
			views[g].rows = append(views[g].rows, row)
		}
		for i, v := range views {
			list = append(list, b.group(v, b.grouped.list[i]))
		}
	}
	slices.SortFunc(list, byKeys)
	return list
}

func (b *Builder) group(v *view, key string) Group {
	g := Group{Requests: v.counts(), Metrics: v.metrics(), Errors: v.classesOf()}
	for _, k := range b.Options.By {
		var x string
		x, key = unpack(key)
		g.Keys = append(g.Keys, Key{k, x})
	}
	if s := v.span(); s.n > 0 {
		g.Window = &Window{s.from, s.to}
		g.Metrics = append(g.Metrics, v.load().metrics(v.flight(), b.Options.Percentiles)...)
	}
	if d := v.digest(); d.charged > 0 {
		g.Energy = &d.energy
		g.Metrics = append(g.Metrics, v.charged(d.energy)...)
	}
	if about(b.Options.By, []string{"phase", "run"}) && g.Window != nil {
		g.GPUs = b.gpus.summarize(g.Window, b.Options.Percentiles)
	}
	return g
}

// charged is what the energy that the requests were charged comes to.
func (v *view) charged(total float64) []Metric {
	var t singles
	c := v.counts()
	if out := v.digest().out; out > 0 {
		t.add("energy_per_output_token", "Energy per Output Token", JoulesPerToken, 750, total/out)
	}
	if c.OK > 0 {
		t.add("energy_per_request", "Energy per Request", JoulesPerRequest, 755, total/float64(c.OK))
	}
	for _, m := range charged {
		if s, ok := v.of(m.tag); ok {
			t = append(t, Metric{Tag: m.tag, Header: m.header, Unit: m.unit, Order: m.order, Stat: s})
		}
	}
	return t
}

func (b *Builder) gpuGroups(r *Report) []Group {
	var list []Group
	index := map[string]int{}
	for _, u := range r.GPUs {
		var keys []Key
		var name []byte
		for _, k := range b.Options.By {
			keys = append(keys, Key{k, u.key(k)})
			name = pack(name, u.key(k))
		}
		i, ok := index[string(name)]
		if !ok {
			i = len(list)
			index[string(name)] = i
			list = append(list, Group{Keys: keys, Window: r.Window})
		}
		list[i].GPUs = append(list[i].GPUs, u)
	}
	for i := range list {
		list[i].Energy = used(list[i].GPUs, r.Window)
	}
	slices.SortFunc(list, byKeys)
	return list
}

func (g GPU) key(key string) string {
	switch key {
	case "gpu":
		return g.short()
	case "uuid":
		return g.UUID
	case "gpu_model":
		return g.Model
	case "platform":
		return g.Platform
	case "source":
		return Endpoint(g.Source)
	case "mig":
		return g.MIG
	case "host":
		return g.Host
	}
	return g.Labels[strings.TrimPrefix(key, labelKey)]
}

// used is the energy of GPUs over a window: by their counters, else by power
// over time; nil unless all of them tell. Instances are no GPUs of their own.
func used(gpus []GPU, w *Window) *float64 {
	total, any := 0.0, false
	for _, g := range gpus {
		if g.MIG != "" {
			continue
		}
		if f, ok := g.Field(record.FieldEnergy); ok && g.Covered {
			total += f.Stat.Mean
		} else if f, ok := g.Field(record.FieldPower); ok && g.Covered {
			total += f.Mean * w.Seconds()
		} else {
			return nil
		}
		any = true
	}
	if !any {
		return nil
	}
	return &total
}
