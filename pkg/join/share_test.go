package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// An asked is a request with tokens; what it is is also said as rates, which
// are computed here by another way than in the package.
type asked struct {
	sent
	gaps            []float64
	ttft            *float64
	in, cached, out int
	counted         bool
	rates           []rate
}

type rate struct{ from, to, tokens float64 } // per second

func micro(x float64) float64 { return math.Round(x*1e6) / 1e6 }

func makeAsked(r *rand.Rand, id int) asked {
	q := asked{sent: sent{id: fmt.Sprint(id), phase: record.Profiling, failed: r.IntN(12) == 0}}
	q.start = micro(2 + 15*r.Float64())
	q.in, q.counted = r.IntN(500), true
	if r.IntN(3) == 0 {
		q.cached = r.IntN(q.in + 1)
	}
	work := float64(q.in - q.cached)
	switch r.IntN(5) {
	case 0: // not streamed
		q.out = r.IntN(300)
		q.end = micro(q.start + 4*r.Float64())
		q.rates = []rate{{q.start, q.end, (work + float64(q.out)) / (q.end - q.start)}}
	case 1: // streamed, gaps left out
		q.out = 1 + r.IntN(300)
		first := micro(0.01 + r.Float64())
		q.ttft = &first
		q.end = micro(q.start + first + 0.1 + 3*r.Float64())
		q.rates = []rate{
			{q.start, q.start + first, (work + 1) / first},
			{q.start + first, q.end, float64(q.out-1) / (q.end - q.start - first)},
		}
	default:
		n := 1 + r.IntN(30)
		q.out = n * (1 + r.IntN(3))
		at := 0.0
		for i := range n {
			gap := micro(0.001 + 0.1*r.Float64())
			if i == 0 {
				gap = micro(0.01 + r.Float64())
				q.ttft = &gap
			} else if r.IntN(5) == 0 {
				gap = 0 // in one read
			}
			at = micro(at + gap)
			q.gaps = append(q.gaps, gap)
			tokens := float64(q.out) / float64(n)
			if i == 0 {
				tokens += work
			}
			if gap == 0 {
				last := &q.rates[len(q.rates)-1]
				last.tokens += tokens / (last.to - last.from)
				continue
			}
			q.rates = append(q.rates, rate{q.start + at - gap, q.start + at, tokens / gap})
		}
		q.end = micro(q.start + at)
		if q.failed {
			q.end = micro(q.end + r.Float64()) // until the failure
		}
	}
	return q
}

func (q asked) lines(t testing.TB) []record.Line {
	ls := q.sent.lines(t)
	var r record.Request
	if err := ls[1].Decode(&r); err != nil {
		t.Fatal(err)
	}
	r.TTFT, r.Gaps, r.Chunks = q.ttft, q.gaps, len(q.gaps)
	r.Tokens = &record.Tokens{In: &q.in, Out: &q.out}
	if q.cached > 0 {
		r.Tokens.Cached = &q.cached
	}
	ls[1] = line(t, &r)
	return ls
}

// weight is what the request weighs at s.
func (q asked) weight(share string, s float64) float64 {
	if share == Phase {
		switch {
		case q.ttft != nil && s < q.start+*q.ttft, q.ttft == nil && q.out == 0:
			return 5
		}
		return 2
	}
	for _, r := range q.rates {
		if r.from <= s && s < r.to {
			return r.tokens
		}
	}
	return 0
}

// naively charges slice by slice: O(slices × requests).
func naively(m made, qs []asked, share string) map[string]float64 {
	var cuts []float64
	for _, q := range qs {
		cuts = append(cuts, q.start, q.end)
		for _, r := range q.rates {
			cuts = append(cuts, r.from, r.to)
		}
	}
	slices.Sort(cuts)
	charged := map[string]float64{}
	for i := 1; i < len(cuts); i++ {
		from, to := cuts[i-1], cuts[i]
		if to-from < 1e-9 {
			continue // one instant, computed in two ways
		}
		middle := (from + to) / 2
		joules := 0.0
		for g := range m.times {
			joules += m.energy(g, to) - m.energy(g, from)
		}
		var flying []asked
		all := 0.0
		for _, q := range qs {
			if q.start < middle && middle < q.end {
				flying = append(flying, q)
				all += q.weight(share, middle)
			}
		}
		for _, q := range flying {
			if all == 0 {
				charged[q.id] += joules / float64(len(flying))
			} else {
				charged[q.id] += joules * q.weight(share, middle) / all
			}
		}
	}
	return charged
}

