package expr

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// tree is the structure of an expression, to compare two.
func tree(n *node) any {
	kids := []any{}
	for _, k := range n.kids {
		kids = append(kids, tree(k))
	}
	return []any{n.op, n.lit.value, n.lit.base, n.text, n.path, n.name, kids}
}

// What was parsed is written so that it parses to the same, errors are of the
// one type and within the expression, and a result that hangs on no absent name
// is the same whatever its value.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ttft.p99 < 200ms and errors < 0.1%", "a =~ 'x(y)?' or not has(b.'c d')", "-a*2/(b+3) >= 40mJ/token", "a in (1,-2,'x',true) or b not in (3µs)",
		"!a||!(b&&c)", "x !~ \"\\d\\\"\" = 3", "1 < 2 < 3", "°C", "a>5°C", "a.0.'\\\\'=''", "took<1e400", "((((", "a\n>\t1", "x == \xff",
	} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, s string, with uint8) {
		e, err := Parse(s)
		if err != nil {
			var where *Error
			if !errors.As(err, &where) {
				t.Fatalf("%T: %v", err, err)
			}
			if where.Offset < 0 || where.Offset > len(where.Expr) {
				t.Fatalf("%q: offset %d", s, where.Offset)
			}
			line, caret, _ := strings.Cut(where.Caret(), "\n")
			if utf8.RuneCountInString(caret) > utf8.RuneCountInString(line)+1 || where.Error() == "" {
				t.Fatalf("%q: %s\n%s", s, line, caret)
			}
			return
		}
		again, err := Parse(e.String())
		if len(e.String()) > MaxLength {
			return
		}
		if err != nil {
			t.Fatalf("%q is written %q: %v", s, e.String(), err)
		}
		if diff := cmp.Diff(tree(e.root), tree(again.root)); diff != "" {
			t.Fatalf("%q is written %q (-want +got):\n%s", s, e.String(), diff)
		}
		pick := func(i int) Value {
			return []Value{{}, Number(1), Number(0), Text("x"), Bool(true), Bool(false), Number(-2)}[i%7]
		}
		some := func(i int) (Value, bool) { v := pick(i + int(with)); return v, !v.Absent() }
		all := func(i int) (Value, bool) {
			v := pick(i + int(with))
			if v.Absent() {
				v = pick(1 + (i+int(with))/7%6)
			}
			return v, true
		}
		holds, missing := e.EvalAt(some)
		whole, none := e.EvalAt(all)
		if !strings.Contains(e.String(), "has(") && !strings.Contains(e.String(), "/") { // 0/0 is as if absent
			if none != "" || missing == "" && holds != whole {
				t.Fatalf("%q is %v without what is absent, and %v with it (%q)", s, holds, whole, none)
			}
		}
		e.Comparisons(func([]string) (Value, bool) { return pick(int(with)), with%3 > 0 })
		_ = e.Check(func([]string) (Quantity, bool) {
			return Quantity{Unit: []string{"s", "", "1", "J/token"}[with%4], Bare: with%8 > 3}, with%5 > 0
		})
	})
}

func FuzzParseChange(f *testing.F) {
	for _, s := range []string{"ttft.p50 +5%", "a -10ms", "a.'b c' + 3 J/token", "a+1e400", "in +5%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseChange(s)
		if err != nil {
			var where *Error
			if !errors.As(err, &where) || where.Caret() == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := ParseChange(c.String())
		if err != nil || again.String() != c.String() || again.Limit(3) != c.Limit(3) {
			t.Fatalf("%q is written %q: %v", s, c, err)
		}
	})
}
