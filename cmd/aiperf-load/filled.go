package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"aiperf/pkg/prompt"
)

// filled is the conversations of a dataset with what the flags say where its
// rows say nothing: --output-tokens-mean is the length of answer of a turn that
// asks for none. --conversation-turn-delay-ratio scales the rows' own delays.
func (o *options) filled(src prompt.Source) prompt.Source {
	i := &o.input
	if i.outMean == 0 && i.thinkRatio == 1 {
		return src
	}
	return func(yield func(prompt.Conversation, error) bool) {
		for c, err := range src {
			c.Turns = slices.Clone(c.Turns)
			// A conversation has random numbers of its own, so that shards have the same.
			rng := rand.New(rand.NewPCG(uint64(i.seed), uint64(c.Index)))
			for n := range c.Turns {
				t := &c.Turns[n]
				t.Delay = time.Duration(min(float64(t.Delay)*i.thinkRatio, math.MaxInt64/2))
				if i.outMean > 0 && t.Out == nil && t.Payload == nil {
					t.Out = new(int(max(1, math.Round(i.outMean+i.outStddev*rng.NormFloat64()))))
				}
			}
			if !yield(c, err) {
				return
			}
		}
	}
}
