package expr

import (
	"fmt"
	"strings"
)

// yield is what a part of an expression gives.
type yield uint8

const (
	anything yield = iota // a name
	numbers
	texts
	truths
)

func (y yield) String() string {
	return [...]string{"something", "a number", "a string", "a condition"}[y]
}

func (n *node) yields() yield {
	switch n.op {
	case "name":
		return anything
	case "number", "neg", "+", "-", "*", "/":
		return numbers
	case "text":
		return texts
	}
	return truths
}

func (p *parser) isCondition(n *node) error {
	if y := n.yields(); y == numbers || y == texts {
		return p.fail(n.first(), "", "this is "+y.String()+" where a condition must stand")
	}
	return nil
}

func (p *parser) isNumber(n *node) error {
	if y := n.yields(); y == texts || y == truths {
		return p.fail(n.first(), "", "this is "+y.String()+" where a number must stand")
	}
	return nil
}

// isValue refuses conditions as operands of comparisons, save for true and false.
func (p *parser) isValue(n *node) error {
	if n.yields() == truths && n.op != "true" && n.op != "false" {
		return p.fail(n.first(), "conditions are joined with and, or", "this is a condition where a value must stand")
	}
	return nil
}

// first is where n begins.
func (n *node) first() int {
	for len(n.kids) > 0 && n.op != "not" && n.op != "neg" {
		n = n.kids[0]
	}
	return n.at
}

// constant tells whether n has no names.
func (n *node) constant() bool {
	for _, k := range n.kids {
		if !k.constant() {
			return false
		}
	}
	return n.op != "name" && n.op != "has"
}

// constants refuses arithmetic without names whose result is no number.
func (p *parser) constants(n *node) error {
	for _, k := range n.kids {
		if err := p.constants(k); err != nil {
			return err
		}
	}
	if n.yields() == numbers && n.constant() {
		if v, _ := compileValue(n)(env{}); v.num-v.num != 0 || v.kind != number {
			return p.fail(n.at, "", "the result of this is no number")
		}
	}
	return nil
}

// Check holds the names of e and the units of its numbers to what of tells;
// false is for a name that is not known. Its errors are of type *Error.
func (e *Expr) Check(of func(path []string) (Quantity, bool)) error {
	c := checker{e, of}
	q, err := c.quantity(e.root)
	if err != nil {
		return err
	}
	return c.condition(e.root, q)
}

type checker struct {
	e  *Expr
	of func([]string) (Quantity, bool)
}

func (c checker) fail(at int, hint, format string, args ...any) error {
	return &Error{Expr: c.e.text, Offset: at, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// unknown is the quantity of products, of which no unit is told.
var unknown = Quantity{Unit: "?", Bare: true}

func (c checker) quantity(n *node) (Quantity, error) {
	switch n.op {
	case "number":
		return Quantity{n.lit.base, n.lit.base == ""}, nil
	case "name", "has":
		q, ok := c.of(n.path)
		if !ok {
			at := n.at
			if n.op == "has" {
				at += len("has(")
			}
			return q, c.fail(at, "", "there is no %s", strings.Join(n.path, "."))
		}
		return q, nil
	}
	qs := make([]Quantity, len(n.kids))
	for i, k := range n.kids {
		var err error
		if qs[i], err = c.quantity(k); err != nil {
			return unknown, err
		}
	}
	switch n.op {
	case "and", "or", "not":
		for i, k := range n.kids {
			if err := c.condition(k, qs[i]); err != nil {
				return unknown, err
			}
		}
		return unknown, nil
	case "neg":
		return qs[0], nil
	case "*", "/":
		return product(n, qs), nil
	case "+", "-", "<", "<=", ">", ">=", "==", "!=", "in", "not in":
		for i := range qs[1:] {
			if err := c.agree(n.kids[0], n.kids[i+1], qs[0], qs[i+1]); err != nil {
				return unknown, err
			}
		}
		if n.kids[0].constant() {
			return qs[1], nil
		}
		return qs[0], nil
	}
	return unknown, nil
}

// condition refuses a measured quantity that stands alone, which never holds.
func (c checker) condition(n *node, q Quantity) error {
	if n.op == "name" && measured(q) {
		return c.fail(n.at, "compare it, or ask for has("+n.String()+")", "%s is in %s, and a condition must stand here", n.String(), orNone(q.Unit))
	}
	return nil
}

// measured tells whether q is known to be a number.
func measured(q Quantity) bool { return q.Unit != "" && q.Unit != unknown.Unit }

func product(n *node, q []Quantity) Quantity {
	switch a, b := n.kids[0].bare(), n.kids[1].bare(); {
	case b:
		return q[0]
	case a && n.op == "*":
		return q[1]
	case n.op == "/" && q[0].Unit == q[1].Unit:
		return Quantity{"1", true}
	}
	return unknown
}

// bare tells whether n is arithmetic on numbers without units.
func (n *node) bare() bool {
	for _, k := range n.kids {
		if !k.bare() {
			return false
		}
	}
	return n.yields() == numbers && n.lit.unit == ""
}

// agree refuses to compare what is measured in different units.
func (c checker) agree(a, b *node, p, q Quantity) error {
	if a.constant() && !b.constant() {
		a, b, p, q = b, a, q, p
	}
	if y := b.yields(); y == texts || y == truths {
		if a.op == "name" && measured(p) {
			return c.fail(b.first(), "", "%s is in %s, and this is %s", a.String(), orNone(p.Unit), y.String())
		}
		return nil
	}
	if a.yields() == texts || p == unknown || q == unknown {
		return nil
	}
	if b.bare() {
		if v, _ := compileValue(b)(env{}); p.Bare || v.num == 0 {
			return nil
		}
		return c.fail(b.first(), example(p.Unit), "%s is in %s, and this number has no unit", a.String(), orNone(p.Unit))
	}
	if !fits(q.Unit, p.Unit) && !fits(p.Unit, q.Unit) {
		return c.fail(b.first(), "", "%s is in %s, and this is in %s", a.String(), orNone(p.Unit), orNone(q.Unit))
	}
	return nil
}

// example is how a number in that unit is written.
func example(unit string) string {
	for _, x := range [][2]string{{"s", "200ms"}, {"1", "5%"}, {"J", "40mJ"}, {"bytes", "10GB"}, {"Hz", "1500MHz"}, {"W", "300W"}} {
		if fits(x[0], unit) && unit != "" {
			return "give it one, as in " + x[1]
		}
	}
	return ""
}

func orNone(unit string) string {
	switch unit {
	case "":
		return "no unit"
	case "1":
		return "%"
	}
	return unit
}
