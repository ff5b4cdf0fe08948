package prompt

import (
	"errors"
	"fmt"
)

// Bounds of the lengths of a ShareGPT prompt and reply, in tokens: those of
// vLLM's benchmark, which AIPerf has taken over.
const (
	shareMin    = 4
	shareMaxIn  = 1024
	shareMaxAll = 2048
)

type shareMessage struct {
	From  string `json:"from"`
	Value string `json:"value"`
}

// parseShareGPT drafts a turn of each human message that a reply follows at
// once, as AIPerf does; its Out is the reply's length. It leaves out a
// conversation without such a pair, or with one that is out of bounds, unless
// all lengths are wanted. Messages that say nothing of who they are from are
// taken as one prompt and one reply. A system message in front is kept.
func (d *Dataset) parseShareGPT(text []byte, e *entry) (*entry, error) {
	var c struct {
		ID            string         `json:"id"`
		Conversations []shareMessage `json:"conversations"`
	}
	if err := decode(text, &c); err != nil {
		return nil, err
	}
	if c.Conversations == nil {
		return nil, errors.New(`has no "conversations"`)
	}
	if d.Tokenizer == nil {
		return nil, fatal{errors.New("count a reply's tokens: sharegpt needs a tokenizer")}
	}
	e.id = c.ID
	system, rest := speakers(c.Conversations)
	for i := 0; i+1 < len(rest) && (d.MaxTurns == 0 || len(e.turns) < d.MaxTurns); i++ {
		if rest[i].From != "human" || rest[i+1].From != "gpt" || rest[i].Value == "" || rest[i+1].Value == "" {
			continue
		}
		t, ok, err := d.pair(rest[i].Value, rest[i+1].Value)
		if err != nil || !ok {
			d.leftOut(err)
			return nil, err
		}
		e.turns = append(e.turns, t)
		i++
	}
	if len(e.turns) == 0 {
		d.leftOut(nil)
		return nil, nil
	}
	if first := &e.turns[0]; system != "" {
		n, err := d.Tokenizer.Count(system)
		if err != nil {
			return nil, fatal{fmt.Errorf("count a system prompt's tokens: %w", err)}
		}
		first.Messages = append([]Message{{Role: "system", Content: system}}, first.Messages...)
		first.In += n
	}
	return e, nil
}

// speakers are the system prompt in front and the messages of human and gpt.
func speakers(all []shareMessage) (system string, rest []shareMessage) {
	named := false
	for _, m := range all {
		switch m.From {
		case "human", "gpt":
			named = true
			rest = append(rest, m)
		case "system":
			if rest == nil && system == "" {
				system = m.Value
			}
		}
	}
	if !named && system == "" && len(all) >= 2 {
		rest = []shareMessage{{"human", all[0].Value}, {"gpt", all[1].Value}}
	}
	return system, rest
}

// pair drafts the turn of a prompt and its reply, if their lengths are wanted.
func (d *Dataset) pair(prompt, reply string) (t draft, ok bool, err error) {
	in, err := d.Tokenizer.Count(prompt)
	if err != nil {
		return t, false, fatal{fmt.Errorf("count a prompt's tokens: %w", err)}
	}
	out, err := d.Tokenizer.Count(reply)
	if err != nil {
		return t, false, fatal{fmt.Errorf("count a reply's tokens: %w", err)}
	}
	if !d.AnyLength && (in < shareMin || out < shareMin || in > shareMaxIn || in+out > shareMaxAll) {
		return t, false, nil
	}
	t.In, t.Out = in, new(max(1, out))
	t.Messages = []Message{{Role: "user", Content: prompt}}
	t.Texts = []string{prompt}
	return t, true, nil
}

// A fatal error ends the sequence, unlike one of a row.
type fatal struct{ error }

// leftOut tells of a conversation that is left out, unless that is for an error.
func (d *Dataset) leftOut(err error) {
	if err == nil && d.LeftOut != nil {
		d.LeftOut()
	}
}
