package expr

import (
	"fmt"
	"math"
)

// A Change is a limit to the growth of a metric, or to its shrinking.
type Change struct {
	Path []string
	Sign int     // 1: it may not grow by more; -1: it may not shrink by more
	By   float64 // not negative; a share of what it was, or in Unit
	Unit string  // the base unit; empty for a plain number
	// Relative says that By is a share.
	Relative bool

	lit  literal
	text string // as it was given
	at   int    // of the number
}

// ParseChange reads a limit such as "ttft.p50 +5%" or "request_latency.avg
// +10ms". Its errors are of type *Error.
func ParseChange(s string) (Change, error) {
	if len(s) > MaxLength {
		return Change{}, &Error{Expr: s[:MaxLength], Offset: MaxLength, Message: fmt.Sprintf("the limit is longer than %d bytes", MaxLength)}
	}
	l := &lexer{src: s}
	const form = "write NAME +5% or NAME -5%"
	name, err := l.next()
	if err != nil {
		return Change{}, err
	}
	if name.token != word {
		return Change{}, l.fail(name.at, form, "a metric's name must stand here")
	}
	sign, err := l.next()
	if err != nil {
		return Change{}, err
	}
	if sign.token != symbol || sign.text != "+" && sign.text != "-" {
		return Change{}, l.fail(sign.at, form, "+ or - must follow the name")
	}
	by, err := l.next()
	if err != nil {
		return Change{}, err
	}
	if by.token != num {
		return Change{}, l.fail(by.at, form, "a number must follow the sign")
	}
	if rest, err := l.next(); err != nil {
		return Change{}, err
	} else if rest.token != end {
		return Change{}, l.fail(rest.at, form, "nothing may follow the number")
	}
	c := Change{Path: name.path, Sign: 1, By: by.lit.value, Unit: by.lit.base, Relative: by.lit.base == "1", lit: by.lit, text: s, at: by.at}
	if sign.text == "-" {
		c.Sign = -1
	}
	return c, nil
}

// String is the change as ParseChange reads it.
func (c Change) String() string {
	sign := "+"
	if c.Sign < 0 {
		sign = "-"
	}
	return written(c.Path) + " " + sign + c.lit.String()
}

// Check holds the unit of c to what the metric is. Its errors are of type *Error.
func (c Change) Check(of Quantity) error {
	switch {
	case c.Relative:
		return nil
	case c.Unit == "" && !of.Bare:
		return &Error{Expr: c.text, Offset: c.at, Hint: example(of.Unit), Message: fmt.Sprintf("%s is in %s, and this number has no unit", c.Name(), orNone(of.Unit))}
	case c.Unit != "" && !fits(c.Unit, of.Unit):
		return &Error{Expr: c.text, Offset: c.at, Message: fmt.Sprintf("%s is in %s, and this is in %s", c.Name(), orNone(of.Unit), orNone(c.Unit))}
	}
	return nil
}

// Name is the metric's name.
func (c Change) Name() string { return written(c.Path) }

// Limit is what the metric may reach if it was old.
func (c Change) Limit(old float64) float64 {
	by := c.By
	if c.Relative {
		by *= math.Abs(old)
	}
	return old + float64(c.Sign)*by
}

// Exceeded tells whether a metric that was old and is now new changed by more
// than it may. It is so if either is NaN.
func (c Change) Exceeded(old, new float64) bool {
	if c.Sign < 0 {
		return !(new >= c.Limit(old))
	}
	return !(new <= c.Limit(old))
}
