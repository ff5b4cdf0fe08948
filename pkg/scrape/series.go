package scrape

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"
)

// A board reads the pages of one inference server.
type board struct {
	globs  []string
	engine *engine // nil: not known, or not yet

	types map[string]string // of families, by TYPE
	parts map[string]part   // what a name on the page is
	pairs []pair
	key   []byte
	index map[string]int // of series, by name and labels

	last uint64 // hash of the lines that were taken
	seen bool

	page reading
}

// A reading is what one page of a server says.
type reading struct {
	series   []record.Series
	samples  int // on the page, wanted or not
	rejected int
	reason   error
}

// A part is what a sample is to its family.
type part struct {
	family string
	kind   string
	role   role
}

type role byte

const (
	ignored role = iota
	value
	bucket
	sum
	count
)

// mostNames bounds what is remembered of a page's names.
const mostNames = 50_000

func newBoard(globs []string) *board { return &board{globs: globs, index: map[string]int{}} }

// look takes a page and tells whether what was asked for of it is new. The error
// wraps [dcgm.ErrNotPage].
func (b *board) look(page []byte) (finding, error) {
	if e := detect(page); e != b.engine && e != nil {
		b.engine, b.parts = e, nil
	}
	if b.types == nil || len(b.types) > mostNames {
		b.types, b.parts = map[string]string{}, nil
	}
	if b.parts == nil || len(b.parts) > mostNames {
		b.parts = map[string]part{}
	}
	clear(b.index)
	b.page = reading{}
	var h maphash.Hash
	h.SetSeed(seed)
	b.page.rejected, b.page.reason = lines(page, b.typed, func(line []byte) error { return b.sample(line, &h) })
	if b.page.samples == 0 {
		if b.page.rejected > 0 {
			return 0, fmt.Errorf("%w: %w", dcgm.ErrNotPage, b.page.reason)
		}
		return empty, nil
	}
	for i := range b.page.series {
		complete(&b.page.series[i])
	}
	same := b.seen && h.Sum64() == b.last
	b.seen, b.last = true, h.Sum64()
	if same {
		return repeat, nil
	}
	return news, nil
}

func (b *board) typed(name []byte, kind string) {
	if old, ok := b.types[string(name)]; ok && old == kind {
		return
	}
	b.types[string(name)] = kind
	clear(b.parts)
}

// sample takes one line.
func (b *board) sample(line []byte, h *maphash.Hash) error {
	t, ok := splitName(line)
	if !ok {
		return errName
	}
	p, ok := b.parts[string(t.name)]
	if !ok {
		p = b.part(string(t.name))
		b.parts[string(t.name)] = p
	}
	if p.role == ignored {
		// Not worth reading, and so not known to be good: it must look like a
		// sample for a page to be one.
		if _, err := parseValue(t.rest[lastBrace(t.rest):]); err != nil {
			return err
		}
		b.page.samples++
		return nil
	}
	var rest []byte
	var err error
	if b.pairs, rest, err = parseLabels(t.rest, b.pairs[:0]); err != nil {
		return err
	}
	v, err := parseValue(rest)
	if err != nil {
		return err
	}
	b.page.samples++
	if math.IsNaN(v) || math.IsInf(v, 0) || p.kind == record.Summary && p.role == value {
		return nil // absent, or an estimate of the server's that cannot be added up
	}
	le := 0.0
	if p.role == bucket {
		var text string
		text, b.pairs = takeLabel(b.pairs, "le")
		if le, err = strconv.ParseFloat(text, 64); err != nil || math.IsNaN(le) {
			return errLabels
		}
	}
	h.Write(line)
	h.WriteByte('\n')
	return b.set(p, le, v)
}

// lastBrace is the index behind the last brace that closes labels.
func lastBrace(b []byte) int { return bytes.LastIndexByte(b, '}') + 1 }

// part decides what a name is: its family's, or a part of a histogram.
func (b *board) part(name string) part {
	p := part{family: name, kind: b.types[name], role: value}
	for _, end := range []struct {
		suffix string
		role   role
	}{{"_bucket", bucket}, {"_sum", sum}, {"_count", count}} {
		family, ok := strings.CutSuffix(name, end.suffix)
		if !ok {
			continue
		}
		if kind := b.types[family]; kind == record.Histogram || kind == record.Summary && end.role != bucket {
			p = part{family, kind, end.role}
		}
	}
	if p.kind == "" {
		// OpenMetrics names a counter's family without its ending.
		if p.kind = b.types[strings.TrimSuffix(name, "_total")]; p.kind != record.Counter {
			p.kind = record.Untyped
		}
	}
	if !wanted(p.family, b.globs, b.engine) || p.role == value && p.kind == record.Histogram {
		p.role = ignored
	}
	return p
}

// set puts a value into its series, which is made if there is none.
func (b *board) set(p part, le, v float64) error {
	b.key = append(b.key[:0], p.family...)
	for _, l := range b.pairs {
		b.key = strconv.AppendQuote(append(b.key, ','), l.name)
		b.key = strconv.AppendQuote(b.key, l.value)
	}
	i, ok := b.index[string(b.key)]
	if !ok {
		labels := labelMap(b.pairs)
		if len(labels) < len(b.pairs) {
			return errLabels // one of them twice
		}
		i = len(b.page.series)
		b.index[string(b.key)] = i
		b.page.series = append(b.page.series, record.Series{Name: p.family, Type: p.kind, Labels: labels})
	}
	s := &b.page.series[i]
	switch p.role {
	case value:
		s.Value = first(s.Value, v)
	case sum:
		s.Sum = first(s.Sum, v)
	case count:
		s.Count = first(s.Count, v)
	case bucket:
		s.Buckets = append(s.Buckets, [2]float64{le, v})
	}
	return nil
}

// first keeps the first of two values of one series, as a scraper does.
func first(old *float64, v float64) *float64 {
	if old != nil {
		return old
	}
	return &v
}

func takeLabel(pairs []pair, name string) (string, []pair) {
	for i, l := range pairs {
		if l.name == name {
			return l.value, append(pairs[:i], pairs[i+1:]...)
		}
	}
	return "", pairs
}

func labelMap(pairs []pair) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]string, len(pairs))
	for _, l := range pairs {
		m[l.name] = l.value
	}
	return m
}

// complete orders the buckets of a histogram and takes the infinite one off.
func complete(s *record.Series) {
	if s.Type != record.Histogram {
		return
	}
	slices.SortStableFunc(s.Buckets, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	s.Buckets = slices.CompactFunc(s.Buckets, func(a, b [2]float64) bool { return a[0] == b[0] })
	if n := len(s.Buckets); n > 0 && math.IsInf(s.Buckets[n-1][0], 1) {
		s.Count = first(s.Count, s.Buckets[n-1][1])
		s.Buckets = s.Buckets[:n-1]
	}
	if len(s.Buckets) > 0 && math.IsInf(s.Buckets[0][0], -1) {
		s.Buckets = s.Buckets[1:]
	}
}
