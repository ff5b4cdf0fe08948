package join

import (
	"iter"
	"net/netip"
	"net/url"
	"strings"

	"aiperf/pkg/record"
)

// A serverReading is what the join needs of a server record.
type serverReading struct {
	source string
	taken  record.Time
	value  [quantities]float64
	has    [quantities]bool
	front  bool // a front end's: what runs on it runs on the servers behind it
}

// readServer takes the gauges of gaugeTable out of a server record: requests
// added up over all sets of labels, ratios averaged.
func readServer(l record.Line) (*serverReading, error) {
	r := &serverReading{taken: l.Time}
	p := pick{line: l}
	var all [gauged]tally
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "source":
			p.text("source", v, &r.source)
		case "taken":
			p.time("taken", v, &r.taken)
		case "series":
			for s := range elements(v) {
				readSeries(&p, s, &all)
			}
		}
	}
	r.settle(&all)
	p.past("taken", r.taken)
	return r, p.err
}

func (r *serverReading) settle(all *[gauged]tally) {
	for q := range quantities {
		if q == qKVCache {
			r.value[q], r.has[q] = all[q].mean()
		} else {
			r.value[q], r.has[q] = all[q].sum()
		}
	}
	used, some := all[qUsed].sum()
	if size, ok := all[qSize].sum(); !r.has[qKVCache] && some && ok && size > 0 {
		r.value[qKVCache], r.has[qKVCache] = used/size, true
	}
	if x := r.value[qKVCache]; x < 0 || x > 1 {
		r.has[qKVCache] = false // no ratio
	}
	for _, q := range []int{qRunning, qWaiting} {
		r.front = r.front || r.has[q] && gaugeTable[all[q].place/2].front
	}
}

// readSeries adds one series of a page to what was read of it.
func readSeries(p *pick, series record.Value, all *[gauged]tally) {
	var places []int
	var labels record.Value
	var kind string
	var x float64
	altered, some := 0, false
	for key, v := range record.Keys(series) {
		switch string(key) {
		case "name":
			var name string
			p.text("name", v, &name)
			short, cut := normal(name)
			if places = gaugesByName[short]; places == nil {
				return
			}
			if cut {
				altered = 1
			}
		case "type":
			p.text("type", v, &kind)
		case "labels":
			labels = v
		case "value":
			some = p.number("value", v, &x)
		}
	}
	if !some || !plausible(x) || x < 0 || kind == record.Counter {
		return
	}
	for _, i := range places {
		if g := &gaugeTable[i]; g.label == "" || labelOf(labels, g.label) == g.value {
			all[g.what].add(2*i+altered, labels, x)
		}
	}
}

func labelOf(labels record.Value, name string) (text string) {
	for key, v := range record.Keys(labels) {
		if string(key) == name {
			text, _ = v.Text()
		}
	}
	return text
}

// elements yields the objects in a JSON array that is known to be valid, as
// they stand. Nothing is yielded of what is no array.
func elements(array record.Value) iter.Seq[record.Value] {
	return func(yield func(record.Value) bool) {
		if len(array) == 0 || array[0] != '[' {
			return
		}
		depth, from, quoted := 0, 0, false
		for i := 1; i < len(array); i++ {
			switch c := array[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '{' || c == '[':
				if depth == 0 {
					from = i
				}
				depth++
			case c == '}' || c == ']':
				depth--
				if depth == 0 && c == '}' && !yield(array[from:i+1]) {
					return
				}
			}
		}
	}
}

// place is the host and port of a URL, the same for all names of this machine's
// own; the port is its scheme's if none is given. What is no URL with a host is
// taken as it stands.
func place(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
		if ip = ip.Unmap(); ip.IsLoopback() || ip.IsUnspecified() {
			host = "localhost"
		}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return host + " " + port
}

// way is the path and query of a URL, which tell sources of one place apart.
func way(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		return u.RequestURI()
	}
	return ""
}
