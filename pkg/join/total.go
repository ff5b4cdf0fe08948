package join

import (
	"cmp"
	"math"
	"slices"

	"aiperf/pkg/record"
)

// total adds the GPUs up. ± adds linearly, for GPUs behind one exporter are late
// together. Refresh is the slowest, the lag the largest. A sum is absent if one of its parts is, but
// for energy and what it is made of: there the verdict tells.
func total(list []*record.Energy) *record.Energy {
	first := list[0]
	t := &record.Energy{
		Scope: record.ScopeTotal, GPUs: len(list), Phase: first.Phase,
		From: first.From, To: first.To, Took: first.Took, Verdict: record.Valid, Reasons: []string{},
	}
	all := func(get func(*record.Energy) *float64) *float64 {
		sum := 0.0
		for _, e := range list {
			x := get(e)
			if x == nil {
				return nil
			}
			sum += *x
		}
		return &sum
	}
	some := func(get func(*record.Energy) *float64) (sum *float64) {
		for _, e := range list {
			if x := get(e); x != nil {
				if sum == nil {
					sum = new(float64)
				}
				*sum += *x
			}
		}
		return sum
	}
	t.Energy = some(func(e *record.Energy) *float64 { return e.Energy })
	t.Requests = some(func(e *record.Energy) *float64 { return e.Requests })
	t.Others = some(func(e *record.Energy) *float64 { return e.Others })
	t.Idle = some(func(e *record.Energy) *float64 { return e.Idle })
	t.Counter = all(func(e *record.Energy) *float64 { return e.Counter })
	t.Integral = all(func(e *record.Energy) *float64 { return e.Integral })
	t.PlusMinus = all(func(e *record.Energy) *float64 { return e.PlusMinus })
	for _, e := range list {
		t.Readings += e.Readings
		t.Share = cmp.Or(t.Share, e.Share) // the first GPU may have none
		if e.Refresh != nil && (t.Refresh == nil || *e.Refresh > *t.Refresh) {
			t.Refresh = new(*e.Refresh)
		}
		if e.Lag != nil && (t.Lag == nil || math.Abs(e.Lag.Seconds) > math.Abs(t.Lag.Seconds)) {
			t.Lag = e.Lag
		}
		switch {
		case e.Source == "" || e.Source == t.Source:
		case t.Source == "":
			t.Source = e.Source
		default:
			t.Source = "mixed"
		}
		for _, r := range e.Reasons {
			if !slices.Contains(t.Reasons, r) {
				t.Reasons = append(t.Reasons, r)
			}
			t.Verdict = record.Invalid
		}
	}
	return t
}

// publish rounds to nanojoules and nanoseconds, far below what is known and
// far above what would show in a sum.
func publish(e *record.Energy) {
	for _, x := range []**float64{&e.Energy, &e.Counter, &e.Integral, &e.PlusMinus, &e.Requests, &e.Others, &e.Idle, &e.Refresh} {
		if *x != nil {
			*x = round(**x, 1e9)
		}
	}
}
