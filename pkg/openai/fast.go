package openai

import "bytes"

// fast reads what makes up nearly all of a stream without allocating: text,
// reasoning, tool calls, ends, and chat's usage (one allocation). It gives just
// what the general way would, or says that it cannot tell: ok is false then.
//
// Note: the general way costs some 2 µs and 13 allocations a chunk, which at
// 100,000 chunks a second is a fifth of a core.
func (g dialect) fast(data []byte) (d Delta, ok bool) {
	if g == anything {
		return fastAnything(data)
	}
	d, values := g.scan(data)
	return d, values > 0
}

// scan reads an event's values and counts them; none are 0, and so is what the
// general way has to read.
func (g dialect) scan(data []byte) (all Delta, values int) {
	s := scanner{b: data}
	for ; s.peek() != 0 || s.i < len(s.b); values++ {
		if s.b[s.i] == '[' && bytes.HasPrefix(s.b[s.i:], terminator) {
			s.i += len(terminator)
			all.Done = true
			continue
		}
		var d Delta
		switch g {
		case chat, completions:
			s.chunk(&d)
		case responses:
			s.response(&d)
		case messages:
			s.message(&d)
		case generate:
			s.generated(&d)
		default:
			return Delta{}, 0
		}
		if s.bad {
			return Delta{}, 0
		}
		all.add(d)
	}
	return all, values
}

// fastAnything takes the first dialect that finds something to wait for, as
// anyValue does. Ends are left to that, and what one dialect cannot tell.
func fastAnything(data []byte) (Delta, bool) {
	for _, g := range [...]dialect{chat, responses, messages, generate} {
		d, values := g.scan(data)
		if values != 1 || d.N == 0 && d != (Delta{}) {
			return Delta{}, false
		}
		if d.N == 1 {
			return d, true
		}
	}
	return Delta{}, false
}

// once marks a known key as met; encoding/json lets a later one win, or merges
// the two, so that a second one is refused.
func (s *scanner) once(seen *uint16, bit int) {
	if *seen&(1<<bit) != 0 {
		s.fail()
	}
	*seen |= 1 << bit
}

// known tells that encoding/json would take the key for one of those that the
// fast ways look at.
func known(key []byte) bool {
	for _, name := range knownKeys {
		if bytes.EqualFold(key, []byte(name)) {
			return true
		}
	}
	return false
}

var knownKeys = []string{
	"choices", "usage", "error", "object", "delta", "message", "text", "finish_reason",
	"content", "refusal", "reasoning_content", "reasoning", "tool_calls", "function_call", "id", "function", "name", "arguments",
	"prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
	"prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details", "cached_tokens", "reasoning_tokens",
	"type", "item", "response", "status", "output", "incomplete_details",
	"content_block", "stop_reason", "thinking", "partial_json", "data",
	"summary", "reason", "token", "special", "generated_text", "details", "generated_tokens", "input_length",
}

// some steps over a string or null and tells whether there is anything in it.
func (s *scanner) some() bool {
	if s.null() {
		return false
	}
	raw, _ := s.text()
	return len(raw) > 0
}

// someWord is some, with whatever is no string in its place counting as none.
func (s *scanner) someWord() bool {
	if s.peek() != '"' {
		s.skip(0)
		return false
	}
	return s.some()
}

// word reads a string of plain ASCII; what is no string counts as "".
func (s *scanner) word() []byte {
	if s.peek() != '"' {
		s.skip(0)
		return nil
	}
	raw, plain := s.text()
	for _, c := range raw {
		plain = plain && c < 0x80
	}
	if !plain {
		s.fail()
	}
	return raw
}

// absent steps over a null: anything else is left to the general way.
func (s *scanner) absent() {
	if !s.null() {
		s.fail()
	}
}

// reason gives a finish reason, the usual ones without an allocation.
func reason(word []byte) string {
	switch string(word) {
	case "":
		return ""
	case "stop":
		return "stop"
	case "length":
		return "length"
	case "tool_calls":
		return "tool_calls"
	case "content_filter":
		return "content_filter"
	case "eos_token":
		return "eos_token"
	}
	return string(word)
}
