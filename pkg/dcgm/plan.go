package dcgm

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// Platforms.
const (
	NVIDIA = "nvidia"
	AMD    = "amd"
)

// A plan says where each value of a page belongs. It depends on which lines
// there are and not on their order.
type plan struct {
	count   int // of different lines, comments among them
	lines   []*line
	devices []device
	names   []string  // of the slots
	ratios  [][]*line // of one family each, that are ratios or percentages
}

// A device is a GPU or instance, whose values are in slots from to to.
type device struct {
	record.GPU
	from, to int
}

// A draft is a device in the making.
type draft struct {
	id identity
	record.GPU
	labels map[string]map[string]bool
	fields map[string][]*line
}

// newPlan makes the plan of the lines of a page.
func newPlan(seen []*line, sel *Select) *plan {
	slices.SortFunc(seen, func(a, b *line) int {
		return cmp.Or(strings.Compare(a.family, b.family), strings.Compare(a.text, b.text))
	})
	said := readComments(seen)
	b := builder{drafts: map[identity]*draft{}, helps: said.helps, sel: sel}
	for _, l := range seen {
		l.slot = -1
		if !l.sample || said.parts[l.family] {
			continue
		}
		b.add(l)
	}
	return b.finish()
}

// A builder gathers drafts.
type builder struct {
	drafts map[identity]*draft
	helps  map[string]string
	sel    *Select

	family string // of the line before
	field  field
	known  bool
	ratios map[string][]*line

	later []pending // series without a UUID
}

// A pending series waits until all UUIDs are known.
type pending struct {
	line   *line
	series series
	name   string
}

// add takes the samples in the order of their families.
func (b *builder) add(l *line) {
	if l.family != b.family || b.family == "" {
		b.family = l.family
		b.field, b.known = meaning(l.family, b.help(l.family))
	}
	f := b.field
	if !b.known {
		return
	}
	var s series
	if !s.read(l, &f) {
		return
	}
	b.sel.note(l, f.name)
	l.unit, l.rank, l.positive = f.unit, f.rank, f.positive
	l.oldDriver = slices.ContainsFunc(l.labels, func(x label) bool { return x.name == oldDriver })
	name := f.name + s.part
	if f.info || !b.sel.keeps(l.family, f.name, name) {
		name = ""
	}
	if s.uuid == "" {
		b.later = append(b.later, pending{l, s, name})
		return
	}
	b.place(l, &s, name)
}

func (b *builder) help(family string) string {
	if h, ok := b.helps[family]; ok {
		return h
	}
	return b.sel.help(family)
}

// place puts a series where it belongs.
func (b *builder) place(l *line, s *series, name string) {
	d := b.drafts[s.identity]
	if d == nil {
		d = &draft{id: s.identity, labels: map[string]map[string]bool{}, fields: map[string][]*line{}}
		d.Host, d.Platform, d.UUID, d.MIG = s.host, s.platform, s.uuid, s.mig
		b.drafts[s.identity] = d
	}
	d.describe(s)
	if name == "" {
		return
	}
	d.fields[name] = append(d.fields[name], l)
	if l.unit == &ratio {
		if b.ratios == nil {
			b.ratios = map[string][]*line{}
		}
		b.ratios[l.family] = append(b.ratios[l.family], l)
	}
}

// finish numbers the slots.
func (b *builder) finish() *plan {
	b.settle()
	for _, d := range b.drafts {
		d.inherit(b.drafts)
	}
	p := &plan{}
	drafts := slices.SortedFunc(maps.Values(b.drafts), compare)
	for _, d := range drafts {
		from := len(p.names)
		for _, name := range slices.Sorted(maps.Keys(d.fields)) {
			for _, l := range d.fields[name] {
				l.slot = int32(len(p.names))
				p.lines = append(p.lines, l)
			}
			p.names = append(p.names, name)
		}
		if from == len(p.names) {
			continue
		}
		d.Labels = make(map[string]string, len(d.labels))
		for name, values := range d.labels {
			d.Labels[name] = strings.Join(slices.Sorted(maps.Keys(values)), ",")
		}
		p.devices = append(p.devices, device{d.GPU, from, len(p.names)})
	}
	for _, family := range slices.Sorted(maps.Keys(b.ratios)) {
		p.ratios = append(p.ratios, b.ratios[family])
	}
	return p
}

