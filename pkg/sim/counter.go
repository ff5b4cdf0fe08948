package sim

import (
	"bytes"
	"hash/maphash"

	"aiperf/pkg/record"
)

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
