package sim

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const styledBody = `{"messages":[{"content":"a"}],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}`

// textsOf are those of a chat's events, with the reason to finish and [DONE].
func textsOf(t *testing.T, all []event) (s []string) {
	t.Helper()
	for _, e := range all {
		if e.data == "[DONE]" {
			s = append(s, e.data)
			continue
		}
		dec := json.NewDecoder(strings.NewReader(e.data)) // one object or two
		for {
			var c struct {
				Choices []struct {
					Delta  struct{ Content string }
					Finish string `json:"finish_reason"`
				}
				Usage *struct{}
			}
			if err := dec.Decode(&c); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v", e.data, err)
				break
			}
			text := ""
			if len(c.Choices) > 0 {
				text = c.Choices[0].Delta.Content + c.Choices[0].Finish
			}
			if c.Usage != nil {
				text += "(usage)"
			}
			s = append(s, text)
		}
	}
	return s
}

// Every style of a stream, by its bytes, and that the answer is the same.
func TestStyles(t *testing.T) {
	plain := []string{"", " river", " stone", " light", " paper", " cloud", "length", "(usage)", "[DONE]"}
	has := func(part string) func(string) bool { return func(b string) bool { return strings.Contains(b, part) } }
	for _, c := range []struct {
		kind  string
		why   string
		bytes func(string) bool
		want  []string // texts; those of a plain stream if nil
	}{
		{StyleCRLF, "no LF without a CR", func(b string) bool {
			return strings.Count(b, "\r\n") == strings.Count(b, "\n") && strings.Count(b, "\n") == 18
		}, nil},
		{StyleCR, "no LF at all", func(b string) bool { return strings.Count(b, "\r") == 18 && !strings.Contains(b, "\n") }, nil},
		{StyleBOM, "one, at the beginning", func(b string) bool { return strings.LastIndex(b, "\ufeff") == 0 }, nil},
		{StyleNoSpace, "no space behind a colon", func(b string) bool { return !strings.Contains(b, "data: ") && strings.Count(b, "data:{") == 8 }, nil},
		{StyleComments, "one before each event", func(b string) bool { return strings.HasPrefix(b, ": ping\n\n") && strings.Count(b, ": ping\n\n") == 9 }, nil},
		{StyleMultiline, "a line ends at a comma", has(",\ndata: \"object\":"), nil},
		{StyleNamed, "each event is named", func(b string) bool { return strings.Count(b, "event: message\ndata: ") == 9 }, nil},
		{StyleJoined, "the bytes are the same", has(`data: {"id":"chatcmpl-`), nil},
		{StyleTwoJSON, "side by side", has(`}]}{"id"`), nil},
		{StyleTwoJSON, "in two lines", has("}]}\ndata: {"), nil},
		{StyleNoDone, "no terminator", has(`"finish_reason":"length"`), plain[:8]},
		{StyleNoTerm, "neither", has(`"finish_reason":null`), slices.Concat(plain[:6], plain[7:8])},
		{StyleRoleless, "no role", func(b string) bool { return !strings.Contains(b, "role") }, plain[1:]},
		{StyleUsageLast, "beside the reason", has(`"finish_reason":"length"}],"usage":{`), slices.Concat(plain[:6], []string{"length(usage)", "[DONE]"})},
		{StyleDup, "the first token twice", has(" river"), slices.Concat(plain[:2], plain[1:])},
		{StyleStale, "as ever", has("[DONE]"), nil},
		{StyleSlowHeader, "as ever", has("[DONE]"), nil},
		{"crlf+nospace+comments", "all of them", has(": ping\r\n\r\ndata:{"), nil},
		{StyleBadUTF8, "it is not UTF-8", func(b string) bool { return !utf8.ValidString(b) && json.Valid([]byte(events(b)[1].data)) }, []string{}},
		{StyleHuge, "one event of 10 MB", func(b string) bool { return len(events(b)[2].data) > hugeEvent && len(b) < hugeEvent+10_000 }, []string{}},
		{StylePing, "an event before each", func(b string) bool { return strings.Count(b, "event: ping\ndata: {\"type\":\"ping\"}\n\n") == 9 }, []string{}},
		{StyleSplit, "characters and CR LF", has(` €river"},"logprobs":null,"finish_reason":null}]}` + "\r\n\r\n"), []string{}},
	} {
		t.Run(c.kind+": "+c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				body, status, took := answerOf(t, plainConfig(), "/v1/chat/completions", styledBody, faultHeader, c.kind)
				if status != 200 || took != 121*ms || !c.bytes(body) {
					t.Errorf("status %d after %v:\n%.2000s", status, took, body)
				}
				want := c.want
				if want == nil {
					want = plain
				}
				if got := textsOf(t, events(body)); len(want) > 0 && !slices.Equal(got, want) {
					t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
				}
			})
		})
	}
}

