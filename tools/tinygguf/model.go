package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// The shape of the model: that of Llama, in small.
const (
	width   = 64 // of the residual stream
	hidden  = 128
	layers  = 2
	heads   = 2
	context = 8192
)

// tiny is a whole model.
func tiny(seed uint64) *file {
	merges := learn(strings.Fields(words))
	tokens, kinds := vocabulary(merges)
	end := uint32(len(tokens) - 1)
	m := &model{rng: rand.New(rand.NewPCG(seed, 0))}
	embedding := m.matrix("token_embd.weight", width, len(tokens), math.Sqrt(width)) // of unit variance
	for l := range layers {
		name := func(part string) string { return fmt.Sprintf("blk.%d.%s.weight", l, part) }
		m.ones(name("attn_norm"))
		for _, part := range []string{"attn_q", "attn_k", "attn_v"} {
			m.matrix(name(part), width, width, 1)
		}
		m.matrix(name("attn_output"), width, width, 0.3)
		m.ones(name("ffn_norm"))
		m.matrix(name("ffn_gate"), width, hidden, 1)
		m.matrix(name("ffn_up"), width, hidden, 1)
		m.matrix(name("ffn_down"), hidden, width, 0.3)
	}
	m.ones("output_norm.weight")
	m.output(tokens, embedding[':'*width:(':'+1)*width])
	return &file{tensors: m.tensors, meta: []pair{
		{"general.architecture", "llama"},
		{"general.name", "tiny"},
		{"llama.context_length", uint32(context)},
		{"llama.embedding_length", uint32(width)},
		{"llama.block_count", uint32(layers)},
		{"llama.feed_forward_length", uint32(hidden)},
		{"llama.attention.head_count", uint32(heads)},
		{"llama.attention.head_count_kv", uint32(heads)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
		{"llama.rope.dimension_count", uint32(width / heads)},
		{"llama.vocab_size", uint32(len(tokens))},
		{"tokenizer.ggml.model", "gpt2"},
		{"tokenizer.ggml.pre", "gpt-2"},
		{"tokenizer.ggml.tokens", tokens},
		{"tokenizer.ggml.token_type", kinds},
		{"tokenizer.ggml.merges", merges},
		{"tokenizer.ggml.bos_token_id", end},
		{"tokenizer.ggml.eos_token_id", end},
		{"tokenizer.ggml.eot_token_id", end},
		{"tokenizer.ggml.add_bos_token", false},
		{"tokenizer.chat_template", "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"},
	}}
}

// vocabulary has a token for each byte, one for what each merge gives, and the end.
func vocabulary(merges []string) (tokens []string, kinds []int32) {
	const normal, control = 1, 3
	spare := rune(256) // stands for a byte that cannot be seen
	for b := range rune(256) {
		c := b
		if !('!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b) {
			c = spare
			spare++
		}
		tokens, kinds = append(tokens, string(c)), append(kinds, normal)
	}
	for _, m := range merges {
		if t := strings.ReplaceAll(m, " ", ""); !slices.Contains(tokens, t) {
			tokens, kinds = append(tokens, t), append(kinds, normal)
		}
	}
	return append(tokens, "<|endoftext|>"), append(kinds, control)
}

type model struct {
	rng     *rand.Rand
	tensors []tensor
}

func (m *model) ones(name string) {
	data := make([]float32, width)
	for i := range data {
		data[i] = 1
	}
	m.tensors = append(m.tensors, tensor{name, []int{width}, data})
}

// matrix has weights that map a vector of unit variance to one of the given
// standard deviation.
func (m *model) matrix(name string, in, out int, deviation float64) []float32 {
	data := make([]float32, in*out)
	for i := range data {
		data[i] = float32(m.rng.NormFloat64() * deviation / math.Sqrt(float64(in)))
	}
	m.tensors = append(m.tensors, tensor{name, []int{in, out}, data})
	return data
}

// output makes the weights of what comes next. Bytes that are no text by
// themselves have none: next to logits that spread by 4 they hardly ever
// come. The end is a token like any other, so that some answers are short, but
// not behind what a prompt ends with: an answer is not empty.
func (m *model) output(tokens []string, prompt []float32) {
	data := m.matrix("output.weight", width, len(tokens), 4)
	for b := range 256 {
		if b < ' ' || b > '~' {
			clear(data[b*width : (b+1)*width])
		}
	}
	end := data[(len(tokens)-1)*width:]
	for i := range end {
		end[i] -= prompt[i] / 4
	}
}
