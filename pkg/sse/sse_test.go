package sse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse feeds the stream in pieces, whose sizes cut gives, and shows the events.
func parse(p *Parser, stream string, cut func() int) []string {
	var got []string
	keep := func(e Event) {
		s := string(e.Data)
		if e.Name != "" {
			s = e.Name + "|" + s
		}
		got = append(got, s)
	}
	for b := []byte(stream); len(b) > 0; {
		n := min(cut(), len(b))
		piece := bytes.Clone(b[:n])
		for e := range p.Feed(piece) {
			keep(e)
		}
		for i := range piece { // a parser that kept the bytes would show it
			piece[i] = '#'
		}
		b = b[n:]
	}
	for e := range p.Close() {
		keep(e)
	}
	return got
}

func by(n int) func() int { return func() int { return n } }

func random(seed uint64) func() int {
	rng := rand.New(rand.NewPCG(seed, 0))
	return func() int { return 1 + rng.IntN(1+rng.IntN(12)) }
}

// cuts are the ways in which each stream is fed.
func cuts() map[string]func() int {
	all := map[string]func() int{"whole": by(1 << 30)}
	for _, n := range []int{1, 2, 3, 5, 7} {
		all[fmt.Sprintf("%d bytes at a time", n)] = by(n)
	}
	for seed := range uint64(20) {
		all[fmt.Sprintf("at random, seed %d", seed)] = random(seed)
	}
	return all
}

