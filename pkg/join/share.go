package join

import (
	"bytes"
	"fmt"
	"math"

	"aiperf/pkg/record"
)

// Conventions that divide the energy of an instant among the requests in
// flight.
const (
	// Equal divides it evenly.
	Equal = "equal"
	// Token divides it by the tokens that each produces then. Those of a prompt,
	// less what came from the server's cache, are produced evenly until the
	// first chunk arrives, those of the answer over the gap before the chunk
	// that they arrive in, the same number in each chunk. An answer that is not
	// streamed is produced evenly over the request's life, and so is what is not
	// known in more detail.
	Token = "token"
	// Phase divides it by a weight that each has until its first token, and
	// another that it has from then on; see Options.Prefill. A request that
	// never got a token counts as prefill, an answer that was not streamed as
	// decode.
	Phase = "phase"
)

// Shares are the conventions that there are.
var Shares = []string{Equal, Token, Phase}

// A step is a part of a request's life, over which its weight is the same.
type step struct {
	until  record.Time
	weight float64
}

// A life is what a request line says of how tokens came.
type life struct {
	ttft            float64
	streamed        bool // ttft is known
	gaps            record.Value
	chunks          int
	in, cached, out float64
	counted         bool // out is known
}

func lifeOf(l record.Line) (f life, err error) {
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "ttft":
			if f.streamed = p.number("ttft", v, &f.ttft); math.Abs(f.ttft) > longest {
				p.unlikely("ttft", v)
			}
		case "gaps":
			f.gaps = v
		case "chunks":
			var n float64
			if p.number("chunks", v, &n); plausible(n) {
				f.chunks = int(n)
			} else {
				p.unlikely("chunks", v)
			}
		case "tokens":
			f.count(&p, v)
		}
	}
	if !f.counted && f.chunks > 0 {
		f.out, f.counted = float64(f.chunks), true
	}
	f.in = max(0, f.in-max(0, f.cached))
	f.out = max(0, f.out)
	return f, p.err
}

// count reads the tokens.
func (f *life) count(p *pick, tokens record.Value) {
	for key, v := range record.Keys(tokens) {
		var n float64
		switch string(key) {
		case "in":
			p.number("in", v, &n)
			f.in = n
		case "cached":
			p.number("cached", v, &n)
			f.cached = n
		case "out":
			f.counted = p.number("out", v, &n)
			f.out = n
		}
		if !plausible(n) {
			p.unlikely(string(key), v)
		}
	}
}

// phases are the steps of a request by [Phase].
func (f life) phases(start, end record.Time, prefill, decode float64) []step {
	first := start.Add(f.ttft)
	switch {
	case f.streamed && first > start && first < end:
		return []step{{first, prefill}, {end, decode}}
	case f.streamed && first <= start, !f.streamed && f.out > 0:
		return []step{{end, decode}}
	}
	return []step{{end, prefill}}
}

// tokens are the steps of a request by [Token].
func (f life) tokens(start, end record.Time) []step {
	m := making{at: start, end: end}
	if n := f.arrivals(); n > 0 {
		each := f.out / float64(n)
		m.pending = f.in
		sum := 0.0
		for gap := range floats(f.gaps) {
			sum += gap
			m.produce(start.Add(sum), each)
		}
		return m.finish()
	}
	if f.streamed && f.out > 0 {
		m.produce(start.Add(f.ttft), f.in+1)
		m.produce(end, f.out-1)
		return m.finish()
	}
	m.produce(end, f.in+f.out)
	return m.finish()
}

func (f life) arrivals() (n int) {
	if len(f.gaps) > 2 {
		n = 1 + bytes.Count(f.gaps, []byte{','})
	}
	return n
}

// A making turns tokens and when they were there into steps.
type making struct {
	at, end record.Time
	from    record.Time // where the last step begins
	pending float64     // tokens that took no time and have no step before them
	steps   []step
}

// produce has so many tokens be there at t.
func (m *making) produce(t record.Time, tokens float64) {
	n := len(m.steps)
	switch t = min(t, m.end); {
	case t > m.at:
		m.steps = append(m.steps, step{t, (tokens + m.pending) / t.Sub(m.at)})
		m.from, m.at, m.pending = m.at, t, 0
	case n > 0: // they came with those before
		m.steps[n-1].weight += tokens / m.at.Sub(m.from)
	default:
		m.pending += tokens
	}
}

func (m *making) finish() []step {
	if m.at < m.end {
		m.steps = append(m.steps, step{m.end, m.pending / m.end.Sub(m.at)})
	}
	return m.steps
}

// stepsOf are the steps of the request of a line by the convention of opt; nil
// for [Equal].
func stepsOf(l record.Line, start, end record.Time, opt *Options) ([]step, bool, error) {
	if opt.Share == Equal {
		return nil, true, nil
	}
	f, err := lifeOf(l)
	if err != nil {
		return nil, true, err // it weighs nothing
	}
	if opt.Share == Phase {
		return f.phases(start, end, opt.Prefill, opt.Decode), true, err
	}
	return f.tokens(start, end), f.counted || f.in > 0, err
}

func (o *Options) checkShare() error {
	switch o.Share {
	case Equal, Token:
		return nil
	case Phase:
		if o.Prefill < 0 || o.Decode < 0 || o.Prefill+o.Decode <= 0 {
			return fmt.Errorf("weights %v of prefill and %v of decode: neither may be below 0, and not both 0", o.Prefill, o.Decode)
		}
		return nil
	}
	return fmt.Errorf("share %q is not known; there are %q", o.Share, Shares)
}
