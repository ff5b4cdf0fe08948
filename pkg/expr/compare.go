package expr

import "math"

// A Comparison is one of an objective, evaluated. The side that was measured is
// the left one: 200ms > ttft.p99 comes as ttft.p99 < 200ms.
type Comparison struct {
	Offset      int    // of the comparison in the expression
	Left, Right string // as they are written
	Op          string // "<", "<=", ">", ">=", "==", "!="
	Value       Value  // of Left
	Bound       Value  // of Right
	Holds       bool
	Missing     string // the name that was absent, so that the comparison could not be made

	// Room is by how much the value is on the right side of the bound, below 0 if
	// it is on the wrong one; of == it is minus the distance, and of != the
	// distance. Margin is Room as a share of the bound. Both are NaN if they
	// make no sense: for strings, what is absent, and Margin for a bound of 0.
	Room, Margin float64
}

// String is the comparison as it is written.
func (c Comparison) String() string { return c.Left + " " + c.Op + " " + c.Right }

// Comparisons evaluates each comparison of e, in their order, if e is one or
// several that are joined with and; false if it is anything else. Resolve is as
// in [Expr.Eval].
func (e *Expr) Comparisons(resolve func(path []string) (Value, bool)) ([]Comparison, bool) {
	nodes, ok := conjuncts(e.root, nil)
	if !ok {
		return nil, false
	}
	list := make([]Comparison, len(nodes))
	for i, n := range nodes {
		list[i] = e.comparison(n, env{path: resolve})
	}
	return list, true
}

// conjuncts appends the comparisons of n to list; false if there is another
// thing among them.
func conjuncts(n *node, list []*node) ([]*node, bool) {
	if n.op == "and" {
		list, ok := conjuncts(n.kids[0], list)
		if !ok {
			return nil, false
		}
		return conjuncts(n.kids[1], list)
	}
	switch n.op {
	case "<", "<=", ">", ">=", "==", "!=":
		return append(list, n), true
	}
	return nil, false
}

var flipped = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

func (e *Expr) comparison(n *node, from env) Comparison {
	a, b, op := n.kids[0], n.kids[1], n.op
	if a.constant() && !b.constant() {
		a, b, op = b, a, flipped[op]
	}
	c := Comparison{Offset: n.first(), Left: a.String(), Right: b.String(), Op: op, Room: math.NaN(), Margin: math.NaN()}
	var missing, other int
	c.Value, missing = compileValue(a)(from)
	c.Bound, other = compileValue(b)(from)
	if c.Value.kind == absent || c.Bound.kind == absent {
		c.Missing = e.missing(max(missing, other))
		return c
	}
	c.Holds = order(op).holds(c.Value, c.Bound)
	x, isNumber := c.Value.Number()
	y, alike := c.Bound.Number()
	if !isNumber || !alike {
		return c
	}
	switch op {
	case "<", "<=":
		c.Room = y - x
	case ">", ">=":
		c.Room = x - y
	case "==":
		c.Room = -math.Abs(x - y)
	case "!=":
		c.Room = math.Abs(x - y)
	}
	if y != 0 {
		c.Margin = c.Room / math.Abs(y)
	}
	return c
}