func TestParser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, stream string
		want        []string
	}{
		{"nothing", "", nil},
		{"one event", "data: a\n\n", []string{"a"}},
		{"several in one read, or one over several", "data: a\n\ndata: b\n\ndata: c\n\n", []string{"a", "b", "c"}},
		{"no space after the colon", "data:{}\n\n", []string{"{}"}},
		{"only one space is taken", "data:  a\n\n", []string{" a"}},
		{"a tab is no space", "data:\ta\n\n", []string{"\ta"}},
		{"spaces at the end stay", "data: a \n\n", []string{"a "}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR alone", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"mixed ends", "data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\rdata: e\r\r\n", []string{"a", "b", "c", "d", "e"}},
		{"CR in the middle of a line ends it", "data: a\rdata: b\n\n", []string{"a\nb"}},
		{"CR and another field before an LF", "data: a\rx\n\n", []string{"a"}},
		{"LF CR is two ends", "data: a\n\rdata: b\n\n", []string{"a", "b"}},
		{"comments are pings", ": ping\n\ndata: a\n: x\n\n:\n\n", []string{"a"}},
		{"a comment between an event and its blank line", "data: a\n:\n\n", []string{"a"}},
		{"lines of data are joined", "data: a\ndata: b\ndata:c\n\n", []string{"a\nb\nc"}},
		{"empty lines of data are joined too", "data\ndata\n\ndata: a\ndata:\n\n", []string{"\n", "a\n"}},
		{"empty data line", "data:\n\n", []string{""}},
		{"data without a colon", "data\n\n", []string{""}},
		{"a colon in the data", "data: a: b:\n\n", []string{"a: b:"}},
		{"event name before data", "event: error\ndata: a\n\n", []string{"error|a"}},
		{"event name after data", "data: a\nevent: error\n\n", []string{"error|a"}},
		{"the last event name counts", "event: a\nevent:b\ndata: c\n\n", []string{"b|c"}},
		{"an empty event name takes it back", "event: a\nevent\ndata: c\n\n", []string{"c"}},
		{"a name lasts for one event", "event: x\ndata: a\n\ndata: b\n\n", []string{"x|a", "b"}},
		{"a name does not survive an event without data", "event: x\n\ndata: b\n\n", []string{"b"}},
		{"an event without data is none", "event: x\n\nid: 1\n\n", nil},
		{"other fields are passed over", "id: 1\nretry: 5\ndata: a\nid\nretry: x\n\n", []string{"a"}},
		{"fields are told by case", "Data: a\nDATA: b\n\ndata: c\n\n", []string{"c"}},
		{"a space before the colon is part of the field's name", "data : a\n\n data: b\n\n", nil},
		{"longer field names are others", "database: a\ndat: b\n\n", nil},
		{"byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"a"}},
		{"a byte order mark alone on its line", "\xef\xbb\xbf\ndata: a\n\n", []string{"a"}},
		{"a second byte order mark is none", "\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", []string{"b"}},
		{"a later byte order mark is none", "data: a\n\n\xef\xbb\xbfdata: b\n\n", []string{"a"}},
		{"half a byte order mark", "\xef\xbbdata: a\n\ndata: b\n\n", []string{"b"}},
		{"blank lines", "\n\n\ndata: a\n\n\n\n", []string{"a"}},
		{"no blank line at the end", "data: a\n\ndata: [DONE]\n", []string{"a", "[DONE]"}},
		{"no newline at the end", "data: a\n\ndata: [DONE]", []string{"a", "[DONE]"}},
		{"CR at the end", "data: a\r", []string{"a"}},
		{"nothing but a name at the end", "event: x", nil},
		{"invalid UTF-8 is kept", "data: \xff\xfe\n\n", []string{"\xff\xfe"}},
		{"NUL bytes are kept", "data: a\x00b\n\nevent: \x00\ndata: \x00\n\n", []string{"a\x00b", "\x00|\x00"}},
		{"an id with a NUL is passed over", "id: \x00\ndata: a\n\n", []string{"a"}},
		{"U+2028 ends no line", "data: a\u2028b\n\n", []string{"a\u2028b"}},
		{"form feeds and such end no line", "data: a\f\v\x85b\n\n", []string{"a\f\v\x85b"}},
		{"more names than are remembered", "event: a\ndata: 1\n\nevent: b\ndata: 1\n\nevent: c\ndata: 1\n\nevent: d\ndata: 1\n\nevent: e\ndata: 1\n\nevent: f\ndata: 1\n\nevent: g\ndata: 1\n\nevent: h\ndata: 1\n\nevent: i\ndata: 1\n\nevent: a\ndata: 1\n\n",
			[]string{"a|1", "b|1", "c|1", "d|1", "e|1", "f|1", "g|1", "h|1", "i|1", "a|1"}},
		{"an HTML page has no event in it", "<html>\n<body>\n\n</body></html>\n", nil},
	} {
		if diff := cmp.Diff(c.want, slow(c.stream)); diff != "" {
			t.Errorf("%s, by the slow reading (-want +got):\n%s", c.why, diff)
		}
		for how, cut := range cuts() {
			if diff := cmp.Diff(c.want, parse(new(Parser), c.stream, cut)); diff != "" {
				t.Errorf("%s, fed %s (-want +got):\n%s", c.why, how, diff)
			}
		}
	}
}

// slow reads a whole stream as the standard says, line by line.
func slow(stream string) (events []string) {
	stream = strings.TrimPrefix(stream, "\xef\xbb\xbf")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var name string
	var data []string
	for line := range strings.SplitSeq(stream+"\n\n", "\n") {
		if line == "" {
			if data != nil {
				all := strings.Join(data, "\n")
				if name != "" {
					all = name + "|" + all
				}
				events = append(events, all)
			}
			name, data = "", nil
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			data = append(data, value)
		case "event":
			name = value
		}
	}
	return events
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

// What comes out before an event that is too long, and that it is too long,
// must not depend on how the reads cut the stream.
func TestParserIsBounded(t *testing.T) {
	t.Parallel()
	const most = 100
	line := func(n int) string { return "data: " + strings.Repeat("a", n-len("data: ")) }
	for _, c := range []struct {
		why, stream string
		events      int
		err         error
	}{
		{"a line of just the length", line(most) + "\n\n", 1, nil},
		{"a line one longer", "data: b\n\n" + line(most+1) + "\n\ndata: b\n\n", 1, ErrTooLong},
		{"CRLF is no part of it", line(most) + "\r\n\r\n", 1, nil},
		{"data and the line behind it", line(56) + "\n" + line(50) + "\n\n", 1, nil},
		{"data and the line behind it, one longer", line(56) + "\n" + line(51) + "\n\n", 0, ErrTooLong},
		{"a line that never ends", strings.Repeat("x", 50*most), 0, ErrTooLong},
		{"an event that never ends", strings.Repeat(line(20)+"\n", 50), 0, ErrTooLong},
		{"a comment that never ends", ":" + strings.Repeat(" ", 50*most), 0, ErrTooLong},
		{"comments for ever", strings.Repeat(": ping\n", 50) + "data: b\n\n", 1, nil},
		{"events for ever", strings.Repeat(line(60)+"\n\n", 50), 50, nil},
	} {
		for how, cut := range cuts() {
			p := Parser{Max: most}
			if got := parse(&p, c.stream, cut); len(got) != c.events || p.Err() != c.err {
				t.Errorf("%s, fed %s: %d events, error %v; want %d, %v", c.why, how, len(got), p.Err(), c.events, c.err)
			}
		}
	}
	p := Parser{Max: most}
	for range 50 {
		for range p.Feed([]byte("data: aaaaaaaaaa\ndata: b")) {
			t.Fatal("an event came out")
		}
		if cap(p.buf) > most {
			t.Fatalf("%d bytes are held, want no more than %d", cap(p.buf), most)
		}
	}
	long := Parser{}
	if parse(&long, "event: "+strings.Repeat("n", maxName+1)+"\ndata: a\n\n", by(100)); long.Err() != ErrTooLong {
		t.Errorf("a name of %d bytes: Err() = %v, want ErrTooLong", maxName+1, long.Err())
	}
}

func TestParserLetsGoOfHugeEvents(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("a", 10<<20)
	for _, stream := range []string{"data: " + big + "\n\n", "data: " + big[:5<<20] + "\ndata: " + big[5<<20+1:] + "\n\n", ":" + big + "\n\ndata: \n\n"} {
		for _, n := range []int{4096, 1 << 30} {
			var p Parser
			got := parse(&p, stream, by(n))
			if diff := cmp.Diff(slow(stream), got); diff != "" {
				t.Errorf("an event of 10 MiB, fed %d bytes at a time, did not come out whole", n)
			}
			if cap(p.buf) > keep {
				t.Errorf("after an event of 10 MiB, fed %d bytes at a time, %d bytes are held", n, cap(p.buf))
			}
		}
	}
}

// A loop that is left must not leave a half-handled event behind.
func TestFeedLeftEarly(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, stream := range []string{"data: a\n\ndata: lost\n\n", "event: e\ndata: a\ndata: b\n\ndata: lost\n\n"} {
		for range p.Feed([]byte(stream)) {
			break
		}
	}
	for e := range p.Feed([]byte("data: c\n\n")) {
		if string(e.Data) != "c" || e.Name != "" {
			t.Errorf("got %q %q, want c", e.Name, e.Data)
		}
	}
}

func TestParserAfterClose(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, c := range []struct {
		stream string
		want   []string
	}{
		{"event: x\ndata: a\ndata: b\r", []string{"x|a\nb"}},
		{"\ndata: c", []string{"c"}},
		{"\xef\xbb\xbfdata: d", []string{"d"}},
	} {
		if diff := cmp.Diff(c.want, parse(&p, c.stream, by(4))); diff != "" {
			t.Errorf("%q after others (-want +got):\n%s", c.stream, diff)
		}
	}
}

func TestParserDoesNotAllocate(t *testing.T) {
	whole := []byte("event: response.output_text.delta\ndata: {}\n\n")
	cut := [][]byte{[]byte("event: message_st"), []byte("op\ndata: {\nda"), []byte("ta: }\n\n")}
	var p Parser
	events := 0
	if n := testing.AllocsPerRun(100, func() {
		for range p.Feed(whole) {
			events++
		}
		for _, b := range cut {
			for range p.Feed(b) {
				events++
			}
		}
	}); n != 0 || events != 202 {
		t.Errorf("%d events, %v allocations each time; want 202, 0", events, n)
	}
}

func FuzzParser(f *testing.F) {
	f.Add([]byte("data: a\r\n\r\nevent: e\ndata:b\ndata\n\n:c\rdata: d"), uint64(3))
	f.Add([]byte("\xef\xbb\xbfdata: a\n\ndata: b\rdata:c\r\n\r\n\revent\n"), uint64(1))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		if len(stream) > 1000 {
			return
		}
		want := slow(string(stream))
		for how, cut := range map[string]func() int{"whole": by(1 << 30), "in pieces": random(seed)} {
			if diff := cmp.Diff(want, parse(new(Parser), string(stream), cut)); diff != "" {
				t.Errorf("fed %s (-slow +got):\n%s", how, diff)
			}
		}
		whole, cut := Parser{Max: 30}, Parser{Max: 30}
		if diff := cmp.Diff(parse(&whole, string(stream), by(1<<30)), parse(&cut, string(stream), random(seed))); diff != "" || whole.Err() != cut.Err() {
			t.Errorf("bounded, whole %v, in pieces %v (-whole +cut):\n%s", whole.Err(), cut.Err(), diff)
		}
	})
}

// go test -run=^$ -bench=Parser ./pkg/sse
func BenchmarkParser(b *testing.B) {
	chunk := `data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n"
	for _, c := range []struct {
		kind, event string
		perRead     int
	}{
		{"data", chunk, 1},
		{"data", chunk, 32},
		{"named", "event: response.output_text.delta\n" + chunk, 1},
		{"crlf", strings.ReplaceAll(chunk, "\n", "\r\n"), 1},
		{"split", chunk, 0},
	} {
		b.Run(fmt.Sprintf("kind=%s/events-per-read=%d", c.kind, c.perRead), func(b *testing.B) {
			reads := [][]byte{bytes.Repeat([]byte(c.event), c.perRead)}
			if c.perRead == 0 {
				reads = [][]byte{[]byte(c.event[:90]), []byte(c.event[90:])}
			}
			b.SetBytes(int64(len(c.event) * max(1, c.perRead)))
			b.ReportAllocs()
			var p Parser
			n := 0
			for b.Loop() {
				for _, read := range reads {
					for range p.Feed(read) {
						n++
					}
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
