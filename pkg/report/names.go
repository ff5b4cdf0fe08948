package report

import (
	"bytes"

	"aiperf/pkg/record"
)

// names gives the numbers of texts, in the order in which they were first seen.
type names struct {
	index   map[string]int32
	escaped map[string]int32 // as they are written, if that is another text
	list    []string
}

// id is the number of the text that v is; that of "" if it is none.
func (n *names) id(v record.Value) int32 {
	inside := []byte(v)
	if len(v) >= 2 && v[0] == '"' {
		inside = v[1 : len(v)-1]
	}
	if bytes.IndexByte(inside, '\\') < 0 {
		if i, ok := n.index[string(inside)]; ok {
			return i
		}
		return n.of(string(inside))
	}
	// Written in two ways it is still one text, and what is written may be another
	// text itself.
	if i, ok := n.escaped[string(inside)]; ok {
		return i
	}
	s, ok := v.Text()
	if !ok {
		s = string(inside)
	}
	if n.escaped == nil {
		n.escaped = map[string]int32{}
	}
	i := n.of(s)
	n.escaped[string(inside)] = i
	return i
}

func (n *names) of(s string) int32 {
	if i, ok := n.index[s]; ok {
		return i
	}
	if n.index == nil {
		n.index = map[string]int32{}
	}
	i := int32(len(n.list))
	n.index[s] = i
	n.list = append(n.list, s)
	return i
}
