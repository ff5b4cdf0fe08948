package load

import (
	"math"
	"sync/atomic"

	"aiperf/pkg/record"
)

// Mismatches are what counts disagree about, over a run.
type mismatches struct {
	streams, differ atomic.Int64
	tokens, chunks  atomic.Int64
	broken          atomic.Int64 // conversations of which a turn failed
}

// add compares the usage that a stream's server told with the chunks that came.
func (m *mismatches) add(rec *record.Request) {
	if rec.Tokens.Source != record.FromUsage || rec.Tokens.Out == nil || rec.Error != nil {
		return
	}
	m.streams.Add(1)
	if out := *rec.Tokens.Out; out != rec.Chunks {
		m.differ.Add(1)
		m.tokens.Add(int64(out))
		m.chunks.Add(int64(rec.Chunks))
	}
}

// tell notes what was found.
func (m *mismatches) tell(r *run) {
	if n := m.differ.Load(); n > 0 {
		level := record.Info
		// An end-of-text token that has no text is one of many; more than that, and
		// the time between tokens is not that between chunks.
		if tokens, chunks := float64(m.tokens.Load()), float64(m.chunks.Load()); math.Abs(tokens-chunks) > 0.1*tokens {
			level = record.Warning
		}
		r.tell(level, "token-mismatch", "in %d of %d streams usage and chunks disagree: %d tokens by usage came in %d chunks; gaps are between chunks",
			n, m.streams.Load(), m.tokens.Load(), m.chunks.Load())
	}
	if n := m.broken.Load(); n > 0 {
		r.tell(record.Warning, "broken-conversation", "of %d conversations a turn failed; the turns behind it were not sent", n)
	}
}

// countable tells that an answer's tokens can be counted better than by chunks.
// Reasoning is not: its text is not kept.
func (x *exchange) countable() bool {
	return x.rec.Error == nil && x.Endpoint.Tokens && !x.ServerCounts && x.arrivals.reasons == 0 &&
		(x.rec.Tokens.Source == "" || x.rec.Tokens.Source == record.FromChunks)
}

// count counts the tokens of answers, apart from the requests.
func (r *run) count() {
	for x := range r.uncounted {
		n, err := r.Count(x.text())
		if err == nil {
			t := x.rec.Tokens
			t.Out, t.Source = &n, record.FromTokenizer
			if t.InSource == t.Source {
				t.InSource = ""
			}
		} else {
			r.tell(record.Warning, "uncounted", "count the tokens of answer %s: %v", x.rec.ID, err)
		}
		r.emit(x.rec)
		r.toCount.Done()
	}
}