// reads are what each read of a body gives; in memory one is one write.
func reads(t *testing.T, kind string) (all []string, at []time.Duration) {
	t.Helper()
	_, c := start(t, plainConfig())
	from := time.Now()
	resp := post(t.Context(), t, c, "/v1/chat/completions", styledBody, faultHeader, kind)
	defer resp.Body.Close()
	at = append(at, time.Since(from)) // the head
	b := make([]byte, 1<<20)
	for {
		n, err := resp.Body.Read(b)
		if n > 0 {
			all, at = append(all, string(b[:n])), append(at, time.Since(from))
		}
		if err != nil {
			return all, at
		}
	}
}

func TestWrites(t *testing.T) {
	for _, c := range []struct {
		why, kind string
		head      time.Duration
		at        []time.Duration // of the reads
	}{
		{"a chunk a write", "nospace", 81 * ms, []time.Duration{81 * ms, 91 * ms, 101 * ms, 111 * ms, 121 * ms, 121 * ms}},
		{"four chunks a write", StyleJoined, 81*ms + 30*ms, []time.Duration{111 * ms, 121 * ms}},
		{"the head at once", StyleSlowHeader, 0, []time.Duration{81 * ms, 91 * ms, 101 * ms, 111 * ms, 121 * ms, 121 * ms}},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, at := reads(t, c.kind)
			if at[0] != c.head || !slices.Equal(at[1:], c.at) {
				t.Errorf("%s: the head after %v, reads after %v; want %v, %v", c.why, at[0], at[1:], c.head, c.at)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		all, _ := reads(t, StyleSplit)
		inField, inCharacter, inLineEnd := 0, 0, 0
		for i, r := range all[:len(all)-1] {
			next := all[i+1]
			switch {
			case strings.HasSuffix(r, "da") && strings.HasPrefix(next, "ta:"):
				inField++
			case !utf8.ValidString(r) && !utf8.ValidString(next):
				inCharacter++
			case strings.HasSuffix(r, "\r") && strings.HasPrefix(next, "\n"):
				inLineEnd++
			}
		}
		if inField < 6 || inCharacter < 5 || inLineEnd < 12 {
			t.Errorf("cut %d times in a field, %d in a character, %d in CR LF", inField, inCharacter, inLineEnd)
		}
	})
}

// A line that does not end stops at 64 MB, and when the client goes.
func TestEndlessLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := start(t, plainConfig())
		resp := post(t.Context(), t, c, "/v1/chat/completions", styledBody, faultHeader, FaultEndless)
		b, err := io.ReadAll(resp.Body)
		if tail := string(b[strings.LastIndexByte(string(b), '\n')+1:]); err != nil || len(tail) < 64<<20 || len(tail) > 65<<20 || !strings.HasPrefix(tail, `data: {`) {
			t.Errorf("%d bytes in the last line, %v", len(tail), err)
		}
		idle(t, m)
		resp = post(t.Context(), t, c, "/v1/chat/completions", styledBody, faultHeader, FaultEndless)
		resp.Body.Read(make([]byte, 1000))
		resp.Body.Close()
		idle(t, m)
	})
}

// The manual of examples/sim tells every kind.
func TestKindsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../examples/sim/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range slices.Concat(faultKinds, styleKinds) {
		if !strings.Contains(string(doc), "\n//\t"+kind+" ") {
			t.Errorf("%s is not documented", kind)
		}
	}
}
