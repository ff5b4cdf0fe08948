package load

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/record"
	"aiperf/pkg/sse"
)

// buffers are what bodies are read into.
var buffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// A reply collects a stream.
type reply struct {
	*exchange
	events    int
	reasoning int         // arrivals of reasoning
	last      record.Time // arrival of the last content
	offsets   []int64     // arrivals of content, nanoseconds since the start
	done      bool
	failed    *record.Error
}

// stream reads an answer of server-sent events, each with the instant of the
// socket read that completed it.
func (x *exchange) stream(ctx context.Context, cancel func(), resp *http.Response) *record.Error {
	x.firstByte()
	buf := buffers.Get().(*[16 << 10]byte)
	defer buffers.Put(buf)
	if !isStream(resp.Header.Get("Content-Type")) {
		n, _ := io.ReadFull(resp.Body, buf[:])
		x.rec.Bytes.Received = int64(n)
		return failure(record.ClassDecode, x.status, "the answer is %q and no stream of events: %s",
			resp.Header.Get("Content-Type"), openai.Message(buf[:n]))
	}
	r := &reply{exchange: x}
	if asked := x.rec.Tokens.Asked; asked != nil && *asked > 0 {
		r.offsets = make([]int64, 0, min(*asked+1, 1<<16))
	}
	err := r.read(resp.Body, buf[:], func() { time.AfterFunc(lingering, cancel) })
	r.measure()
	switch {
	case r.failed != nil:
		return r.failed
	case r.done:
		// The last word was said; what the connection does then is no failure.
	case err != io.EOF:
		return classify(ctx, err, true, x.status)
	case x.rec.Finish == "" && r.events == 0 && x.rec.Bytes.Received > 0:
		return failure(record.ClassDecode, x.status, "the answer has no event in it: it is no stream of server-sent events")
	case x.rec.Finish == "":
		return failure(record.ClassTruncated, x.status, "the stream ended without [DONE] and without a finish_reason")
	}
	if len(r.offsets) == 0 {
		return x.empty()
	}
	return nil
}

// read feeds the body to the parser until its end. said is called when the
// terminator has come.
func (r *reply) read(body io.Reader, buf []byte, said func()) error {
	var p sse.Parser
	for {
		n, err := body.Read(buf)
		if n > 0 {
			at := r.arrived()
			r.rec.Bytes.Received += int64(n)
			for e := range p.Feed(buf[:n]) {
				r.event(e, at, said)
			}
		}
		if err == io.EOF {
			for e := range p.Close() {
				r.event(e, r.arrived(), said)
			}
		}
		switch {
		case r.failed != nil:
			return nil
		case p.Err() != nil:
			return p.Err()
		case err != nil:
			return err
		}
	}
}

func (r *reply) event(e sse.Event, at record.Time, said func()) {
	if r.done || r.failed != nil {
		return
	}
	r.events++
	d, err := r.Endpoint.Chunk(e.Data)
	switch {
	case err != nil && e.Name == "error":
		r.failed = failure(record.ClassStream, r.status, "%s", openai.Message(e.Data))
		return
	case err != nil:
		r.failed = failure(record.ClassDecode, r.status, "event %d: %v", r.events, err)
		return
	case d.Err != nil:
		r.failed = failure(record.ClassStream, r.status, "%v", d.Err)
		return
	case d.Done:
		r.done = true
		said()
		return
	}
	r.note(d)
	if d.Content {
		r.last = at
		r.offsets = append(r.offsets, int64(at-r.rec.Start))
		if d.Reasoning {
			r.reasoning++
		}
	}
}

// measure turns arrivals into what the record holds.
func (r *reply) measure() {
	rec := r.rec
	rec.Chunks = len(r.offsets)
	if len(r.offsets) == 0 {
		return
	}
	rec.TTFT = new(float64(r.offsets[0]) / 1e9)
	rec.Took = new(r.last.Sub(rec.Start))
	rec.Gaps = record.GapsOf(r.offsets)
	if rec.Tokens.Out == nil {
		rec.Tokens.Out, rec.Tokens.Source = new(len(r.offsets)), record.FromChunks
		if r.reasoning > 0 {
			rec.Tokens.Reasoning = new(r.reasoning)
		}
	}
}
