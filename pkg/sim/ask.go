package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"

	"aiperf/pkg/record"
)

// An ask is what the simulator reads of a request's body. All endpoints share
// one: a key means the same wherever it is known.
type ask struct {
	model     string
	stream    bool
	output    int // tokens asked for; 0 leaves it to the server
	minTokens int
	ignoreEOS bool

	usage      bool // stream_options.include_usage
	everyUsage bool // stream_options.continuous_usage_stats
	details    bool // parameters.details of TGI
	tool       string

	prompt   counter
	messages int
	queries  int // queries of a ranking: 0 or 1
	inputs   int // texts to embed, or documents to rank
	topN     int
	dims     int
	base64   bool
}

// parse reads a body. With blocks it also hashes the prompt for the prefix cache.
func parse(body []byte, blocks bool) (*ask, error) {
	if !json.Valid(body) {
		var v json.RawMessage
		return nil, fmt.Errorf("the body is not JSON: %w", json.Unmarshal(body, &v))
	}
	if b := bytes.TrimLeft(body, " \t\r\n"); b[0] != '{' {
		return nil, errors.New("the body is not a JSON object")
	}
	a := &ask{prompt: counter{blocks: blocks}}
	for key, v := range record.Keys(body) {
		if !v.Null() {
			a.key(string(key), v)
		}
	}
	return a, nil
}

func (a *ask) key(key string, v record.Value) {
	switch key {
	case "model":
		a.model, _ = v.Text()
	case "stream":
		a.stream = truthy(v)
	case "max_tokens", "max_completion_tokens", "max_output_tokens":
		n, _ := v.Int()
		a.output = max(a.output, n)
	case "min_tokens":
		a.minTokens, _ = v.Int()
	case "ignore_eos":
		a.ignoreEOS = truthy(v)
	case "top_n":
		a.topN, _ = v.Int()
	case "dimensions":
		a.dims, _ = v.Int()
	case "encoding_format":
		a.base64 = string(v) == `"base64"`
	case "messages":
		a.messages += size(v)
		a.inputs++
		a.prompt.add(v, 0)
	case "prompt", "instructions", "system":
		a.inputs++
		a.prompt.add(v, 0)
	case "query":
		a.queries++
		a.prompt.add(v, 0)
	case "input", "inputs", "documents", "texts", "passages":
		a.inputs += texts(v)
		if isMessages(v) {
			a.messages += size(v)
		}
		a.prompt.add(v, 0)
	case "tools":
		a.tool = toolName(v)
	case "stream_options":
		for k, v := range record.Keys(v) {
			switch string(k) {
			case "include_usage":
				a.usage = truthy(v)
			case "continuous_usage_stats":
				a.everyUsage = truthy(v)
			}
		}
	case "parameters":
		for k, v := range record.Keys(v) {
			switch string(k) {
			case "max_new_tokens":
				n, _ := v.Int()
				a.output = max(a.output, n)
			case "details":
				a.details = truthy(v)
			case "ignore_eos_token":
				a.ignoreEOS = truthy(v)
			}
		}
	}
}

func truthy(v record.Value) bool { return string(v) == "true" }

// items calls f with each element of a JSON array, which must be valid, until f
// is false.
func items(v record.Value, f func(record.Value) bool) {
	if len(v) == 0 || v[0] != '[' {
		return
	}
	for i := 1; i < len(v); {
		switch v[i] {
		case ' ', '\t', '\r', '\n', ',':
			i++
			continue
		case ']':
			return
		}
		end := valueEnd(v, i)
		if !f(v[i:end]) {
			return
		}
		i = end
	}
}

