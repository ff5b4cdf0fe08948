package prompt

import (
	"errors"
	"fmt"
	"slices"
)

// markerTokens is the length of a marker. Of a vocabulary of 500 words, 16 are
// 143 random bits: two markers are the same about once in 2^70 conversations.
const markerTokens = 16

// A CacheBust keeps a server from answering out of its prefix cache: it puts a
// marker of 16 tokens of random text in every conversation, which no other
// conversation and no other run has.
type CacheBust struct {
	// Target is where the marker goes: "none", "system_prefix" or
	// "system_suffix" (a conversation without system prompt gets one that is the
	// marker alone), "first_turn_prefix" (in front of the first message of the
	// user, where caching stops for all that is behind) or "first_turn_suffix"
	// (behind the last message of the first turn).
	Target string
	Salt   int64 // of the run; runs with the same salt have the same markers
}

// Check tells if the target is unknown.
func (b CacheBust) Check() error {
	switch b.Target {
	case "", "none", "system_prefix", "system_suffix", "first_turn_prefix", "first_turn_suffix":
		return nil
	}
	return fmt.Errorf("cache bust %q: want none, system_prefix, system_suffix, first_turn_prefix or first_turn_suffix", b.Target)
}

// Source is src with markers, whose tokens it adds to the first turn's In if
// that was counted. The sequence ends with an error at a conversation that has
// no place for one: a whole payload, texts without messages, or a message of
// parts.
func (b CacheBust) Source(src Source, tok Tokenizer) Source {
	if b.Target == "" || b.Target == "none" {
		return src
	}
	return func(yield func(Conversation, error) bool) {
		if err := b.Check(); err != nil {
			yield(Conversation{}, err)
			return
		}
		for c, err := range src {
			if err != nil {
				if !yield(c, err) {
					return
				}
				continue
			}
			c, err := b.mark(c, tok)
			if err != nil {
				err = fmt.Errorf("cache bust: conversation %s: %w", c.ID, err)
				c = Conversation{}
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// mark copies what it changes of c.
func (b CacheBust) mark(c Conversation, tok Tokenizer) (Conversation, error) {
	if len(c.Turns) == 0 {
		return c, nil
	}
	marker, err := tok.Text(markerTokens, numbers(b.Salt, forMarker, uint64(c.Index)))
	if err != nil {
		return c, fmt.Errorf("make text: %w", err)
	}
	c.Turns = slices.Clone(c.Turns)
	// Of a Whole conversation each turn is a prompt of its own.
	for i := range c.Turns {
		if i > 0 && !c.Whole {
			break
		}
		t := &c.Turns[i]
		if t.Payload != nil {
			return c, errors.New("a payload is sent as it is, so it cannot be marked")
		}
		if len(t.Messages) == 0 {
			return c, errors.New("has no messages to mark")
		}
		if t.Messages, err = b.place(slices.Clone(t.Messages), marker); err != nil {
			return c, err
		}
		t.Texts = nil
		if t.In > 0 {
			t.In += markerTokens
		}
	}
	return c, nil
}

func (b CacheBust) place(ms []Message, marker string) ([]Message, error) {
	at := len(ms) - 1
	switch b.Target {
	case "system_prefix", "system_suffix":
		if ms[0].Role != "system" {
			if ms[0].Raw != nil && roleOf(ms[0].Raw) == "system" {
				return nil, errors.New("has a system prompt of parts, which cannot be marked")
			}
			return slices.Insert(ms, 0, Message{Role: "system", Content: marker}), nil
		}
		at = 0
	case "first_turn_prefix":
		at = max(0, slices.IndexFunc(ms, func(m Message) bool { return m.Role == "user" || m.Raw != nil }))
	}
	if ms[at].Raw != nil {
		return nil, errors.New("has a message of parts, which cannot be marked")
	}
	if m := &ms[at]; b.Target == "system_prefix" || b.Target == "first_turn_prefix" {
		m.Content = marker + " " + m.Content
	} else {
		m.Content += " " + marker
	}
	return ms, nil
}
