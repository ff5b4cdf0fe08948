package expr

import (
	"regexp"
	"strconv"
	"strings"
)

// Limits of an expression.
const (
	MaxLength = 4096 // bytes
	MaxDepth  = 100  // of parentheses and of operators with one operand
)

// Parse reads a condition. Its errors are of type *Error.
func Parse(s string) (*Expr, error) {
	if len(s) > MaxLength {
		return nil, &Error{Expr: s[:MaxLength], Offset: MaxLength, Message: "the expression is longer than " + strconv.Itoa(MaxLength) + " bytes"}
	}
	e := &Expr{text: s}
	p := &parser{lexer: lexer{src: s}, e: e}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.token == end {
		return nil, p.fail(0, "", "the expression is empty")
	}
	root, err := p.condition()
	if err != nil {
		return nil, err
	}
	if p.tok.token != end {
		return nil, p.surplus()
	}
	if err := p.isCondition(root); err != nil {
		return nil, err
	}
	if err := p.constants(root); err != nil {
		return nil, err
	}
	e.root = root
	e.eval = compileCondition(root)
	return e, nil
}

type parser struct {
	lexer
	tok   lexeme
	depth int
	e     *Expr
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// is tells whether the next token is the symbol or keyword s.
func (p *parser) is(s string) bool {
	return (p.tok.token == symbol || p.tok.token == keyword) && p.tok.text == s
}

// surplus is the error of a token after the end of a condition.
func (p *parser) surplus() error {
	at := p.tok.at
	switch t := p.tok; {
	case p.is(")"):
		return p.fail(at, "", "there is no parenthesis to close")
	case t.token == word && len(t.path) == 1:
		hint := "conditions are joined with and, or"
		if like := closest(t.path[0], keywords); like != "" {
			hint = "did you mean " + keywords[like] + " ?"
		}
		return p.fail(at, hint, "an operator must come before "+t.path[0])
	case t.token == symbol || t.token == keyword:
		return p.fail(at, "", "unexpected "+t.text)
	}
	return p.fail(at, "conditions are joined with and, or", "an operator must come before this")
}

func (p *parser) deeper() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail(p.tok.at, "", "the expression is nested more than "+strconv.Itoa(MaxDepth)+" deep")
	}
	return nil
}

// left reads operands joined by any of ops, which bind to the left.
func (p *parser) left(operand func() (*node, error), check func(*node) error, ops ...string) (*node, error) {
	a, err := operand()
	for err == nil {
		op := ""
		for _, o := range ops {
			if p.is(o) {
				op = o
			}
		}
		if op == "" {
			return a, nil
		}
		n := &node{op: op, at: p.tok.at}
		if err = check(a); err != nil {
			break
		}
		if err = p.advance(); err != nil {
			break
		}
		var b *node
		if b, err = operand(); err != nil {
			break
		}
		n.kids = []*node{a, b}
		err = check(b)
		a = n
	}
	return nil, err
}

func (p *parser) condition() (*node, error) {
	return p.left(func() (*node, error) {
		return p.left(p.not, p.isCondition, "and")
	}, p.isCondition, "or")
}

func (p *parser) not() (*node, error) {
	if !p.is("not") {
		return p.comparison()
	}
	n := &node{op: "not", at: p.tok.at}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	a, err := p.not()
	if err != nil {
		return nil, err
	}
	n.kids = []*node{a}
	return n, p.isCondition(a)
}

func (p *parser) comparison() (*node, error) {
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	n := &node{op: p.tok.text, at: p.tok.at}
	switch {
	case p.is("in"), p.is("not"):
		return p.in(n, a)
	case p.is("=~"), p.is("!~"):
		return p.match(n, a)
	case !p.compares():
		return a, nil
	}
	if err := p.isValue(a); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	b, err := p.sum()
	if err != nil {
		return nil, err
	}
	if err := p.isValue(b); err != nil {
		return nil, err
	}
	n.kids = []*node{a, b}
	if p.compares() {
		return nil, p.fail(p.tok.at, "write a < b and b < c", "comparisons don't chain")
	}
	return n, p.comparable(n)
}

func (p *parser) compares() bool {
	return p.is("<") || p.is("<=") || p.is(">") || p.is(">=") || p.is("==") || p.is("!=")
}

