package promhist

import (
	"cmp"
	"strconv"

	"aiperf/pkg/record"
)

// unknownInterval is how long a GPU's server may be silent, in milliseconds,
// before its interval is known.
const unknownInterval = 60_000

// replicas keep to one server and job for each GPU: two that scrape the same
// exporter know different instants for the same values, between which a counter
// would seem to go back. Another one takes over when the first has been silent
// for more than two of its intervals.
type replicas struct {
	gpus    map[gpuKey]*serving
	dropped int64
}

type gpuKey struct{ instance, host, uuid, mig string }

type serving struct {
	by       targetKey
	at       int64
	interval int64
}

// choose gives those of a page's readings that count.
func (r *replicas) choose(f *feed, at int64, readings []record.GPU) []record.GPU {
	if r.gpus == nil {
		r.gpus = map[gpuKey]*serving{}
	}
	kept := readings[:0]
	for _, g := range readings {
		index := ""
		if g.GPU != nil {
			index = strconv.Itoa(*g.GPU)
		}
		k := gpuKey{f.key.instance, g.Host, cmp.Or(g.UUID, index), g.MIG}
		s := r.gpus[k]
		switch {
		case s == nil:
			r.gpus[k] = &serving{by: f.key, at: at, interval: unknownInterval}
		case s.by == f.key:
			s.at, s.interval = at, at-s.at
		case at-s.at > 2*s.interval:
			s.by, s.at = f.key, at
		default:
			r.dropped++
			continue
		}
		kept = append(kept, g)
	}
	return kept
}
