package report

import (
	"aiperf/pkg/expr"
)

// A FailIf is a limit to the change of a number.
type FailIf struct {
	expr.Change
	name Name
	text string
}

// ParseFailIf reads a limit such as "ttft.p50 +5%", with names as [ParseName]
// has them but for those of GPUs. Errors are of type *expr.Error.
func ParseFailIf(s string) (FailIf, error) {
	c, err := expr.ParseChange(s)
	if err != nil {
		return FailIf{}, err
	}
	n, err := ParseName(c.Path)
	if err != nil {
		return FailIf{}, &expr.Error{Expr: s, Message: err.Error()}
	}
	if n.GPU || n.Stat == "valid" {
		return FailIf{}, &expr.Error{Expr: s, Message: n.String() + " is not compared; metrics of requests and of energy are"}
	}
	return FailIf{c, n, s}, c.Check(n.Quantity())
}

// Percentiles are those that it is about, which both sides must be asked for.
func (f FailIf) Percentiles() []float64 {
	if p, ok := f.name.Percentile(); ok {
		return []float64{p}
	}
	return nil
}

// A Limit is the verdict on a [FailIf].
type Limit struct {
	Text   string  // as it was given
	Bound  float64 // what the number may reach
	Change Change
	Failed bool
	Why    string // why it failed or did not, where the numbers do not say it
}

// judge fails if the number is beyond the bound and its change is no chance. If
// it cannot be told, that is a failure: a gate that does not see must not open.
func (f FailIf) judge(c Change) Limit {
	l := Limit{Text: f.text, Bound: f.Limit(c.Old), Change: c}
	switch {
	case c.TooLittle != "":
		l.Failed, l.Why = true, "it cannot be told: "+c.TooLittle
	case f.Exceeded(c.Old, c.New) && c.Differs():
		l.Failed = true
	case f.Exceeded(c.Old, c.New):
		l.Why = "it is beyond the limit, but may be so by chance"
	}
	return l
}

// Failing are the limits that failed.
func (c *Comparison) Failing() []Limit {
	var list []Limit
	for _, l := range c.Limits {
		if l.Failed {
			list = append(list, l)
		}
	}
	return list
}
