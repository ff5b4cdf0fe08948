package prompt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Synthetic makes conversations of random text.
//
// The text in front of a conversation (system prompt, context, prefix) comes on
// top of its input length, so a first turn of In 100 behind a prefix of 50 adds
// 150 tokens, and says so in [Turn.In].
type Synthetic struct {
	Distinct int      // how many different conversations; they come in turn, over and over; 0: all differ
	In       Lengths  // tokens of each turn's text
	Out      *Lengths // tokens of answer to ask for; nil leaves it to the server
	Mix      Mix      // kinds of requests, in place of In and Out
	Turns    Lengths  // turns of a conversation; the zero value is one
	Think    Delays   // before each turn but the first
	Seed     int64

	PrefixPool   int // how many prefixes there are; one, chosen at random, goes in front of a conversation's first text
	PrefixLength int // tokens of each prefix
	System       int // tokens of a system prompt that all conversations share; 0 for none
	Context      int // tokens of a message of the user of its own before the first one, different in each conversation; 0 for none

	Texts    int       // so many texts a turn, for embeddings, instead of messages
	Rankings *Rankings // a query and passages, instead of messages and of In

	Part Part
}

// Rankings are the lengths of what a ranking endpoint is asked.
type Rankings struct {
	Passages      Lengths // how many
	PassageTokens Lengths // of each
	QueryTokens   Lengths
}

// Check tells what is wrong with s before it is used.
func (s Synthetic) Check() error {
	var errs []error
	if s.Rankings != nil {
		errs = append(errs, s.Rankings.Passages.check("passages"),
			s.Rankings.PassageTokens.check("passage tokens"), s.Rankings.QueryTokens.check("query tokens"))
	} else if s.Mix != nil {
		errs = append(errs, s.Mix.check())
	} else {
		errs = append(errs, s.In.check("input length"))
		if s.Out != nil {
			errs = append(errs, s.Out.check("output length"))
		}
	}
	if s.Turns != (Lengths{}) {
		errs = append(errs, s.Turns.check("turns"))
	}
	for _, n := range []struct {
		what  string
		value int
	}{
		{"distinct conversations", s.Distinct}, {"prefixes", s.PrefixPool}, {"prefix length", s.PrefixLength},
		{"system prompt length", s.System}, {"user context length", s.Context}, {"texts", s.Texts},
	} {
		if n.value < 0 || n.value > maxTokens {
			errs = append(errs, fmt.Errorf("%s: %d, want 0 to %d", n.what, n.value, maxTokens))
		}
	}
	if (s.PrefixPool > 0) != (s.PrefixLength > 0) {
		errs = append(errs, errors.New("a pool of prefixes needs both their number and their length"))
	}
	if s.Think.Mean < 0 || s.Think.Stddev < 0 {
		errs = append(errs, errors.New("think time: less than 0"))
	}
	if (s.System > 0 || s.Context > 0) && (s.Texts > 0 || s.Rankings != nil) {
		errs = append(errs, errors.New("system and context prompts need an endpoint that takes messages"))
	}
	return errors.Join(append(errs, s.Part.check())...)
}

// maxKept bounds the text that is kept to be yielded again.
const maxKept = 64 << 20

