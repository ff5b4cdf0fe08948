package sim

import (
	"net/http"
	"strings"
	"sync"

	"aiperf/pkg/record"
)

// A vocabulary gives words numbers in the order in which it meets them. It is
// bounded: a word that finds no room, or is long, is number 0.
type vocabulary struct {
	mu    sync.Mutex
	ids   map[string]int
	words []string
}

const (
	maxWords = 1 << 18
	maxWord  = 64 // bytes
	unknown  = "<unk>"
)

func newVocabulary() *vocabulary {
	return &vocabulary{ids: map[string]int{unknown: 0}, words: []string{unknown}}
}

func (v *vocabulary) id(word []byte) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	id, ok := v.ids[string(word)]
	if ok || len(word) > maxWord || len(v.words) == maxWords {
		return id
	}
	w := string(word)
	v.ids[w] = len(v.words)
	v.words = append(v.words, w)
	return len(v.words) - 1
}

func (v *vocabulary) word(id int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id < 0 || id >= len(v.words) {
		return unknown
	}
	return v.words[id]
}

// maxModelLen is what /tokenize says of the model.
const maxModelLen = 131072

// tokenize answers as vLLM does if there is a prompt or messages, and as
// llama.cpp does if there is content. Tokens are words, as everywhere here.
func (m *Machine) tokenize(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	tokens := []int{}
	c := counter{word: func(word []byte) { tokens = append(tokens, m.vocabulary.id(word)) }}
	vllm, llama := false, false
	for key, v := range record.Keys(body) {
		switch string(key) {
		case "prompt", "messages":
			vllm = true
			c.add(v, 0)
		case "content":
			llama = true
			c.add(v, 0)
		}
	}
	switch {
	case vllm:
		writeJSON(w, http.StatusOK, map[string]any{"count": len(tokens), "max_model_len": maxModelLen, "tokens": tokens, "token_strs": nil})
	case llama:
		writeJSON(w, http.StatusOK, map[string]any{"tokens": tokens})
	default:
		writeJSON(w, http.StatusBadRequest, openAI{}.refusal(http.StatusBadRequest, "there is nothing to tokenize: prompt, messages or content is missing"))
	}
}

// detokenize answers as vLLM and llama.cpp do, at once.
func (m *Machine) detokenize(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	for key, v := range record.Keys(body) {
		if string(key) != "tokens" || v[0] != '[' {
			continue
		}
		said := []string{}
		items(v, func(e record.Value) bool {
			id, ok := e.Int()
			if !ok {
				id = -1
			}
			said = append(said, m.vocabulary.word(id))
			return true
		})
		text := strings.Join(said, " ")
		writeJSON(w, http.StatusOK, map[string]any{"prompt": text, "content": text})
		return
	}
	writeJSON(w, http.StatusBadRequest, openAI{}.refusal(http.StatusBadRequest, "there is nothing to detokenize: tokens is missing"))
}
