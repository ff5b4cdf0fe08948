package expr

import (
	"regexp"
	"slices"
	"strings"
)

// An Expr is a condition. It may be evaluated by several goroutines at once.
type Expr struct {
	text  string
	root  *node
	eval  condition
	names []Name
}

// A Name is one that an expression uses.
type Name struct {
	Path   []string
	Offset int // of its first use
	text   string
}

// String is the name as it is written.
func (n Name) String() string { return n.text }

func written(path []string) string {
	keys := slices.Clone(path)
	for i, k := range keys {
		if l := (&lexer{src: k}); k == "" || l.plain(0) != len(k) {
			keys[i] = quote(k)
		}
	}
	return strings.Join(keys, ".")
}

// Names are those that e uses, each once, in the order of their first use.
func (e *Expr) Names() []Name { return e.names }

// Text is e as it was given to Parse.
func (e *Expr) Text() string { return e.text }

// String is e in the one way of writing it, which parses to the same.
func (e *Expr) String() string { return e.root.String() }

// add is the index of a name.
func (e *Expr) add(t lexeme) int {
	for i, n := range e.names {
		if slices.Equal(n.Path, t.path) {
			return i
		}
	}
	e.names = append(e.names, Name{t.path, t.at, written(t.path)})
	return len(e.names) - 1
}

// A node is a part of an expression.
type node struct {
	op   string // "number", "text", "true", "false", "name", "has", "neg", or as it is written
	at   int
	kids []*node
	lit  literal
	text string
	path []string
	name int // index of path in the names
	re   *regexp.Regexp
}

// rank is how strongly the operator of n binds.
func (n *node) rank() int {
	switch n.op {
	case "or":
		return 1
	case "and":
		return 2
	case "not":
		return 3
	case "<", "<=", ">", ">=", "==", "!=", "=~", "!~", "in", "not in":
		return 4
	case "+", "-":
		return 5
	case "*", "/":
		return 6
	case "neg":
		return 7
	}
	return 8
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.op {
	case "number":
		b.WriteString(n.lit.String())
	case "text":
		b.WriteString(quote(n.text))
	case "true", "false":
		b.WriteString(n.op)
	case "name":
		b.WriteString(written(n.path))
	case "has":
		b.WriteString("has(" + written(n.path) + ")")
	case "neg":
		b.WriteString("-")
		n.operand(b, 0, n.rank())
	case "not":
		b.WriteString("not ")
		n.operand(b, 0, n.rank())
	case "in", "not in":
		n.operand(b, 0, n.rank()+1)
		b.WriteString(" " + n.op + " (")
		for i, k := range n.kids[1:] {
			if i > 0 {
				b.WriteString(", ")
			}
			k.write(b)
		}
		b.WriteString(")")
	case "and", "or", "+", "-", "*", "/":
		n.operand(b, 0, n.rank())
		b.WriteString(" " + n.op + " ")
		n.operand(b, 1, n.rank()+1)
	default:
		n.operand(b, 0, n.rank()+1)
		b.WriteString(" " + n.op + " ")
		n.operand(b, 1, n.rank()+1)
	}
}

// operand writes an operand, in parentheses if it binds less than rank.
func (n *node) operand(b *strings.Builder, i, rank int) {
	if k := n.kids[i]; k.rank() < rank {
		b.WriteString("(")
		k.write(b)
		b.WriteString(")")
	} else {
		k.write(b)
	}
}
