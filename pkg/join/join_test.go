package join

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// epoch is where all runs of the tests begin.
const epoch record.Time = 1_795_000_000_000_000_000

func at(s float64) record.Time { return epoch.Add(s) }

func line(t testing.TB, r record.Record) record.Line {
	t.Helper()
	b, err := record.Append(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return record.Line{Header: *r.Head(), Raw: bytes.TrimSuffix(b, []byte{'\n'}), File: "test", Number: 1}
}

func seq(ls []record.Line) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		for _, l := range ls {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// sorted is ls in the order in which Merge gives them.
func sorted(ls []record.Line) []record.Line {
	slices.SortStableFunc(ls, func(a, b record.Line) int {
		if a.Time != b.Time {
			return int(a.Time - b.Time)
		}
		return bytes.Compare(a.Raw, b.Raw)
	})
	return ls
}

// A result is an attributed stream, decoded.
type result struct {
	lines  []record.Line
	shares map[string]*record.Share // by request id
	gpus   []record.Energy
	total  *record.Energy
	notes  []string // codes
}

func attribute(t testing.TB, ls []record.Line, opt Options) result {
	t.Helper()
	r := result{shares: map[string]*record.Share{}}
	opt.Note = func(n record.Note) { r.notes = append(r.notes, n.Code) }
	for l, err := range Attribute(seq(ls), opt) {
		if err != nil {
			t.Fatal(err)
		}
		r.lines = append(r.lines, l)
		switch l.Type {
		case record.TypeRequest:
			var q record.Request
			if err := l.Decode(&q); err != nil {
				t.Fatal(err)
			}
			r.shares[q.ID] = q.GPU
		case record.TypeEnergy:
			var e record.Energy
			if err := l.Decode(&e); err != nil {
				t.Fatal(err)
			}
			switch {
			case e.Scope == record.ScopeTotal:
				r.total = &e
			case e.Phase == record.Profiling:
				r.gpus = append(r.gpus, e)
			}
		}
	}
	return r
}

func text(ls []record.Line) string {
	var b strings.Builder
	for _, l := range ls {
		b.Write(l.Raw)
		b.WriteByte('\n')
	}
	return b.String()
}

// A sent is a request of a made-up run, times in seconds.
type sent struct {
	id         string
	start, end float64
	phase      string
	failed     bool
}

func (s sent) lines(t testing.TB) []record.Line {
	b := &record.Begin{Run: "load", ID: s.id, Phase: s.phase, Start: at(s.start)}
	b.Time = at(s.start + 0.0001)
	took := s.end - s.start
	q := &record.Request{Run: "load", ID: s.id, Phase: s.phase, Start: at(s.start), Took: &took}
	q.Time = at(s.end + 0.0002)
	if s.failed {
		q.Error = &record.Error{Class: record.ClassStatus, Code: 500}
	}
	return []record.Line{line(t, b), line(t, q)}
}

// read is a reading of GPU i.
func read(t testing.TB, i int, s float64, fields map[string]float64) record.Line {
	g := &record.GPU{
		Source: "http://node1:9400/metrics", Host: "node1", GPU: &i, UUID: fmt.Sprintf("GPU-%d", i),
		Taken: at(s), Fields: fields,
	}
	g.Time = at(s + 0.001)
	return line(t, g)
}

// steady gives readings of GPU i by counter and power, every step seconds.
func steady(t testing.TB, i int, from, to, step, watts float64) (ls []record.Line) {
	for n := 0; ; n++ {
		s := from + float64(n)*step
		if s > to+1e-9 {
			return ls
		}
		ls = append(ls, read(t, i, s, map[string]float64{
			record.FieldEnergy: 1000 + watts*s, record.FieldPower: watts,
			record.FieldUtilization: 0.5, record.FieldSMClock: 1.98e9,
		}))
	}
}

// A made run is random; its curves are what Attribute should find.
type made struct {
	lines []record.Line
	sent  []sent
	times [][]float64 // of the readings, by GPU
	joule [][]float64
}

func makeRun(t testing.TB, r *rand.Rand) made {
	var m made
	for i := range 1 + r.IntN(3) {
		var ts, es []float64
		e := 1e6 * r.Float64()
		for s := -1.5 - r.Float64(); s < 24; s += 0.05 + r.Float64() {
			ts, es = append(ts, float64(int64(s*1e6))/1e6), append(es, float64(int64(e*1e3))/1e3)
			e += 1 + 400*r.Float64()
			m.lines = append(m.lines, read(t, i, ts[len(ts)-1], map[string]float64{record.FieldEnergy: es[len(es)-1]}))
		}
		m.times, m.joule = append(m.times, ts), append(m.joule, es)
	}
	for i := range 1 + r.IntN(60) {
		s := sent{id: fmt.Sprint(i), phase: record.Profiling, failed: r.IntN(10) == 0}
		s.start = float64(r.IntN(15_000_000)) / 1e6
		if s.start < 2 {
			s.phase = record.Warmup
		}
		s.end = s.start + float64(r.IntN(6_000_000))/1e6
		m.sent = append(m.sent, s)
		m.lines = append(m.lines, s.lines(t)...)
	}
	sorted(m.lines)
	return m
}

// energy is E_g(s).
func (m made) energy(g int, s float64) float64 {
	ts, es := m.times[g], m.joule[g]
	i, _ := slices.BinarySearch(ts, s)
	if i == 0 {
		return es[0]
	}
	if i == len(ts) {
		return es[i-1]
	}
	return es[i-1] + (es[i]-es[i-1])*(s-ts[i-1])/(ts[i]-ts[i-1])
}
