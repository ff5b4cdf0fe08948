package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"aiperf/pkg/prompt"
	"aiperf/pkg/sse"
)

// go test -run=^$ -bench=Chunk ./pkg/openai
//
// What came of it: the fast ways are some ten times as fast as encoding/json,
// and leave nothing to collect.
func BenchmarkChunk(b *testing.B) {
	run := func(endpoint, kind, data string) {
		g := dialects[endpoint]
		name := "endpoint=" + endpoint + "/kind=" + strings.ReplaceAll(kind, " ", "-")
		b.Run(name+"/by=fast", func(b *testing.B) {
			text := []byte(data)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := g.fast(text); !ok {
					b.Fatal("no fast way")
				}
			}
		})
		b.Run(name+"/by=general", func(b *testing.B) {
			text := []byte(data)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.general("", text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, c := range usual {
		if c.why != "the terminator" {
			run(c.endpoint, c.why, c.data)
		}
	}
	run("chat", "usage", withUsage)
}

// go test -run=^$ -bench=Stream ./pkg/openai
//
// An event read at a time, from the socket's bytes to what it means.
func BenchmarkStream(b *testing.B) {
	for _, c := range usual {
		if c.why != "text" {
			continue
		}
		event := "data: " + c.data + "\n\n"
		switch c.endpoint {
		case "responses":
			event = "event: response.output_text.delta\n" + event
		case "messages":
			event = "event: content_block_delta\n" + event
		}
		b.Run("endpoint="+c.endpoint, func(b *testing.B) {
			e, err := Lookup(c.endpoint)
			if err != nil {
				b.Fatal(err)
			}
			read := []byte(event)
			b.SetBytes(int64(len(read)))
			b.ReportAllocs()
			var p sse.Parser
			n := 0
			for b.Loop() {
				for ev := range p.Feed(read) {
					d, err := e.Chunk(ev.Name, ev.Data)
					if err != nil {
						b.Fatal(err)
					}
					n += d.N
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// go test -run=^$ -bench=Body ./pkg/openai
func BenchmarkBody(b *testing.B) {
	text := strings.Repeat("some words of a prompt, \"quoted\"\nand naïve ", 50)
	a := Ask{Turn: prompt.Turn{Messages: user(text), Out: new(200), Texts: []string{text}, Query: "q"}}
	o := Options{Model: "m", Streaming: true, Extra: Fields{{"ignore_eos", json.RawMessage("true")}, {"min_tokens", json.RawMessage("200")}}}
	for _, e := range endpoints[:len(endpoints)-1] {
		body, err := e.Body(nil, a, o)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("endpoint="+e.Name+"/by=append", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			buf := make([]byte, 0, 2*len(body))
			for b.Loop() {
				if _, err := e.Body(buf, a, o); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("endpoint="+e.Name+"/by=encoding-json", func(b *testing.B) {
			var v map[string]any
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
