package report

import "aiperf/pkg/record"

// scanServer reads what a join knows of the server while the request ran.
func (r *request) scanServer(v record.Value) bool {
	if v[0] != '{' {
		return false
	}
	for key, v := range record.Keys([]byte(v)) {
		switch string(key) {
		case "waiting":
			r.waiting = loose(v)
		case "running":
			r.running = loose(v)
		case "kv_cache":
			r.cache = loose(v)
		}
	}
	return true
}

// aboutThrottling notes how many of the answers may have been slow because of
// the GPUs' limits.
func (b *Builder) aboutThrottling(n *remarks, r *Report) {
	if t := b.requests.throttled; t > 0 {
		n.warn("throttled", "%d of %s ran while power or temperature held a GPU's clock down", t, many(r.Requests.OK, "request"))
	}
}