// settle gives series without a UUID to the GPU of the same host and index, if
// there is just one.
func (b *builder) settle() {
	if len(b.later) == 0 {
		return
	}
	type seat struct{ host, index string }
	uuids := map[seat][]string{}
	for id, d := range b.drafts {
		if d.GPU.GPU != nil {
			k := seat{id.host, strconv.Itoa(*d.GPU.GPU)}
			if len(uuids[k]) < 2 && !slices.Contains(uuids[k], id.uuid) {
				uuids[k] = append(uuids[k], id.uuid)
			}
		}
	}
	for _, l := range b.later {
		if u := uuids[seat{l.series.host, l.series.index}]; len(u) == 1 {
			l.series.uuid, l.series.identity.index = u[0], ""
		}
		b.place(l.line, &l.series, l.name)
	}
}

// describe fills in what the labels say. Where series of one GPU differ in a
// label, as they do when several pods share it, all values stand in it, sorted
// and with commas between them.
func (d *draft) describe(s *series) {
	if d.GPU.GPU == nil {
		if n, err := strconv.Atoi(s.index); err == nil && n >= 0 {
			d.GPU.GPU = &n
		}
	}
	if d.Model == "" {
		d.Model = s.model
	}
	if d.MIGProfile == "" {
		d.MIGProfile = s.profile
	}
	for _, l := range s.extra {
		d.label(l.name, l.value)
	}
}

func (d *draft) label(name, value string) {
	if d.labels[name] == nil {
		d.labels[name] = map[string]bool{}
	}
	d.labels[name][value] = true
}

// inherit gives an instance what only the lines of its GPU say, as with
// nvidia_gpu_exporter.
func (d *draft) inherit(drafts map[identity]*draft) {
	if d.MIG == "" || d.GPU.GPU != nil {
		return
	}
	parent := d.id
	parent.mig = ""
	g := drafts[parent]
	if g == nil {
		return
	}
	d.GPU.GPU, d.Model = g.GPU.GPU, g.Model
	for name, values := range g.labels {
		if d.labels[name] == nil && ofDevice(name) {
			d.labels[name] = values
		}
	}
}

// values are those of the slots of a page, NaN where there is none.
type values struct {
	base  []float64
	ranks []int8
}

// read takes the values of a plan's lines. Several lines may have one slot:
// the best rank counts, and of one rank the largest value, for beside the
// device's value an exporter may print those of the pods that share it.
func (vs *values) read(p *plan) {
	vs.base = slices.Grow(vs.base[:0], len(p.names))[:len(p.names)]
	vs.ranks = slices.Grow(vs.ranks[:0], len(p.names))[:len(p.names)]
	for i := range vs.base {
		vs.base[i] = math.NaN()
	}
	for _, family := range p.ratios {
		settleRatio(family)
	}
	for _, l := range p.lines {
		if blank(l.value) || l.positive && l.value <= 0 {
			continue
		}
		v := l.unit.base(l.value)
		if math.IsInf(v, 0) {
			continue
		}
		old, rank := vs.base[l.slot], vs.ranks[l.slot]
		if old != old || l.rank < rank || l.rank == rank && v > old {
			vs.base[l.slot], vs.ranks[l.slot] = v, l.rank
		}
	}
}

// readings are the GPUs that have a value. Their maps come from fields.
func (p *plan) readings(vs *values, fields func(n int) map[string]float64) []record.GPU {
	out := make([]record.GPU, 0, len(p.devices))
	for i := range p.devices {
		d := &p.devices[i]
		var f map[string]float64
		for s := d.from; s < d.to; s++ {
			if v := vs.base[s]; v == v {
				if f == nil {
					f = fields(d.to - d.from)
				}
				f[p.names[s]] = v
			}
		}
		if f != nil {
			out = append(out, d.GPU)
			out[len(out)-1].Fields = f
		}
	}
	return out
}
