package report

import (
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// A Queue is what an inference server said of itself over time.
type Queue struct {
	Source, Server string
	Tracks         map[string]Track // "running", "waiting" (requests) and "kv" (a ratio)
}

// told names, by the end of a metric's name, what it says. Labels of one metric
// are added up for requests, and the highest counts for the cache.
var spoken = []struct{ what, suffix string }{
	{"running", "num_requests_running"}, {"running", "num_running_reqs"}, {"running", "requests_processing"}, {"running", "num_requests_active"},
	{"running", "tgi_batch_current_size"}, {"running", "trtllm_num_active_requests"},
	{"waiting", "num_requests_waiting"}, {"waiting", "num_queue_reqs"}, {"waiting", "requests_deferred"}, {"waiting", "tgi_queue_size"},
	{"kv", "gpu_cache_usage_perc"}, {"kv", "kv_cache_usage_perc"}, {"kv", "token_usage"}, {"kv", "kv_cache_usage_ratio"}, {"kv", "kv_cache_utilization"},
}

const mostServers = 64

type queues struct {
	bySource map[string]*queue
	order    []string
}

type queue struct {
	server string
	tracks map[string]*track
}

func (q *queues) add(r *record.Server) {
	s := q.bySource[r.Source]
	if s == nil {
		if len(q.order) == mostServers {
			return
		}
		if q.bySource == nil {
			q.bySource = map[string]*queue{}
		}
		s = &queue{clip(r.Server, mostText), map[string]*track{}}
		q.bySource[r.Source] = s
		q.order = append(q.order, r.Source)
	}
	now := map[string]float64{}
	for _, m := range r.Series {
		what := says(m.Name)
		if what == "" || m.Value == nil {
			continue
		}
		have, ok := now[what]
		switch {
		case !ok:
			now[what] = *m.Value
		case what == "kv":
			now[what] = max(have, *m.Value)
		default:
			now[what] = have + *m.Value
		}
	}
	for what, x := range now {
		if s.tracks[what] == nil {
			s.tracks[what] = &track{}
		}
		s.tracks[what].add(r.Taken, x)
	}
}

func says(metric string) string {
	for _, s := range spoken {
		if strings.HasSuffix(metric, s.suffix) {
			return s.what
		}
	}
	return ""
}

func (q *queues) list() []Queue {
	var list []Queue
	for _, source := range q.order {
		s := q.bySource[source]
		if len(s.tracks) == 0 {
			continue
		}
		n := Queue{Source: clip(source, mostText), Server: s.server, Tracks: map[string]Track{}}
		for what, k := range s.tracks {
			n.Tracks[what] = k.track()
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Queue) int { return strings.Compare(a.Source, b.Source) })
	return list
}
