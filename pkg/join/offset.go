package join

import (
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"aiperf/pkg/record"
)

// ParseOffset takes KEY=DURATION apart, as in node1=+12ms.
func ParseOffset(text string) (key string, by time.Duration, err error) {
	i := strings.LastIndexByte(text, '=')
	if i <= 0 {
		return "", 0, fmt.Errorf("%q is not of the form KEY=DURATION, as node1=+12ms", text)
	}
	by, err = time.ParseDuration(text[i+1:])
	if err != nil {
		return "", 0, fmt.Errorf("%q: %q is no duration, as +12ms, -1.5s or 250us", text, text[i+1:])
	}
	return text[:i], by, nil
}

// Offsets are what the clocks of hosts are to be corrected by. The Shifts of
// several inputs may share them.
type Offsets struct {
	hosts map[string]time.Duration

	mu   sync.Mutex
	used map[string]bool
	seen map[string]bool
}

// NewOffsets gives the Offsets of hosts, by their names.
func NewOffsets(hosts map[string]time.Duration) *Offsets {
	return &Offsets{hosts: hosts, used: map[string]bool{}, seen: map[string]bool{}}
}

// Spread is how much the order of lines of different hosts may change.
func (o *Offsets) Spread() time.Duration {
	var least, most time.Duration // lines that are not moved are there too
	for _, by := range o.hosts {
		least, most = min(least, by), max(most, by)
	}
	const limit = 1 << 62 // so that a window may be added
	if least < most-limit {
		return limit
	}
	return most - least
}

// Unused are the hosts for which there was no line.
func (o *Offsets) Unused() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for name := range o.hosts {
		if !o.used[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Seen are the hosts that lines were of, a hundred of them at most.
func (o *Offsets) Seen() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.seen))
}

// Shift moves the instants of lines by the offset of their host. The error of a
// line whose instants would leave the years that a record can hold is a
// LineError; the line is passed on as it is.
//
// The host of a line is the first of these that has an offset: the "host" of
// the line itself, which is that of the GPU; the host of its run; for a line
// without "run", the host that GPU readings of the same "source" name, that in
// the URL of its source, and the host of the runs in this input, if all are of
// one.
func (o *Offsets) Shift(in iter.Seq2[record.Line, error]) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		h := hosts{offsets: o, runs: map[string]string{}, sources: map[string]string{}, known: map[string]bool{}}
		for l, err := range in {
			if err == nil {
				if by, ok := h.offset(l); ok {
					l, err = move(l, by)
				}
			}
			if err != nil && !yield(record.Line{}, err) || l.Raw != nil && !yield(l, nil) {
				return
			}
		}
	}
}

// ShiftAll moves the instants of all lines, as Shift does.
func ShiftAll(in iter.Seq2[record.Line, error], by time.Duration) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		for l, err := range in {
			if err == nil {
				l, err = move(l, by)
			}
			if err != nil && !yield(record.Line{}, err) || l.Raw != nil && !yield(l, nil) {
				return
			}
		}
	}
}

// namesMost bounds how many names of one kind a hostile stream can make hosts
// remember.
const namesMost = 1 << 16

// hosts finds the hosts of the lines of one input.
type hosts struct {
	offsets *Offsets
	runs    map[string]string // host by run
	sources map[string]string // host by source
	known   map[string]bool   // names that are in offsets.seen, or used
	only    string            // host of all runs until now
	mixed   bool              // they are of several
}

func (h *hosts) offset(l record.Line) (time.Duration, bool) {
	var host, run, source string
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "host":
			p.text("host", v, &host)
		case "run":
			p.text("run", v, &run)
		case "source":
			p.text("source", v, &source)
		}
	}
	h.learn(l.Type, host, run, source)
	if by, ok := h.find(host); ok {
		return by, true
	}
	if of, ok := h.runs[run]; ok {
		return h.find(of)
	}
	if source != "" {
		if by, ok := h.find(h.sources[source]); ok {
			return by, true
		}
		if u, err := url.Parse(source); err == nil {
			if by, ok := h.find(u.Hostname()); ok {
				return by, true
			}
		}
	}
	if h.mixed {
		return 0, false
	}
	return h.find(h.only)
}

// learn remembers what l says of hosts.
func (h *hosts) learn(kind, host, run, source string) {
	if host == "" {
		return
	}
	if !h.known[host] && len(h.known) < namesMost {
		h.known[host] = true
		h.offsets.see(host)
	}
	switch kind {
	case record.TypeRun:
		if len(h.runs) < namesMost {
			h.runs[run] = host
		}
		h.mixed = h.mixed || h.only != "" && h.only != host
		h.only = host
	case record.TypeGPU:
		if _, ok := h.sources[source]; !ok && len(h.sources) < namesMost {
			h.sources[source] = host
		}
	}
}

func (h *hosts) find(host string) (time.Duration, bool) {
	by, ok := h.offsets.hosts[host]
	if ok && !h.known["\x00"+host] {
		h.known["\x00"+host] = true
		h.offsets.use(host)
	}
	return by, ok
}

func (o *Offsets) see(host string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.seen) < 100 {
		o.seen[host] = true
	}
}

func (o *Offsets) use(host string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used[host] = true
}
