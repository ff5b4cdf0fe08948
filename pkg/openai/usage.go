package openai

import (
	"math"
	"strconv"
)

// Usage are the server's token counts, each nil if the server did not say.
type Usage struct {
	In        *int // of the prompt, Cached included
	Out       *int // of the answer, Reasoning included
	Reasoning *int
	Cached    *int // of the prompt, found in the server's prefix cache
}

// Update replaces the counts that v has: streams give some early and some
// late, and running totals all along, of which the last is the one to take.
func (u *Usage) Update(v *Usage) {
	if v == nil {
		return
	}
	for _, c := range [...]struct{ have, new **int }{{&u.In, &v.In}, {&u.Out, &v.Out}, {&u.Reasoning, &v.Reasoning}, {&u.Cached, &v.Cached}} {
		if *c.new != nil {
			*c.have = *c.new
		}
	}
}

// The counts of a usage object, by the names that the dialects have for them.
const (
	promptTokens  = iota
	inputTokens   // without those read from and written to the cache, if those are beside it
	outputTokens  // also completion_tokens
	cacheRead     // cache_read_input_tokens
	cacheWritten  // cache_creation_input_tokens
	cachedTokens  // in prompt_tokens_details, input_tokens_details
	reasonTokens  // in completion_tokens_details, output_tokens_details
	countsOfUsage // how many these are
)

// counts are what a usage object has said; those it has not are negative.
type counts [countsOfUsage]int

func noCounts() (c counts) {
	for i := range c {
		c[i] = -1
	}
	return c
}

// usage takes one allocation, since some servers send it with every chunk.
func (c *counts) usage() *Usage {
	var u struct {
		Usage
		n [4]int
	}
	set := func(at **int, i, n int) {
		if n >= 0 {
			u.n[i] = n
			*at = &u.n[i]
		}
	}
	in := c[promptTokens]
	if in < 0 {
		// Anthropic's documentation: the whole prompt is the sum of the three.
		if in = c[inputTokens]; in >= 0 {
			in += max(0, c[cacheRead]) + max(0, c[cacheWritten])
		}
	}
	cached := c[cachedTokens]
	if cached < 0 {
		cached = c[cacheRead]
	}
	set(&u.In, 0, in)
	set(&u.Out, 1, c[outputTokens])
	set(&u.Reasoning, 2, c[reasonTokens])
	set(&u.Cached, 3, cached)
	return &u.Usage
}

// mostTokens is the largest count that is believed.
const mostTokens = math.MaxInt32

// A number is a count in JSON. Whatever is no whole number from 0 to
// [mostTokens] counts as not said; some servers write 12.0.
type number struct {
	n   int
	set bool
}

func (c *number) UnmarshalJSON(b []byte) error {
	if x, err := strconv.ParseFloat(string(b), 64); err == nil && x >= 0 && x <= mostTokens && x == math.Trunc(x) {
		*c = number{int(x), true}
	}
	return nil
}

type details struct {
	Cached    number `json:"cached_tokens"`
	Reasoning number `json:"reasoning_tokens"`
}

type usage struct {
	Prompt     number   `json:"prompt_tokens"`
	Input      number   `json:"input_tokens"`
	Completion number   `json:"completion_tokens"`
	Output     number   `json:"output_tokens"`
	Read       number   `json:"cache_read_input_tokens"`
	Written    number   `json:"cache_creation_input_tokens"`
	OfPrompt   *details `json:"prompt_tokens_details"`
	OfInput    *details `json:"input_tokens_details"`
	OfAnswer   *details `json:"completion_tokens_details"`
	OfOutput   *details `json:"output_tokens_details"`
}

func (u *usage) counts() counts {
	c := noCounts()
	put := func(i int, ns ...number) {
		for _, n := range ns {
			if n.set && c[i] < 0 {
				c[i] = n.n
			}
		}
	}
	put(promptTokens, u.Prompt)
	put(inputTokens, u.Input)
	put(outputTokens, u.Completion, u.Output)
	put(cacheRead, u.Read)
	put(cacheWritten, u.Written)
	for _, d := range []*details{u.OfPrompt, u.OfInput} {
		if d != nil {
			put(cachedTokens, d.Cached)
		}
	}
	for _, d := range []*details{u.OfAnswer, u.OfOutput} {
		if d != nil {
			put(reasonTokens, d.Reasoning)
		}
	}
	return c
}

// of is the usage that an object has, if there is one.
func (u *usage) of() *Usage {
	if u == nil {
		return nil
	}
	c := u.counts()
	return c.usage()
}
