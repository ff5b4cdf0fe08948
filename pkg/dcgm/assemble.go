package dcgm

import (
	"cmp"
	"maps"
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

// A reading is a GPU in the making.
type reading struct {
	id identity
	record.GPU
	rank map[string]int // of the families that the fields came from
}

// assemble makes readings of samples in the order of their families. Samples of
// no GPU, and of families of neither exporter, are passed over.
func assemble(samples []sample, helps map[string]string) []record.GPU {
	readings := map[identity]*reading{}
	var s series
	var family, platform string
	var f field
	for _, m := range samples {
		if m.family != family {
			family = m.family
			platform, f = meaning(family, helps[family])
		}
		if platform == "" || !s.read(m.labels) || blank(m.value) {
			continue
		}
		if s.mig != "" && platform == NVIDIA && !perInstance(family) {
			s.toDevice()
		}
		r := readings[s.identity]
		if r == nil {
			r = &reading{id: s.identity, rank: map[string]int{}}
			r.Host, r.Platform, r.UUID, r.MIG = s.host, platform, s.uuid, s.mig
			r.Labels, r.Fields = map[string]string{}, map[string]float64{}
			readings[s.identity] = r
		}
		r.describe(&s)
		if s.message != "" && m.value != 0 {
			r.label("err_msg", s.message)
		}
		r.set(f.name+s.part, f.unit.base(m.value), f.rank)
	}
	out := make([]record.GPU, 0, len(readings))
	for _, r := range slices.SortedFunc(maps.Values(readings), compare) {
		out = append(out, r.GPU)
	}
	return out
}

// meaning tells whose exporter a family is from, "" for none that is known,
// and what it means. A DCGM family that is not known keeps its name.
func meaning(family, help string) (platform string, f field) {
	if strings.HasPrefix(family, "DCGM_") || strings.HasPrefix(family, "dcgm_") {
		f, ok := known(family, help)
		if !ok {
			f = field{family, plain, 0}
		}
		return NVIDIA, f
	}
	if f, ok := amd[strings.TrimPrefix(family, "amd_")]; ok {
		return AMD, f
	}
	return "", field{}
}

// describe fills in what the labels say. Where series of one GPU differ in a
// label, as they do when several pods share it, both values stand in it.
func (r *reading) describe(s *series) {
	if r.GPU.GPU == nil {
		if n, err := strconv.Atoi(s.index); err == nil && n >= 0 {
			r.GPU.GPU = &n
		}
	}
	if r.Model == "" {
		r.Model = s.model
	}
	if r.MIGProfile == "" {
		r.MIGProfile = s.profile
	}
	for _, l := range s.extra {
		r.label(l.name, l.value)
	}
}

func (r *reading) label(name, value string) {
	old, ok := r.Labels[name]
	switch {
	case !ok:
		r.Labels[name] = value
	case old != value:
		all := append(strings.Split(old, ","), value)
		slices.Sort(all)
		r.Labels[name] = strings.Join(slices.Compact(all), ",")
	}
}

// set takes a value. Beside the device's value an exporter may print those of
// the pods that share it, so the largest of one family counts.
func (r *reading) set(name string, v float64, rank int) {
	old, ok := r.Fields[name]
	if !ok || rank < r.rank[name] || rank == r.rank[name] && v > old {
		r.Fields[name], r.rank[name] = v, rank
	}
}

func compare(a, b *reading) int {
	return cmp.Or(
		strings.Compare(a.Host, b.Host),
		compareIndex(a.GPU.GPU, b.GPU.GPU),
		strings.Compare(a.UUID, b.UUID),
		compareMIG(a.MIG, b.MIG),
		strings.Compare(a.id.index, b.id.index),
	)
}

// compareIndex puts a GPU without an index last.
func compareIndex(a, b *int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return *a - *b
}

// compareMIG puts the whole GPU first and orders instances by number.
func compareMIG(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 && !strings.Contains(a+b, "/") {
		return c
	}
	return strings.Compare(a, b)
}