func TestWeightedSharesEqualBruteForce(t *testing.T) {
	t.Parallel()
	for _, share := range []string{Token, Phase} {
		for seed := range uint64(60) {
			r := rand.New(rand.NewPCG(seed, 3))
			m := makeRun(t, r)
			m.lines = slices.DeleteFunc(m.lines, func(l record.Line) bool { return l.Type != record.TypeGPU })
			var qs []asked
			for i := range 1 + r.IntN(50) {
				qs = append(qs, makeAsked(r, i))
				m.lines = append(m.lines, qs[i].lines(t)...)
			}
			got := attribute(t, sorted(m.lines), Options{Share: share, Prefill: 5, Decode: 2})
			want := naively(m, qs, share)
			sum := 0.0
			for _, q := range qs {
				s := got.shares[q.id]
				if s == nil || s.Energy == nil || s.Share != share {
					t.Fatalf("%s, seed %d: request %+v has %+v; notes %v", share, seed, q, s, got.notes)
				}
				// The instants of a record are nanoseconds: a slice may be one longer.
				if d := math.Abs(*s.Energy - want[q.id]); d > 1e-4+1e-6*want[q.id] {
					t.Errorf("%s, seed %d: request %s was charged %v J, want %v", share, seed, q.id, *s.Energy, want[q.id])
				}
				if !q.failed {
					sum += *s.Energy
				}
			}
			if e := got.total; e != nil {
				if math.Abs(sum-value(e.Requests)) > 1e-6 {
					t.Errorf("%s, seed %d: the shares add up to %v J, the energy line says %v", share, seed, sum, value(e.Requests))
				}
				if parts := value(e.Requests) + value(e.Others) + value(e.Idle); math.Abs(parts-value(e.Energy)) > 1e-8+1e-9*value(e.Energy) {
					t.Errorf("%s, seed %d: %v J in parts of %v", share, seed, parts, value(e.Energy))
				}
				if e.Share != share {
					t.Errorf("share %q, want %q", e.Share, share)
				}
			}
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		end      float64
		tokens   []step
		phases   []step
	}{
		{"no tokens at all", `{}`, 2, []step{{at(2), 0}}, []step{{at(2), 5}}},
		{"not streamed", `{"tokens":{"in":6,"out":4}}`, 2, []step{{at(2), 5}}, []step{{at(2), 2}}},
		{"cached tokens cost nothing", `{"tokens":{"in":6,"cached":4,"out":4}}`, 2, []step{{at(2), 3}}, []step{{at(2), 2}}},
		{"more in the cache than asked", `{"tokens":{"in":6,"cached":60,"out":4}}`, 2, []step{{at(2), 2}}, []step{{at(2), 2}}},
		{
			"two chunks of two tokens", `{"ttft":0.5,"gaps":[0.5,0.25],"chunks":2,"tokens":{"in":6,"out":4}}`, 0.75,
			[]step{{at(0.5), 16}, {at(0.75), 8}}, []step{{at(0.5), 5}, {at(0.75), 2}},
		},
		{"two chunks in one read", `{"ttft":0.5,"gaps":[0.5,0],"tokens":{"in":6,"out":4}}`, 0.5, []step{{at(0.5), 20}}, []step{{at(0.5), 5}}},
		{"chunks for tokens", `{"ttft":0.5,"chunks":3}`, 1.5, []step{{at(0.5), 2}, {at(1.5), 2}}, []step{{at(0.5), 5}, {at(1.5), 2}}},
		{"no gaps kept", `{"ttft":0.5,"chunks":5,"tokens":{"in":6,"out":5}}`, 1.5, []step{{at(0.5), 14}, {at(1.5), 4}}, []step{{at(0.5), 5}, {at(1.5), 2}}},
		{
			"failed after its last chunk", `{"ttft":0.5,"gaps":[0.5],"tokens":{"in":6,"out":1},"error":{}}`, 3,
			[]step{{at(0.5), 14}, {at(3), 0}}, []step{{at(0.5), 5}, {at(3), 2}},
		},
		{"first chunk at once", `{"ttft":0,"gaps":[0,0.5],"tokens":{"in":6,"out":4}}`, 0.5, []step{{at(0.5), 20}}, []step{{at(0.5), 2}}},
		{"all at once", `{"ttft":0,"gaps":[0,0],"tokens":{"in":6,"out":4}}`, 0.5, []step{{at(0.5), 20}}, []step{{at(0.5), 2}}},
		{"gaps beyond the end", `{"ttft":1,"gaps":[1,1],"tokens":{"in":0,"out":2}}`, 1.5, []step{{at(1), 1}, {at(1.5), 2}}, []step{{at(1), 5}, {at(1.5), 2}}},
		{"no time at all", `{"tokens":{"in":6,"out":4}}`, 0, nil, []step{{at(0), 2}}},
	} {
		f, err := lifeOf(record.Line{Raw: []byte(c.in)})
		if err != nil {
			t.Fatal(err)
		}
		all := cmp.Options{cmp.AllowUnexported(step{}), cmpopts.EquateApprox(1e-9, 0)}
		if diff := cmp.Diff(c.tokens, f.tokens(at(0), at(c.end)), all); diff != "" {
			t.Errorf("%s: by tokens (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.phases, f.phases(at(0), at(c.end), 5, 2), all); diff != "" {
			t.Errorf("%s: by phases (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestBadShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{Share: "fair"}, `share "fair" is not known; there are ["equal" "token" "phase"]`},
		{Options{Share: Phase}, `weights 0 of prefill and 0 of decode: neither may be below 0, and not both 0`},
		{Options{Share: Phase, Prefill: -1, Decode: 2}, `weights -1 of prefill and 2 of decode: neither may be below 0, and not both 0`},
	} {
		var got error
		for _, err := range Attribute(seq(nil), c.opt) {
			got = err
		}
		if got == nil || got.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.opt, got, c.want)
		}
	}
}

// What a request is charged by tokens is not known before it has ended: what is
// held is what has happened since the oldest in flight began.
func TestTokenShareWaitsForTheOldest(t *testing.T) {
	t.Parallel()
	ls := steady(t, 0, -5, 100, 0.5, 200)
	long := asked{sent: sent{id: "long", start: 1, end: 60, phase: record.Profiling}, out: 590, counted: true}
	ls = append(ls, long.lines(t)...)
	short := asked{sent: sent{id: "short", start: 10, end: 20, phase: record.Profiling}, out: 100, counted: true}
	ls = append(ls, short.lines(t)...)
	got := attribute(t, sorted(ls), Options{Share: Token})
	// 10 tokens/s each while both run.
	for id, want := range map[string]float64{"long": 200 * (59 - 5), "short": 200 * 5} {
		if s := got.shares[id]; s == nil || math.Abs(value(s.Energy)-want) > 1e-3 {
			t.Errorf("%s: %+v, want %v J", id, s, want)
		}
	}
}

// Sums of millions of terms must come back to nothing.
func TestExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var s exact
	var in [][2]float64
	for range 100_000 {
		x, y := math.Exp(30*r.Float64()-10), math.Exp(20*r.Float64())
		in = append(in, [2]float64{x, y})
		s.addProduct(x, y)
	}
	r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
	for _, x := range in[1:] {
		s.addProduct(-x[0], x[1])
	}
	if want := in[0][0] * in[0][1]; math.Abs(s.value()-want) > 1e-9*want {
		t.Errorf("%v is left, want %v", s.value(), want)
	}
}

// A request of more tokens than can be is told, weighs nothing, and leaves the
// others what is theirs.
func TestTokensBeyondMeasure(t *testing.T) {
	t.Parallel()
	for _, tokens := range []string{`"tokens":{"in":1,"out":1e308}`, `"tokens":{"in":-1e308,"out":1}`, `"chunks":1e300`, `"ttft":1e300,"tokens":{"in":1,"out":1}`} {
		ls := steady(t, 0, -5, 20, 0.5, 100)
		for i, q := range []sent{{id: "odd", start: 2, end: 4}, {id: "b", start: 3, end: 5}, {id: "c", start: 8, end: 9}} {
			q.phase = record.Profiling
			pair := q.lines(t)
			more := `"tokens":{"in":10,"out":10}`
			if i == 0 {
				more = tokens
			}
			raw := pair[1].Raw
			pair[1].Raw = append(append(slices.Clone(raw[:len(raw)-1]), ","+more...), '}')
			ls = append(ls, pair...)
		}
		got, told := map[string]float64{}, 0
		for l, err := range Attribute(seq(sorted(ls)), Options{Share: Token}) {
			if err != nil {
				told++
			} else if l.Type == record.TypeRequest {
				var q record.Request
				if err := l.Decode(&q); err == nil && q.GPU != nil {
					got[q.ID] = value(q.GPU.Energy)
				}
			}
		}
		delete(got, "odd")
		want := map[string]float64{"b": 200, "c": 100}
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" || told != 1 {
			t.Errorf("%s: %d errors, energies (-want +got):\n%s", tokens, told, diff)
		}
	}
}
