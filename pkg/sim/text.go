package sim

import (
	"io"
	"net/http"
	"strings"
)

// words are what the answers are made of.
var words = [...]string{"river", "stone", "light", "paper", "cloud", "garden", "winter", "engine", "number", "silver", "window", "travel"}

// What stands around the words of a tool call's arguments, inside a JSON string.
const (
	argsOpen  = `{\"text\":\"`
	argsClose = `\"}`
)

// hugeEvent is the size of the event of [StyleHuge].
const hugeEvent = 10 << 20

// appendText appends the tokens of the answer from one to another, as the
// inside of a JSON string.
func (v *visit) appendText(b []byte, from, to int) []byte {
	if v.style == nil {
		for i := from; i < to; i++ {
			b = append(append(b, ' '), words[i%len(words)]...)
		}
		return b
	}
	for i := from; i < to; i++ {
		b = append(b, ' ')
		if v.fault.has(StyleSplit) {
			b = append(b, "€"...)
		}
		if v.fault.has(StyleBadUTF8) {
			b = append(b, "\xff\xe2\x82"...)
		}
		if i == 1 && v.fault.has(StyleHuge) {
			b = append(b, strings.Repeat("x", hugeEvent)...)
		}
		b = append(b, words[i%len(words)]...)
	}
	return b
}

// appendNext appends the next k tokens, with what a tool call's arguments
// begin and end with.
func (v *visit) appendNext(b []byte, p part, k int) []byte {
	if p == toolCall && v.out == v.thought {
		b = append(b, argsOpen...)
	}
	b = v.appendText(b, v.out, v.out+k)
	if p == toolCall && v.out+k == v.total {
		b = append(b, argsClose...)
	}
	return b
}

// delta writes the next k tokens as an event between before and after.
func (v *visit) delta(name string, p part, k int) {
	v.begin(name)
	v.buf = append(v.buf, v.before...)
	v.buf = v.appendNext(v.buf, p, k)
	v.buf = append(v.buf, v.after...)
	v.end()
}

// whole texts of an answer that is not streamed, as the insides of JSON strings.
func (v *visit) wholes() (thoughts, rest string, tool bool) {
	thoughts = string(v.appendText(nil, 0, v.thought))
	rest = string(v.appendText(nil, v.thought, v.out))
	tool = v.cfg.ToolCall && v.out > v.thought
	if tool {
		rest = argsOpen + rest + argsClose
	}
	return thoughts, rest, tool
}

// toolName is the name of the tool that is called.
func (v *visit) toolName() string { return quote(orElse(v.ask.tool, "look_up")) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// breaks carries out a fault that strikes between two tokens.
func (v *visit) breaks() bool {
	switch {
	case len(v.fault.kinds) == 0:
		return false
	case v.fault.has(FaultError):
		v.talk.failure(v, "the engine has run out of memory")
		v.release()
	case v.fault.has(FaultReset):
		panic(http.ErrAbortHandler)
	case v.fault.has(FaultStall):
		v.release()
		<-v.ctx.Done()
	case v.fault.has(FaultEndless):
		v.endless()
	case v.fault.has(FaultTruncate):
		v.release()
	default:
		return false
	}
	return true
}

// endless writes a line until the client goes, or 64 MB.
func (v *visit) endless() {
	v.release()
	io.WriteString(v.w, v.field+string(v.before))
	b := []byte(strings.Repeat(" engine", 1<<13))
	for n := 0; n < 64<<20 && v.ctx.Err() == nil; n += len(b) {
		if !v.write(b) {
			return
		}
	}
}
