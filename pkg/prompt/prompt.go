// Package prompt says what to ask: a sequence of conversations' turns, each
// with its messages and the length of answer to ask for.
package prompt

import (
	"iter"
	"math"
	"math/rand/v2"
	"strconv"

	"aiperf/pkg/token"
)

// A Prompt is what one request asks.
type Prompt struct {
	Conversation string // its name
	Turn         int    // within the conversation, from 0
	Messages     []Message
	In           int  // tokens of the messages' text, by the tokenizer that made it
	Out          *int // tokens of answer to ask for; nil leaves it to the server
}

// Lengths is a normal distribution of numbers of tokens, rounded and no less
// than 1. A standard deviation of 0 gives the mean each time.
type Lengths struct{ Mean, Stddev float64 }

func (l Lengths) draw(rng *rand.Rand) int {
	return max(1, int(math.Round(l.Mean+l.Stddev*rng.NormFloat64())))
}

// Synthetic makes prompts of random words.
type Synthetic struct {
	Distinct int // how many different prompts there are; they come in turn
	In       Lengths
	Out      *Lengths // nil leaves the length of the answer to the server
	Seed     int64
}

// Prompts makes the prompts and yields them in turn, over and over. The same
// Synthetic yields the same prompts.
func (s Synthetic) Prompts(tok *token.Tokenizer) iter.Seq[Prompt] {
	return func(yield func(Prompt) bool) {
		made := make([]Prompt, 0, s.Distinct)
		for i := range s.Distinct {
			p := s.make(i, tok)
			made = append(made, p)
			if !yield(p) {
				return
			}
		}
		for len(made) > 0 {
			for _, p := range made {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// make makes the i-th prompt from random numbers of its own, so that it does
// not depend on how many there are.
func (s Synthetic) make(i int, tok *token.Tokenizer) Prompt {
	rng := rand.New(rand.NewPCG(uint64(s.Seed), uint64(i)))
	n := s.In.draw(rng)
	p := Prompt{Conversation: strconv.Itoa(i), In: n}
	if s.Out != nil {
		p.Out = new(s.Out.draw(rng))
	}
	p.Messages = []Message{{Role: "user", Content: tok.Text(n, rng)}}
	return p
}