// comparable refuses comparisons that are the same whatever the names are.
func (p *parser) comparable(n *node) error {
	a, b := n.kids[0].yields(), n.kids[1].yields()
	if a != b && a != anything && b != anything {
		return p.fail(n.at, "", a.String()+" is compared with "+b.String())
	}
	if (a == truths || b == truths) && n.op != "==" && n.op != "!=" {
		return p.fail(n.at, "", "true and false have no order")
	}
	return nil
}

func (p *parser) in(n, a *node) (*node, error) {
	if err := p.isValue(a); err != nil {
		return nil, err
	}
	if n.op == "not" {
		n.op = "not in"
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.is("in") {
			return nil, p.fail(p.tok.at, "", "in must follow not here")
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("(") {
		return nil, p.fail(p.tok.at, "write in (a, b)", "a list in parentheses must follow in")
	}
	n.kids = []*node{a}
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		v, err := p.unary()
		if err != nil {
			return nil, err
		}
		if !v.constant() {
			return nil, p.fail(v.at, "", "a list holds numbers, strings, true and false only")
		}
		n.kids = append(n.kids, v)
		if !p.is(",") {
			break
		}
	}
	if !p.is(")") {
		return nil, p.fail(p.tok.at, "write in (a, b)", "the list must go on with , or end with )")
	}
	return n, p.advance()
}

func (p *parser) match(n, a *node) (*node, error) {
	if err := p.isValue(a); err != nil {
		return nil, err
	}
	if y := a.yields(); y != anything && y != texts {
		return nil, p.fail(a.at, "", "a pattern is for strings, and this is "+y.String())
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.token != str {
		return nil, p.fail(p.tok.at, `write `+n.op+` "pattern"`, "a pattern in quotes must follow "+n.op)
	}
	re, err := regexp.Compile(p.tok.text)
	if err != nil {
		return nil, p.fail(p.tok.at, "", "the pattern makes no sense: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	n.re = re
	n.kids = []*node{a, {op: "text", at: p.tok.at, text: p.tok.text}}
	return n, p.advance()
}

func (p *parser) sum() (*node, error) {
	return p.left(func() (*node, error) {
		return p.left(p.unary, p.isNumber, "*", "/")
	}, p.isNumber, "+", "-")
}

func (p *parser) unary() (*node, error) {
	if !p.is("-") {
		return p.primary()
	}
	n := &node{op: "neg", at: p.tok.at}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	a, err := p.unary()
	if err != nil {
		return nil, err
	}
	n.kids = []*node{a}
	return n, p.isNumber(a)
}

func (p *parser) primary() (*node, error) {
	t := p.tok
	switch {
	case t.token == num:
		return &node{op: "number", at: t.at, lit: t.lit}, p.advance()
	case t.token == str:
		return &node{op: "text", at: t.at, text: t.text}, p.advance()
	case p.is("true"), p.is("false"):
		return &node{op: t.text, at: t.at}, p.advance()
	case t.token == word:
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.is("(") {
			return p.call(t)
		}
		return &node{op: "name", at: t.at, path: t.path, name: p.e.add(t)}, nil
	case p.is("("):
		return p.group()
	case t.token == end:
		return nil, p.fail(t.at, "", "the expression ends where a value must follow")
	}
	return nil, p.fail(t.at, "", "a value must stand here, not "+t.text)
}

func (p *parser) group() (*node, error) {
	at := p.tok.at
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.condition()
	if err != nil {
		return nil, err
	}
	if !p.is(")") {
		if p.tok.token == end {
			return nil, p.fail(at, "", "this parenthesis is not closed")
		}
		return nil, p.surplus()
	}
	return n, p.advance()
}

// call reads has(name), the one function there is.
func (p *parser) call(f lexeme) (*node, error) {
	if len(f.path) != 1 || f.path[0] != "has" {
		return nil, p.fail(f.at, "the only function is has(name)", "there is no function "+strings.Join(f.path, "."))
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.token != word {
		return nil, p.fail(p.tok.at, "write has(name)", "has takes a name")
	}
	n := &node{op: "has", at: f.at, path: p.tok.path, name: p.e.add(p.tok)}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is(")") {
		return nil, p.fail(p.tok.at, "write has(name)", "has takes one name")
	}
	return n, p.advance()
}
