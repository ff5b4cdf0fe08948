package report

import (
	"cmp"
	"slices"

	"aiperf/pkg/record"
)

// failures counts errors by class and code.
type failures struct {
	kinds map[failure]*failureCount
	list  []failure // in the order in which they were first seen
	total int
}

type failure struct {
	class string
	code  int
}

type failureCount struct {
	index    int
	n        int
	messages map[string]int
	more     bool // there were more messages than are kept
}

// mostMessages bounds what is kept of servers that put something unique into
// every message.
const mostMessages = 256

// add counts e and tells where in the list its kind is.
func (f *failures) add(e *record.Error) int {
	if f.kinds == nil {
		f.kinds = map[failure]*failureCount{}
	}
	k := failure{e.Class, e.Code}
	c := f.kinds[k]
	if c == nil {
		c = &failureCount{index: len(f.list), messages: map[string]int{}}
		f.kinds[k] = c
		f.list = append(f.list, k)
	}
	f.total++
	c.n++
	if _, ok := c.messages[e.Message]; !ok && len(c.messages) >= mostMessages {
		c.more = true
		return c.index
	}
	c.messages[e.Message]++
	return c.index
}

// classes are the classes of errors, the most frequent first.
func (f *failures) classes() []ErrorClass {
	var list []ErrorClass
	for k, c := range f.kinds {
		e := ErrorClass{Class: k.class, Code: k.code, Count: c.n, Kinds: len(c.messages)}
		most := 0
		for m, n := range c.messages {
			if n > most || n == most && m < e.Message {
				e.Message, most = m, n
			}
		}
		e.Class, e.Message = printable(e.Class), printable(e.Message)
		list = append(list, e)
	}
	sortClasses(list)
	return list
}

func sortClasses(list []ErrorClass) {
	slices.SortFunc(list, func(a, b ErrorClass) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Code, b.Code))
	})
}

// classesOf are the classes of errors of some rows, without messages.
func (v *view) classesOf() []ErrorClass {
	var list []ErrorClass
	for i, n := range v.digest().why {
		k := v.failed.list[i-1]
		list = append(list, ErrorClass{Class: printable(k.class), Code: k.code, Count: n})
	}
	sortClasses(list)
	return list
}