// valueEnd is where the value that begins at i ends.
func valueEnd(v []byte, i int) int {
	for depth := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i = stringEnd(v, i)
			if depth == 0 {
				return i + 1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return i // behind a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// stringEnd is where the quote is that ends the string that begins at i.
func stringEnd(v []byte, i int) int {
	for end := i; ; {
		next := bytes.IndexByte(v[end+1:], '"')
		if next < 0 {
			return len(v) - 1
		}
		end += 1 + next
		escapes := 0
		for v[end-1-escapes] == '\\' {
			escapes++ // the quote that begins the string ends them
		}
		if escapes%2 == 0 {
			return end
		}
	}
}

// size is how many elements an array has.
func size(v record.Value) (n int) {
	items(v, func(record.Value) bool { n++; return true })
	return n
}

// texts is how many texts v stands for: itself, a list of token numbers or of
// messages count as one.
func texts(v record.Value) int {
	n := 0
	items(v, func(e record.Value) bool {
		if e[0] == '"' || e[0] == '[' || e[0] == '{' {
			n++
		}
		return true
	})
	return max(1, n)
}

func isMessages(v record.Value) (yes bool) {
	items(v, func(e record.Value) bool {
		for k := range record.Keys(e) {
			yes = yes || string(k) == "role"
		}
		return false
	})
	return yes
}

// toolName is the name of the first tool, as chat, or as messages and responses
// tell it.
func toolName(v record.Value) (name string) {
	items(v, func(e record.Value) bool {
		for k, v := range record.Keys(e) {
			switch string(k) {
			case "name":
				name, _ = v.Text()
			case "function":
				for k, v := range record.Keys(v) {
					if string(k) == "name" {
						name, _ = v.Text()
					}
				}
			}
		}
		return false
	})
	return name
}

// block is how many tokens the prefix cache keeps together.
const block = 16

// A counter counts the tokens of a prompt, which are its words: what lies
// between white space. A number stands for a token, and of objects only text
// and content count.
type counter struct {
	n      int
	blocks bool // hash them for the prefix cache
	hashes []uint64
	hash   maphash.Hash
	word   func([]byte) // told of each word; may be nil
}

// seed makes equal blocks have equal hashes throughout the process.
var seed = maphash.MakeSeed()

// deepest is how far down a prompt is looked for.
const deepest = 8

func (c *counter) add(v record.Value, depth int) {
	if len(v) == 0 || depth > deepest {
		return
	}
	switch v[0] {
	case '"':
		inside := []byte(v[1 : len(v)-1])
		if bytes.IndexByte(inside, '\\') >= 0 {
			text, _ := v.Text()
			inside = []byte(text)
		}
		c.words(inside)
	case '[':
		items(v, func(e record.Value) bool { c.add(e, depth+1); return true })
	case '{':
		for k, v := range record.Keys(v) {
			if string(k) == "text" || string(k) == "content" {
				c.add(v, depth+1)
			}
		}
	case 'n', 't', 'f':
	default:
		c.token(v)
	}
}

// words counts those of a text.
func (c *counter) words(text []byte) {
	if n, ok := quickCount(text); ok && c.word == nil && !c.blocks {
		c.n += n
		return
	}
	for w := range bytes.FieldsSeq(text) {
		c.token(w)
	}
}

// quickCount is how many words a text has; false if it is not ASCII.
func quickCount(text []byte) (n int, ok bool) {
	between := 1
	for _, c := range text {
		if c >= 0x80 {
			return 0, false
		}
		space := int(white[c])
		n += between &^ space
		between = space
	}
	return n, true
}

// white is 1 for white space.
var white = [256]uint8{'\t': 1, '\n': 1, '\v': 1, '\f': 1, '\r': 1, ' ': 1}

func (c *counter) token(w []byte) {
	c.n++
	if c.word != nil {
		c.word(w)
	}
	if !c.blocks {
		return
	}
	if c.n == 1 {
		c.hash.SetSeed(seed)
	}
	c.hash.Write(w)
	c.hash.WriteByte(' ')
	if c.n%block == 0 {
		c.hashes = append(c.hashes, c.hash.Sum64()) // of all words until here
	}
}