// Source makes conversations as they are asked for. The i-th is a function of
// the Seed and of i (with Distinct, of its remainder) alone. Nothing is
// tokenized: it calls tok's Text only. The sequence has no end.
func (s Synthetic) Source(tok Tokenizer) Source {
	return func(yield func(Conversation, error) bool) {
		if err := s.Check(); err != nil {
			yield(Conversation{}, err)
			return
		}
		m := &maker{Synthetic: s, tok: tok, prefixes: make(map[int]string), made: make(map[int]Conversation)}
		for i := 0; ; i++ {
			if !s.Part.has(i) {
				continue
			}
			c, err := m.conversation(i)
			if err != nil {
				err = fmt.Errorf("make text: %w", err)
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// A maker is a Synthetic at work: it keeps what comes again.
type maker struct {
	Synthetic
	tok      Tokenizer
	system   string
	prefixes map[int]string
	made     map[int]Conversation
	kept     int // bytes of text in made
}

func (m *maker) conversation(i int) (Conversation, error) {
	entry := i
	if m.Distinct > 0 {
		entry = i % m.Distinct
	}
	c, ok := m.made[entry]
	if !ok {
		var err error
		if c, err = m.make(entry); err != nil {
			return Conversation{}, err
		}
		if m.Distinct > 0 && m.kept < maxKept {
			m.made[entry] = c
			m.kept += c.bytes()
		}
	}
	c.Index = i
	return c, nil
}

// make makes the conversation from random numbers of its own.
func (m *maker) make(entry int) (Conversation, error) {
	rng := numbers(m.Seed, forConversation, uint64(entry))
	c := Conversation{ID: strconv.Itoa(entry)}
	turns := 1
	if m.Turns != (Lengths{}) {
		turns = m.Turns.draw(rng)
	}
	for i := range turns {
		t, err := m.turn(i == 0, rng)
		if err != nil {
			return c, err
		}
		c.Turns = append(c.Turns, t)
	}
	return c, nil
}

func (m *maker) turn(first bool, rng *rand.Rand) (t Turn, err error) {
	if !first {
		t.Delay = m.Think.draw(rng)
	}
	if m.Rankings != nil {
		return t, m.rank(&t, rng)
	}
	in := 0
	if m.Mix != nil {
		var out int
		in, out = m.Mix.draw(rng)
		t.Out = &out
	} else {
		in = m.In.draw(rng)
		if m.Out != nil {
			t.Out = new(m.Out.draw(rng))
		}
	}
	if first {
		if err := m.opening(&t, rng); err != nil {
			return t, err
		}
	}
	prefix, tokens := "", in
	if first && m.PrefixPool > 0 {
		if prefix, err = m.prefix(rng.IntN(m.PrefixPool)); err != nil {
			return t, err
		}
		tokens += m.PrefixLength
	}
	for range max(1, m.Texts) {
		text, err := m.tok.Text(in, rng)
		if err != nil {
			return t, err
		}
		if prefix != "" {
			text = prefix + " " + text
		}
		t.In += tokens
		if m.Texts > 0 {
			t.Texts = append(t.Texts, text)
		} else {
			t.Messages = append(t.Messages, Message{Role: "user", Content: text})
		}
	}
	return t, nil
}

// opening adds the messages in front of a conversation's first one.
func (m *maker) opening(t *Turn, rng *rand.Rand) (err error) {
	if m.System > 0 {
		if m.system == "" {
			if m.system, err = m.tok.Text(m.System, numbers(m.Seed, forSystem, 0)); err != nil {
				return err
			}
		}
		t.Messages = append(t.Messages, Message{Role: "system", Content: m.system})
	}
	if m.Context > 0 {
		text, err := m.tok.Text(m.Context, rng)
		if err != nil {
			return err
		}
		t.Messages = append(t.Messages, Message{Role: "user", Content: text})
	}
	t.In += m.System + m.Context
	return nil
}

func (m *maker) prefix(k int) (string, error) {
	if text, ok := m.prefixes[k]; ok {
		return text, nil
	}
	text, err := m.tok.Text(m.PrefixLength, numbers(m.Seed, forPrefix, uint64(k)))
	if err == nil {
		m.prefixes[k] = text
	}
	return text, err
}

func (m *maker) rank(t *Turn, rng *rand.Rand) (err error) {
	n := m.Rankings.QueryTokens.draw(rng)
	if t.Query, err = m.tok.Text(n, rng); err != nil {
		return err
	}
	t.In = n
	for range m.Rankings.Passages.draw(rng) {
		n := m.Rankings.PassageTokens.draw(rng)
		text, err := m.tok.Text(n, rng)
		if err != nil {
			return err
		}
		t.Texts = append(t.Texts, text)
		t.In += n
	}
	return nil
}

// bytes is about how much memory the conversation's text takes.
func (c Conversation) bytes() (n int) {
	for _, t := range c.Turns {
		n += 200 + len(t.Query)
		for _, s := range t.Texts {
			n += 16 + len(s)
		}
		for _, m := range t.Messages {
			n += 56 + len(m.Content)
		}
	}
	return n
}
