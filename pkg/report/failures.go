package report

import (
	"cmp"
	"slices"

	"aiperf/pkg/record"
)

// failures counts errors by class and code.
type failures struct {
	kinds map[failure]*failureCount
	total int
}

type failure struct {
	class string
	code  int
}

type failureCount struct {
	n        int
	messages map[string]int
	more     bool // there were more messages than are kept
}

// mostMessages bounds what is kept of servers that put something unique into
// every message.
const mostMessages = 256

func (f *failures) add(e *record.Error) {
	if f.kinds == nil {
		f.kinds = map[failure]*failureCount{}
	}
	k := failure{e.Class, e.Code}
	c := f.kinds[k]
	if c == nil {
		c = &failureCount{messages: map[string]int{}}
		f.kinds[k] = c
	}
	f.total++
	c.n++
	if _, ok := c.messages[e.Message]; !ok && len(c.messages) >= mostMessages {
		c.more = true
		return
	}
	c.messages[e.Message]++
}

// errorClasses are the classes of errors, the most frequent first.
func (q *requests) errorClasses() []ErrorClass {
	var list []ErrorClass
	for k, c := range q.failed.kinds {
		e := ErrorClass{Class: k.class, Code: k.code, Count: c.n, Kinds: len(c.messages)}
		most := 0
		for m, n := range c.messages {
			if n > most || n == most && m < e.Message {
				e.Message, most = m, n
			}
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b ErrorClass) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Code, b.Code))
	})
	return list
}
