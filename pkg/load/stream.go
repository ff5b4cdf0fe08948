package load

import (
	"io"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/record"
	"aiperf/pkg/sse"
	"aiperf/pkg/wire"
)

// lingering is how long a stream may stay open after its last word before its
// connection is given up.
const lingering = time.Second

// stream reads an answer of server-sent events, each with the instant of the
// socket read that completed it.
func (x *exchange) stream(h *wire.Header, b body) *record.Error {
	if !isStream(h.ContentType) {
		const enough = 16 << 10
		words, _ := x.all(b, enough)
		return x.failure(record.ClassDecode, "the answer is %q and no stream of events: %s", h.ContentType, openai.Message(words))
	}
	r := reader{exchange: x}
	err := r.read(b)
	x.run.held.Add(-int64(r.held))
	switch {
	case r.failed != nil:
		return r.failed
	case r.done:
		// The last word was said; what the connection does then is no failure.
	case err != io.EOF:
		return x.classify(err, true)
	case x.rec.Finish == "" && r.events == 0 && x.rec.Bytes.Received > 0:
		return x.failure(record.ClassDecode, "the answer has no event in it: it is no stream of server-sent events")
	case x.rec.Finish == "":
		return x.failure(record.ClassTruncated, "the stream ended without [DONE] and without a finish_reason")
	}
	if x.arrivals.n == 0 {
		return x.empty()
	}
	return nil
}

// A reader reads a stream's events.
type reader struct {
	*exchange
	parser sse.Parser
	events int
	cut    bool // the event is one that only the end of the stream has ended
	held   int  // bytes of unfinished events, as the run counts them
	done   bool // the terminator has come
	failed *record.Error
}

// read feeds the body to the parser until its end, or until its last word has
// been said.
func (r *reader) read(b body) error {
	for {
		piece, err := b.Next()
		if len(piece) > 0 {
			at := b.Arrived()
			r.rec.Bytes.Received += int64(len(piece))
			for e := range r.parser.Feed(piece) {
				r.event(e, at)
			}
			r.account()
		}
		if err == io.EOF {
			r.cut = true
			for e := range r.parser.Close() {
				r.event(e, b.Arrived())
			}
		}
		switch {
		case r.failed != nil:
			return nil
		case r.done:
			return r.linger(b, err)
		case r.parser.Err() != nil:
			return r.parser.Err()
		case err != nil:
			return err
		}
	}
}

// Bounds on what servers can make a run hold.
const (
	mostPieces = 1 << 20 // of content in one answer
	mostHeld   = 1 << 30 // bytes of unfinished events of all streams
)

// account keeps count of what all streams hold of unfinished events, and gives up
// a stream that is one too many.
func (r *reader) account() {
	held := r.parser.Held()
	if held == r.held {
		return
	}
	total := r.run.held.Add(int64(held - r.held))
	r.held = held
	if total > mostHeld && held > 64<<10 {
		r.failed = r.failure(record.ClassDecode, "streams hold more than %d MiB of unfinished events, this one %d", mostHeld>>20, held>>20)
	}
}

// linger waits a little for the end of the body, behind which the connection can
// carry another request.
func (r *reader) linger(b body, err error) error {
	if err != nil || b.Ended() {
		return nil
	}
	b.Limit(time.Now().Add(lingering))
	for err == nil && !b.Ended() {
		_, err = b.Next()
	}
	return nil
}

func (r *reader) event(e sse.Event, at time.Time) {
	if r.done || r.failed != nil {
		return
	}
	r.events++
	d, err := r.Endpoint.Chunk(e.Name, e.Data)
	switch {
	case err != nil && r.cut:
		r.failed = r.failure(record.ClassTruncated, "the stream ended in the middle of event %d", r.events)
		return
	case err != nil:
		r.failed = r.failure(record.ClassDecode, "event %d: %v", r.events, err)
		return
	case d.Err != nil:
		r.failed = r.failure(record.ClassStream, "%v", d.Err)
		return
	}
	r.note(d)
	if r.arrivals.n+d.N > mostPieces {
		r.failed = r.failure(record.ClassDecode, "the answer has more than %d pieces of content", mostPieces)
		return
	}
	if d.Kind != openai.None {
		if r.arrivals.n == 0 {
			r.began.Do(r.prefill.leave)
		}
		r.arrivals.add(at.Sub(r.start), kinds[d.Kind], d.N)
		r.keepText(e.Data)
	}
	r.done = d.Done
}

// kinds are the record's names of kinds.
var kinds = [...]record.Kind{
	openai.Content: record.KindText, openai.Reasoning: record.KindReasoning, openai.Tool: record.KindTool,
}

// measure turns arrivals into what the record holds.
func (x *exchange) measure() {
	rec, a := x.rec, &x.arrivals
	rec.Chunks = a.n
	rec.TTFT = new(a.first.Seconds())
	rec.Took = new(a.end.Seconds())
	rec.Kinds = a.runs()
	if a.thought && a.answers {
		rec.TTFO = new(a.output.Seconds())
	}
	if !x.NoGaps {
		rec.Gaps = a.gaps()
	}
	if rec.Tokens.Source == "" && x.Target.Endpoint.Tokens && !x.ServerCounts {
		rec.Tokens.Out, rec.Tokens.Source = new(a.n), record.FromChunks
		if a.reasons > 0 {
			rec.Tokens.Reasoning = new(a.reasons)
		}
	}
	x.counts.add(rec)
}
