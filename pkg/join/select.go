package join

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/record"
)

// A Selector chooses GPUs: all of its terms must hold. See [ParseSelector].
type Selector struct {
	text  string
	terms []term
}

type term struct {
	key      string
	patterns []string   // for all keys but gpu
	ranges   [][2]int64 // for gpu
}

func (s Selector) String() string { return s.text }

// ParseSelector reads terms KEY=VALUE with commas between them, such as
// "host=node1,gpu=0-3,6". A word without "=" is one more value of the key
// before it, and one of them must match. Keys are host, uuid, model, gpu (the
// index, or a range of them), source, and the names of labels, such as pod.
// Values but indices may hold the wildcards * and ?; a uuid may be cut short.
func ParseSelector(s string) (Selector, error) {
	sel := Selector{text: s}
	for word := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(word, "=")
		key = strings.TrimSpace(key)
		switch {
		case !ok && len(sel.terms) == 0:
			return sel, fmt.Errorf("%q has no KEY=VALUE, such as host=node1 or gpu=0-3", s)
		case !ok:
			value = word
		case key == "":
			return sel, fmt.Errorf("%q has no key before the =", word)
		default:
			sel.terms = append(sel.terms, term{key: key})
		}
		if err := sel.terms[len(sel.terms)-1].add(strings.TrimSpace(value)); err != nil {
			return sel, err
		}
	}
	return sel, nil
}

func (t *term) add(value string) error {
	if value == "" {
		return fmt.Errorf("%s has no value", t.key)
	}
	if t.key != "gpu" {
		t.patterns = append(t.patterns, value)
		return nil
	}
	low, high, isRange := strings.Cut(value, "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.ParseUint(low, 10, 31)
	to, err2 := strconv.ParseUint(high, 10, 31)
	if err1 != nil || err2 != nil || to < from {
		return fmt.Errorf("gpu: %q is neither an index nor a range such as 0-3", value)
	}
	t.ranges = append(t.ranges, [2]int64{int64(from), int64(to)})
	return nil
}

func (s Selector) match(r *reading) bool {
	return !slices.ContainsFunc(s.terms, func(t term) bool { return !t.match(r) })
}

func (t term) match(r *reading) bool {
	switch t.key {
	case "gpu":
		return r.index != nil && slices.ContainsFunc(t.ranges, func(x [2]int64) bool { return x[0] <= int64(*r.index) && int64(*r.index) <= x[1] })
	case "host":
		return t.one(r.host)
	case "model":
		return t.one(r.model)
	case "source":
		return t.one(r.source) || t.one(hostPort(r.source))
	case "uuid":
		return t.one(r.uuid) || slices.ContainsFunc(t.patterns, func(p string) bool { return strings.HasPrefix(r.uuid, p) })
	}
	for key, v := range record.Keys(r.labels) {
		if string(key) == t.key {
			s, ok := v.Text()
			return ok && t.one(s)
		}
	}
	return false
}

// one tells whether s is one of the values. A * stands for slashes too.
func (t term) one(s string) bool {
	s = flat.Replace(s)
	return slices.ContainsFunc(t.patterns, func(p string) bool {
		ok, _ := path.Match(literal.Replace(p), s)
		return ok
	})
}

var (
	flat    = strings.NewReplacer("/", "\x01")
	literal = strings.NewReplacer("/", "\x01", "[", `\[`, `\`, `\\`)
)

// hostPort is the part of a URL that says where.
func hostPort(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	url, _, _ = strings.Cut(url, "/")
	return url
}

// A chooser applies selectors, and remembers of each GPU what it found.
type chooser struct {
	selectors []Selector
	matched   []bool
	rejected  map[string][]byte // by GPU, source and host: the labels with which it was not chosen
}

func (c *chooser) chosen(key string, r *reading) bool {
	if len(c.selectors) == 0 {
		return true
	}
	key += "\x00" + r.source + "\x00" + r.host // another source may be chosen
	if labels, ok := c.rejected[key]; ok && bytes.Equal(labels, r.labels) {
		return false
	}
	some := false
	if c.matched == nil {
		c.matched = make([]bool, len(c.selectors))
	}
	for i, s := range c.selectors {
		if s.match(r) {
			c.matched[i], some = true, true
		}
	}
	if !some {
		if c.rejected == nil {
			c.rejected = map[string][]byte{}
		}
		c.rejected[key] = r.labels
	}
	return some
}

// unmatched are the selectors that chose nothing.
func (c *chooser) unmatched() (list []Selector) {
	for i, s := range c.selectors {
		if c.matched == nil || !c.matched[i] {
			list = append(list, s)
		}
	}
	return list
}
