package record

import (
	"fmt"
	"iter"
	"strconv"
)

// A Kind is a kind of content.
type Kind byte

// Kinds of content.
const (
	KindText      Kind = 'c'
	KindReasoning Kind = 'r'
	KindTool      Kind = 't'
)

// Kinds are the kinds of a request's arrivals of content, in order, as run
// lengths: "r120c80" is 120 of reasoning and then 80 of text.
type Kinds string

// All yields each run's kind and length; it ends where the text makes no sense.
func (k Kinds) All() iter.Seq2[Kind, int] {
	return func(yield func(Kind, int) bool) {
		for i := 0; i < len(k); {
			end := i + 1
			for end < len(k) && '0' <= k[end] && k[end] <= '9' {
				end++
			}
			n, err := strconv.Atoi(string(k[i+1 : end]))
			if err != nil || !yield(Kind(k[i]), n) {
				return
			}
			i = end
		}
	}
}

// AppendKind appends a run to kinds in the making.
func AppendKind(b []byte, k Kind, n int) []byte {
	return fmt.Appendf(b, "%c%d", k, n)
}
