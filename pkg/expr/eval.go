package expr

import (
	"cmp"
	"slices"
)

// An env is where values come from: one of the two.
type env struct {
	path func(path []string) (Value, bool)
	at   func(i int) (Value, bool)
}

type (
	// A condition is whether something holds, comparisons with what is absent
	// being false, and on which absent name that hangs: its index plus 1, or 0.
	condition func(env) (holds bool, missing int)
	// A quantity is a value; if it is absent, missing is as in a condition.
	quantity func(env) (v Value, missing int)
)

// Eval tells whether e holds. Values come from resolve; false says that there
// is none. Comparisons with what is absent are false. If that might have decided
// the result, missing is the name that was absent; it is empty if the result is
// the same whatever the value of absent names.
//
// It allocates nothing.
func (e *Expr) Eval(resolve func(path []string) (Value, bool)) (holds bool, missing string) {
	return e.run(env{path: resolve})
}

// EvalAt is like Eval, but asks for names by their index in [Expr.Names]. It is
// for those who look all names up at once.
func (e *Expr) EvalAt(resolve func(i int) (Value, bool)) (holds bool, missing string) {
	return e.run(env{at: resolve})
}

func (e *Expr) run(from env) (bool, string) {
	holds, missing := e.eval(from)
	return holds, e.missing(missing)
}

func (e *Expr) missing(i int) string {
	if i == 0 {
		return ""
	}
	return e.names[i-1].text
}

func compileCondition(n *node) condition {
	switch n.op {
	case "or":
		a, b := compileCondition(n.kids[0]), compileCondition(n.kids[1])
		return func(e env) (bool, int) { return either(e, a, b, true) }
	case "and":
		a, b := compileCondition(n.kids[0]), compileCondition(n.kids[1])
		return func(e env) (bool, int) { return either(e, a, b, false) }
	case "not":
		a := compileCondition(n.kids[0])
		return func(e env) (bool, int) {
			holds, missing := a(e)
			return !holds, missing
		}
	case "true", "false":
		is := n.op == "true"
		return func(env) (bool, int) { return is, 0 }
	case "has":
		get := lookup(n)
		return func(e env) (bool, int) {
			v, _ := get(e)
			return v.kind != absent, 0
		}
	case "name":
		get := lookup(n)
		return func(e env) (bool, int) {
			v, missing := get(e)
			return v.kind == boolean && v.num != 0, missing
		}
	case "in", "not in":
		return compileIn(n)
	case "=~", "!~":
		get, re, want := compileValue(n.kids[0]), n.re, n.op == "=~"
		return func(e env) (bool, int) {
			v, missing := get(e)
			return v.kind == text && re.MatchString(v.str) == want, missing
		}
	}
	return compileComparison(n)
}

// either is a or b with decisive true, and a and b with decisive false.
func either(e env, a, b condition, decisive bool) (bool, int) {
	x, missing := a(e)
	if missing == 0 {
		if x == decisive {
			return x, 0
		}
		return b(e)
	}
	y, other := b(e)
	if other == 0 && y == decisive {
		return y, 0
	}
	if decisive {
		return x || y, missing
	}
	return x && y, missing
}

func lookup(n *node) quantity {
	i, path := n.name, n.path
	return func(e env) (v Value, missing int) {
		ok := false
		if e.at != nil {
			v, ok = e.at(i)
		} else {
			v, ok = e.path(path)
		}
		if !ok || v.kind == absent {
			return Value{}, i + 1
		}
		return v, 0
	}
}

func compileIn(n *node) condition {
	get, want := compileValue(n.kids[0]), n.op == "in"
	list := make([]Value, len(n.kids)-1)
	for i, k := range n.kids[1:] {
		list[i], _ = compileValue(k)(env{})
	}
	return func(e env) (bool, int) {
		v, missing := get(e)
		if v.kind == absent {
			return false, missing
		}
		return slices.Contains(list, v) == want, 0
	}
}

func compileComparison(n *node) condition {
	a, b := compileValue(n.kids[0]), compileValue(n.kids[1])
	op := order(n.op)
	return func(e env) (bool, int) {
		x, missing := a(e)
		y, other := b(e)
		if x.kind == absent || y.kind == absent {
			return false, max(missing, other)
		}
		return op.holds(x, y), 0
	}
}

// An op is a comparison, by what it holds for.
type op struct{ less, equal, greater, mixed bool }

func order(s string) op {
	return map[string]op{
		"<": {less: true}, "<=": {less: true, equal: true}, ">": {greater: true}, ">=": {greater: true, equal: true},
		"==": {equal: true}, "!=": {less: true, greater: true, mixed: true},
	}[s]
}

// holds compares two values, neither of which is absent.
func (o op) holds(x, y Value) bool {
	if x.kind != y.kind {
		return o.mixed
	}
	c := 0
	switch {
	case x.kind == text:
		c = cmp.Compare(x.str, y.str)
	case x.num < y.num:
		c = -1
	case x.num > y.num:
		c = 1
	}
	switch {
	case c < 0:
		return o.less
	case c > 0:
		return o.greater
	}
	return o.equal
}

func compileValue(n *node) quantity {
	var fixed Value
	switch n.op {
	case "name":
		return lookup(n)
	case "neg":
		a := compileValue(n.kids[0])
		return func(e env) (Value, int) {
			v, missing := a(e)
			if v.kind != number {
				return Value{}, missing
			}
			return Number(-v.num), 0
		}
	case "+", "-", "*", "/":
		return compileArithmetic(n)
	case "number":
		fixed = Number(n.lit.value)
	case "text":
		fixed = Text(n.text)
	default:
		fixed = Bool(n.op == "true")
	}
	return func(env) (Value, int) { return fixed, 0 }
}

func compileArithmetic(n *node) quantity {
	a, b, op := compileValue(n.kids[0]), compileValue(n.kids[1]), n.op[0]
	some := n.someName()
	return func(e env) (Value, int) {
		x, missing := a(e)
		y, other := b(e)
		if missing = max(missing, other); missing > 0 || x.kind != number || y.kind != number {
			return Value{}, missing
		}
		switch op {
		case '+':
			x.num += y.num
		case '-':
			x.num -= y.num
		case '*':
			x.num *= y.num
		case '/':
			x.num /= y.num
		}
		if x.num != x.num { // 0/0 and its like say no more than if something were absent
			return Value{}, some
		}
		return x, 0
	}
}

// someName is the index plus 1 of a name in n; 0 if there is none.
func (n *node) someName() int {
	if n.op == "name" {
		return n.name + 1
	}
	for _, k := range n.kids {
		if i := k.someName(); i > 0 {
			return i
		}
	}
	return 0
}
