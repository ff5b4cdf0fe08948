package sse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse feeds the stream in pieces of the given size.
func parse(stream string, size int) []string {
	var p Parser
	var got []string
	keep := func(e Event) {
		s := string(e.Data)
		if e.Name != "" {
			s = e.Name + "|" + s
		}
		got = append(got, s)
	}
	for b := []byte(stream); len(b) > 0; {
		n := min(size, len(b))
		for e := range p.Feed(b[:n]) {
			keep(e)
		}
		b = b[n:]
	}
	for e := range p.Close() {
		keep(e)
	}
	return got
}

func TestParser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, stream string
		want        []string
	}{
		{"nothing", "", nil},
		{"one event", "data: a\n\n", []string{"a"}},
		{"several in one read", "data: a\n\ndata: b\n\n", []string{"a", "b"}},
		{"no space after the colon", "data:{}\n\n", []string{"{}"}},
		{"only one space is taken", "data:  a\n\n", []string{" a"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR alone", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"mixed ends", "data: a\r\n\ndata: b\n\r\n", []string{"a", "b"}},
		{"comments are pings", ": ping\n\ndata: a\n: x\n\n", []string{"a"}},
		{"lines of data are joined", "data: a\ndata: b\n\n", []string{"a\nb"}},
		{"empty data line", "data:\n\n", []string{""}},
		{"data without a colon", "data\n\n", []string{""}},
		{"event name before data", "event: error\ndata: a\n\n", []string{"error|a"}},
		{"event name after data", "data: a\nevent: error\n\n", []string{"error|a"}},
		{"a name lasts for one event", "event: x\ndata: a\n\ndata: b\n\n", []string{"x|a", "b"}},
		{"an event without data is none", "event: x\n\nid: 1\n\n", nil},
		{"other fields are passed over", "id: 1\nretry: 5\ndata: a\n\n", []string{"a"}},
		{"byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"a"}},
		{"blank lines", "\n\n\ndata: a\n\n\n\n", []string{"a"}},
		{"no blank line at the end", "data: a\n\ndata: [DONE]\n", []string{"a", "[DONE]"}},
		{"no newline at the end", "data: a\n\ndata: [DONE]", []string{"a", "[DONE]"}},
		{"invalid UTF-8 is kept", "data: \xff\xfe\n\n", []string{"\xff\xfe"}},
	} {
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			if diff := cmp.Diff(c.want, parse(c.stream, size)); diff != "" {
				t.Errorf("%s, read %d bytes at a time (-want +got):\n%s", c.why, size, diff)
			}
		}
	}
}

// An event is given by the feed that completes it, not by a later one.
func TestParserGivesEventsAtOnce(t *testing.T) {
	t.Parallel()
	var p Parser
	count := func(s string) (n int) {
		for range p.Feed([]byte(s)) {
			n++
		}
		return n
	}
	for i, step := range []struct {
		feed string
		want int
	}{{"data: a\n", 0}, {"\n", 1}, {"data: b\r\n\r", 1}, {"\ndata: c\n\ndata:", 1}, {" d\n\n", 1}} {
		if got := count(step.feed); got != step.want {
			t.Errorf("step %d: %q gave %d events, want %d", i, step.feed, got, step.want)
		}
	}
}

func TestParserIsBounded(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"x", "data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"} {
		p := Parser{Max: 1000}
		for range 2000 {
			for range p.Feed([]byte(piece)) {
				t.Fatal("an event came out")
			}
		}
		if p.Err() != ErrTooLong {
			t.Errorf("fed %q for ever: Err() = %v, want ErrTooLong", piece, p.Err())
		}
		if held := cap(p.line) + cap(p.data); held > 4000 {
			t.Errorf("fed %q for ever: %d bytes are held", piece, held)
		}
	}
	big := strings.Repeat("a", 10<<20)
	if got := parse("data: "+big+"\n\n", 4096); len(got) != 1 || got[0] != big {
		t.Errorf("an event of 10 MiB did not come out whole")
	}
}

func FuzzParser(f *testing.F) {
	f.Add([]byte("data: a\r\n\r\nevent: e\ndata:b\ndata\n\n:c\rdata: d"), 3)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size <= 0 || size > len(stream) {
			size = 1
		}
		whole, cut := parse(string(stream), len(stream)+1), parse(string(stream), size)
		if diff := cmp.Diff(whole, cut); diff != "" {
			t.Errorf("reading %d bytes at a time changed the events (-whole +cut):\n%s", size, diff)
		}
	})
}

// go test -run=^$ -bench=Parser ./pkg/sse
func BenchmarkParser(b *testing.B) {
	event := []byte(`data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n")
	for _, perRead := range []int{1, 32} {
		b.Run(fmt.Sprintf("events-per-read=%d", perRead), func(b *testing.B) {
			read := bytes.Repeat(event, perRead)
			b.SetBytes(int64(len(read)))
			b.ReportAllocs()
			var p Parser
			n := 0
			for b.Loop() {
				for range p.Feed(read) {
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
