package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Definitions that differ between tools.
const (
	TTFTContent = "content" // the first token is the first chunk with content, reasoning included
	TTFTAny     = "any"     // the first token is the first byte of the answer, whatever is in it

	ITLToken = "token" // what is behind the first token is divided by the tokens behind it
	ITLChunk = "chunk" // it is divided by the arrivals behind the first one: each counts as a token
)

// Options say what is measured, and how. The zero value is AIPerf's way.
type Options struct {
	TTFT        string      // [TTFTContent], the default, or [TTFTAny]
	ITL         string      // [ITLToken], the default, or [ITLChunk]
	Percentiles []float64   // beside those of stat.Percentiles, in percent
	Goodput     []Objective // what a good request meets; none asks for no goodput
	By          []string    // keys by which requests or GPUs are put into groups
	Window      float64     // length of time slices in seconds; 0 makes none
	Where       []Condition // that records must meet
	SLOs        []SLO       // that the report gives a verdict on
	MaxMemory   int64       // bytes that requests may take; 0 is any. Beyond it percentiles are those of sketches
}

func (o *Options) any() bool   { return o.TTFT == TTFTAny }
func (o *Options) chunk() bool { return o.ITL == ITLChunk }

// Definitions says in words what differs from AIPerf's definitions.
func (o *Options) Definitions() []string {
	var list []string
	if o.any() {
		list = append(list, "time to first token is the time to the first byte of the answer (--ttft any), and what is computed from it follows")
	}
	if o.chunk() {
		list = append(list, "inter token latency is divided by arrivals of content (--itl chunk): a chunk counts as a token")
	}
	return list
}

// An Objective is a bound on one metric of a request.
type Objective struct {
	Tag   string
	Bound float64 // in the unit that is shown
}

func (o Objective) String() string { return o.Tag + ":" + strconv.FormatFloat(o.Bound, 'g', -1, 64) }

// ParseGoodput reads objectives as AIPerf's --goodput has them: "tag:value" with
// blanks or commas between them, each value in the unit in which its metric is
// shown. Where more is better, as in throughputs, the value is the least that is
// good, and else the most.
func ParseGoodput(s string) ([]Objective, error) {
	var list []Objective
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }) {
		tag, text, ok := strings.Cut(word, ":")
		if !ok {
			return nil, fmt.Errorf("objective %q has no colon: it is a metric's tag and a value, as in request_latency:250", word)
		}
		bound, err := strconv.ParseFloat(text, 64)
		if err != nil || bound != bound {
			return nil, fmt.Errorf("the value of objective %q is no number", word)
		}
		if _, ok := measureOf(tag); !ok {
			return nil, fmt.Errorf("objective %q: %q is no metric of a request; these are: %s", word, tag, strings.Join(measured(), ", "))
		}
		if slices.ContainsFunc(list, func(o Objective) bool { return o.Tag == tag }) {
			return nil, fmt.Errorf("there are two objectives for %s", tag)
		}
		list = append(list, Objective{tag, bound})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no objective in %q: give one as in request_latency:250", s)
	}
	return list, nil
}

// measured are the tags of the metrics of a request.
func measured() []string {
	var tags []string
	for _, m := range measures {
		tags = append(tags, m.tag)
	}
	return tags
}

func measureOf(tag string) (measure, bool) {
	i := slices.IndexFunc(measures, func(m measure) bool { return m.tag == tag })
	if i < 0 {
		return measure{}, false
	}
	return measures[i], true
}

// good tells whether a request that was answered meets all objectives. What was
// not measured is not met.
func (q *requests) good(row int) bool {
	for _, o := range q.opt.Goodput {
		m, ok := measureOf(o.Tag)
		if !ok {
			return false
		}
		v, ok := m.of(q, row)
		if bound := o.Bound / m.unit.Factor; !ok || m.larger && v < bound || !m.larger && v > bound {
			return false
		}
	}
	return true
}
