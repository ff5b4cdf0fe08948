package load

import (
	"io"
	"testing"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/wire"
)

// A recorded body gives one event a read.
type recordedBody struct {
	events [][]byte
	next   int
	at     time.Time
}

func (b *recordedBody) Next() ([]byte, error) {
	if b.next == len(b.events) {
		return nil, io.EOF
	}
	b.next++
	b.at = b.at.Add(10 * time.Millisecond)
	return b.events[b.next-1], nil
}

func (b *recordedBody) Arrived() time.Time { return b.at }
func (b *recordedBody) First() time.Time   { return b.at }
func (b *recordedBody) Ended() bool        { return b.next == len(b.events) }
func (b *recordedBody) Limit(time.Time)    {}

// What becomes of an answer of 200 events between the socket and its record:
//
//	go test -run '^$' -bench Stream ./pkg/load
func BenchmarkStream(b *testing.B) {
	const event = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795437373,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}` + "\n\n"
	var events [][]byte
	for range 200 {
		events = append(events, []byte(event))
	}
	events = append(events, []byte(stop), []byte(done))
	body := &recordedBody{}
	s := newStage(&run{Plan: Plan{Clock: record.StartClock(), Target: Target{Endpoint: openai.Chat}}, stop: b.Context(), flight: b.Context()}, Phase{})
	ss := &session{stage: s, Conversation: prompt.Conversation{Turns: make([]prompt.Turn, 1)}}
	header := &wire.Header{Status: 200, ContentType: "text/event-stream"}
	b.ReportAllocs()
	for b.Loop() {
		body.events, body.next, body.at = events, 0, time.Unix(1795437373, 0)
		x := &exchange{session: ss, client: &client{Target: Target{Endpoint: openai.Chat, Options: openai.Options{Streaming: true}}},
			rec: &record.Request{Tokens: &record.Tokens{}, Bytes: &record.Bytes{}, HTTP: &record.HTTP{}}, start: body.at}
		if f := x.answer(header, body); f != nil {
			b.Fatal(f)
		}
		if x.measure(); x.rec.Chunks != 200 {
			b.Fatal(x.rec.Chunks)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/event")
}
