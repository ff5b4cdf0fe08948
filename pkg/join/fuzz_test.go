package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// anyRun is a run of any shape: GPUs that come late, fall silent, are lost, are
// reset, have power only or instances; requests that fail, never end, have no
// begin line, no tokens, or no length; lines that come late.
func anyRun(t testing.TB, r *rand.Rand) []record.Line {
	var ls []record.Line
	chance := func(n int) bool { return r.IntN(n) == 0 }
	for i := range r.IntN(5) {
		step := 0.02 + 2*r.Float64()*r.Float64()
		from, to := -5+6*r.Float64(), 15+20*r.Float64()
		joules, counter, power := 1e9*r.Float64()*r.Float64(), !chance(4), !chance(3)
		for s := from; s < to; s += step * (0.5 + r.Float64()) {
			if chance(200) {
				s += 10 * r.Float64() // silence
			}
			if chance(300) {
				joules = r.Float64() // reset
			}
			g := &record.GPU{Source: fmt.Sprintf("http://node%d:9400/metrics", i/2), GPU: &i, UUID: fmt.Sprintf("GPU-%d", i), Taken: at(s), Fields: map[string]float64{}}
			if chance(50) {
				g.MIG = "1"
			}
			if counter {
				g.Fields[record.FieldEnergy] = joules
			}
			if power {
				g.Fields[record.FieldPower] = 1000 * r.Float64()
			}
			g.Fields[record.FieldUtilization], g.Fields[record.FieldSMClock] = r.Float64(), 2e9*r.Float64()
			joules += 1000 * r.Float64() * step
			g.Time = at(s + 0.01*r.Float64())
			ls = append(ls, line(t, g))
		}
	}
	for i := range r.IntN(80) {
		q := makeAsked(r, i)
		if chance(4) {
			q.phase = record.Warmup
		}
		if chance(10) {
			q.end = q.start
		}
		pair := q.lines(t)
		switch r.IntN(12) {
		case 0:
			pair = pair[:1] // never ends
		case 1:
			pair = pair[1:] // no begin
		case 2:
			pair[1] = record.Line{} // late
			ls = append(ls, pair[0])
			var again record.Request
			if err := q.lines(t)[1].Decode(&again); err != nil {
				t.Fatal(err)
			}
			again.Time = again.Time.Add(5 * r.Float64())
			pair = []record.Line{line(t, &again)}
		case 3:
			pair = append(pair, pair...) // twice
		}
		ls = append(ls, pair...)
	}
	if chance(2) {
		end := &record.End{Run: "load", Reason: record.Interrupted}
		end.Time = at(5 + 20*r.Float64())
		ls = append(ls, line(t, end))
	}
	return sorted(ls)
}

// Whatever the stream is like, energy is conserved (or Attribute gives an
// error), no line is lost and none moves, and nothing is charged below nothing.
func FuzzAttribute(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, share uint8) {
		r := rand.New(rand.NewPCG(seed, 77))
		in := anyRun(t, r)
		opt := Options{Share: Shares[int(share)%len(Shares)], Prefill: 3, Decode: 1}
		if share&8 != 0 {
			opt.Begins = FindBegins(seq(in))
		}
		out := attribute(t, in, opt).lines
		for i, l := range in {
			was, is := string(l.Raw), string(out[i].Raw)
			if before, _, ok := strings.Cut(is, `,"gpu":{`); ok && l.Type == record.TypeRequest {
				is = before + "}"
			}
			if was != is {
				t.Fatalf("line %d is\n%s, was\n%s", i, is, was)
			}
		}
		for _, l := range out[len(in):] {
			var e record.Energy
			if err := l.Decode(&e); err != nil || l.Type != record.TypeEnergy {
				t.Fatalf("%s: %v", l.Raw, err)
			}
			small := -1e-6 - 1e-9*math.Abs(value(e.Energy))
			for _, x := range []*float64{e.Energy, e.Requests, e.Others, e.Idle, e.PlusMinus} {
				if value(x) < small {
					t.Errorf("%s", l.Raw)
				}
			}
			if e.Energy != nil && e.Requests != nil {
				parts := value(e.Requests) + value(e.Others) + value(e.Idle)
				if d := math.Abs(parts - value(e.Energy)); d > 1e-8+1e-9*math.Abs(value(e.Energy)) {
					t.Errorf("%v J in parts: %s", parts, l.Raw)
				}
			}
			if slices.Contains(e.Reasons, "") {
				t.Errorf("%s", l.Raw)
			}
		}
	})
}
