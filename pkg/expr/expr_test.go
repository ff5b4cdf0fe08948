package expr

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// values are what the names of the tests stand for.
var values = map[string]Value{
	"took": Number(0.25), "ttft.p99": Number(0.18), "n": Number(3), "zero": Number(0), "power": Number(300), "per_token": Number(0.04),
	"model": Text("llama-3-8b"), `labels."k8s.io/name"`: Text("vllm"), "throttled": Bool(true), "cold": Bool(false), "nan": Number(math.NaN()),
	"fields.0.x": Number(7), "labels.in": Text("x"),
}

func resolve(path []string) (Value, bool) {
	v, ok := values[written(path)]
	return v, ok
}

func TestEval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr    string
		want    bool
		missing string
		why     string
	}{
		{"took < 300ms", true, "", "a unit makes a base unit"},
		{"took<300 ms", true, "", "a space may stand before the unit"},
		{"took == 250000µs and took == 250000us and took = 0.25", true, "", "the two micros, and one equals sign"},
		{"took > 0.2 and took < .3 && took >= 2.5e-1", true, "", "all ways to write numbers"},
		{"n == 180s / 1min", true, "", "a minute is 60 s"},
		{"n == 3%*100", true, "", "per cent is a hundredth"},
		{"power < 0.3kW", false, "", "300 is not below 300"},
		{"power <= 0.3kW", true, "", "but not above either"},
		{"per_token <= 40mJ/token", true, "", "what it is by does not change the number"},
		{"n >= 180tokens/min/user", true, "", "save for times"},
		{"n == 6 /n + 1", true, "", "a space makes a slash a division"},
		{"n == 1 + 2 * 1", true, "", "times binds more than plus"},
		{"n == (1 + 2) * 1", true, "", "parentheses"},
		{"n - 1 - 1 == 1 and 12 / n / 2 == 2", true, "", "both bind to the left"},
		{"-n == -3 and --n == 3", true, "", "signs"},
		{"model =~ 'llama'", true, "", "a match anywhere"},
		{"model =~ '^lama'", false, "", "anchored"},
		{`model =~ '\d\w$'`, true, "", "a backslash stands for itself"},
		{"model !~ 'llama'", false, "", "no match"},
		{"n =~ '3'", false, "", "a number is no string"},
		{"model in ('gpt', 'llama-3-8b')", true, "", "one of"},
		{"n not in (1, 2)", true, "", "none of"},
		{"took in (250ms)", true, "", "numbers in lists have units"},
		{"model < 'm' and model != 'x'", true, "", "strings have an order"},
		{`labels."k8s.io/name" == "vllm"`, true, "", "a key in quotes"},
		{"fields.0.x = 7 and labels.in = 'x'", true, "", "keys after a dot may be numbers and keywords"},
		{"throttled and not cold", true, "", "names alone"},
		{"throttled == true and cold != true", true, "", "booleans can be compared"},
		{"model", false, "", "a string is not true"},
		{"!throttled or !cold", true, "", "symbols"},
		{"not cold and cold", false, "", "not binds more than and"},
		{"throttled or throttled and cold", true, "", "and binds more than or"},
		{"n == 'x'", false, "", "a number is no string"},
		{"n != 'x'", true, "", "and so it differs"},
		{"model + 1 > 0", false, "", "no sum of a string"},
		{"has(n) and not has(x)", true, "", "has never misses anything"},
		{"has(nan)", false, "", "no number is nothing"},

		{"x < 1", false, "x", "absent"},
		{"x != 1", false, "x", "absent, too"},
		{"x", false, "x", "absent alone"},
		{"not x < 1", true, "x", "a comparison with what is absent is false, and it decides"},
		{"x.y + 1 < n", false, "x.y", "absent in a sum"},
		{"x in (1)", false, "x", "absent in a list"},
		{"x not in (1)", false, "x", "absent in no list"},
		{"x =~ 'a' or x !~ 'a'", false, "x", "absent is neither"},
		{"nan < 1", false, "nan", "NaN was not measured"},
		{"x < 1 or n == 3", true, "", "it does not matter"},
		{"n == 3 or x < 1", true, "", "nor here"},
		{"x < 1 and n == 4", false, "", "nor here"},
		{"n == 3 and x < 1", false, "x", "it matters"},
		{"has(x) and x < 1", false, "", "asked before"},
		{"zero / zero < 1", false, "zero", "0/0 says nothing"},
		{"n / zero > 1", true, "", "infinite"},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got, missing := e.Eval(resolve)
		if got != c.want || missing != c.missing {
			t.Errorf("%s (%s) is %v, missing %q; want %v, %q", c.expr, c.why, got, missing, c.want, c.missing)
		}
		names := e.Names()
		got, missing = e.EvalAt(func(i int) (Value, bool) { return resolve(names[i].Path) })
		if got != c.want || missing != c.missing {
			t.Errorf("%s by index is %v, missing %q", c.expr, got, missing)
		}
		if again, err := Parse(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%s is written as %s, which is %v, %v", c.expr, e, again, err)
		}
	}
}

// Errors point at the character, in an expression with more than ASCII too.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, caret, message string }{
		{"", "^", "character 1: the expression is empty"},
		{"took <", "      ^", "character 7: the expression ends where a value must follow"},
		{"took < 200msec", "          ^", `character 11: unknown unit "msec" (did you mean ms ?)`},
		{"took < 20 MJ/token", "", ""},
		{"took < 5 Ms", "         ^", `character 10: unknown unit "Ms" (did you mean ms ?)`},
		{"e < 3 joules", "      ^", `character 7: unknown unit "joules" (did you mean J ?)`},
		{"e < 3 GHx", "      ^", `character 7: unknown unit "GHx" (did you mean GHz ?)`},
		{"e < 3 xyzzy", "      ^", `character 7: unknown unit "xyzzy"`},
		{"a => 3", "  ^", "character 3: unknown operator => (did you mean >= ?)"},
		{"a <> 3", "  ^", "character 3: unknown operator <> (did you mean != ?)"},
		{"a ≤ 3", "  ^", "character 3: unknown operator ≤ (did you mean <= ?)"},
		{"a & b", "  ^", "character 3: unknown operator & (did you mean and ?)"},
		{"m == 'é' adn b", "         ^", "character 10: an operator must come before adn (did you mean and ?)"},
		{"a And b", "  ^", "character 3: an operator must come before And (did you mean and ?)"},
		{"(a) b > 2", "    ^", "character 5: an operator must come before b (conditions are joined with and, or)"},
		{"(a > 1", "^", "character 1: this parenthesis is not closed"},
		{"a > 1)", "     ^", "character 6: there is no parenthesis to close"},
		{"1 < a < 3", "      ^", "character 7: comparisons don't chain (write a < b and b < c)"},
		{"a == 'x", "     ^", "character 6: the string has no end (close it with ')"},
		{"a =~ 'x('", "     ^", "character 6: the pattern makes no sense: missing closing ): `x(`"},
		{"a =~ b", "     ^", `character 6: a pattern in quotes must follow =~ (write =~ "pattern")`},
		{"5 =~ 'a'", "^", "character 1: a pattern is for strings, and this is a number"},
		{"a + 1", "^", "character 1: this is a number where a condition must stand"},
		{"a > 1 and 'x'", "          ^", "character 11: this is a string where a condition must stand"},
		{"a + 'x' > 1", "    ^", "character 5: this is a string where a number must stand"},
		{"(a > 1) + 1 > 1", " ^", "character 2: this is a condition where a number must stand"},
		{"(a > 1) == b", " ^", "character 2: this is a condition where a value must stand (conditions are joined with and, or)"},
		{"1 == 'x'", "  ^", "character 3: a number is compared with a string"},
		{"a < true", "  ^", "character 3: true and false have no order"},
		{"a in 3", "     ^", "character 6: a list in parentheses must follow in (write in (a, b))"},
		{"a in (b)", "      ^", "character 7: a list holds numbers, strings, true and false only"},
		{"a in (1", "       ^", "character 8: the list must go on with , or end with ) (write in (a, b))"},
		{"a not b", "      ^", "character 7: in must follow not here"},
		{"max(a) > 1", "^", "character 1: there is no function max (the only function is has(name))"},
		{"has(1)", "    ^", "character 5: has takes a name (write has(name))"},
		{"a. > 1", "  ^", "character 3: a key must follow the dot"},
		{"a > 1/0", "     ^", "character 6: the result of this is no number"},
		{"a > 1e999", "    ^", "character 5: the number is too large"},
		{"a > 1e308 min", "    ^", "character 5: the number is too large"},
		{"a > 1 # b", "      ^", "character 7: unexpected '#'"},
		{"a > * 2", "    ^", "character 5: a value must stand here, not *"},
		{"a\t> ;", "    ^", "character 5: unknown operator ; (did you mean and ?)"},
		{strings.Repeat("(", MaxDepth+1) + "a", "", "character 101: the expression is nested more than 100 deep"},
		{strings.Repeat("not ", MaxDepth+1) + "a", "", "character 401: the expression is nested more than 100 deep"},
		{"a > " + strings.Repeat("-", MaxDepth+1) + "1", "", "character 105: the expression is nested more than 100 deep"},
		{"a > " + strings.Repeat(" ", MaxLength), "", "character 4097: the expression is longer than 4096 bytes"},
	} {
		_, err := Parse(c.expr)
		if c.message == "" {
			if err != nil {
				t.Errorf("%s: %v", c.expr, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s gives %v, want %s", c.expr, err, c.message)
			continue
		}
		if e.Error() != c.message {
			t.Errorf("%s gives\n%s, want\n%s", c.expr, e, c.message)
		}
		if c.caret != "" {
			want := strings.ReplaceAll(c.expr, "\t", " ") + "\n" + c.caret
			if diff := cmp.Diff(want, e.Caret()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.expr, diff)
			}
		}
	}
}

// What is around the place is shown of a long expression.
func TestCaretLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a == 1 or ", 30)
	_, err := Parse(long + "b => 2 or " + long + "c")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	line, caret, _ := strings.Cut(e.Caret(), "\n")
	i := len([]rune(caret)) - 1
	if r := []rune(line); len(r) > 2*shown || string(r[i:i+2]) != "=>" || r[0] != '…' || r[len(r)-1] != '…' {
		t.Errorf("%s\n%s", line, caret)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	e, err := Parse(`a.b > 1 and has(c) and a.b < 5 or labels."x y" == "z"`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range e.Names() {
		got = append(got, n.String())
		if !strings.HasPrefix(e.Text()[n.Offset:], n.String()) {
			t.Errorf("%s is not at %d", n, n.Offset)
		}
	}
	if diff := cmp.Diff([]string{"a.b", "c", `labels."x y"`}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"a=1&&!b||c", "a == 1 and not b or c"},
		{"((a)) and (b or c)", "a and (b or c)"},
		{"a and (b and c)", "a and (b and c)"},
		{"not (a == 1)", "not a == 1"},
		{"not (a or b)", "not (a or b)"},
		{"a - (b - c) > 1.50 ms", "a - (b - c) > 1.5ms"},
		{"(a + b) * -(c + 1) > 40mJ/token", "(a + b) * -(c + 1) > 40mJ/token"},
		{"a > 40mJ /token", "a > 40mJ / token"},
		{`a == 'it "is" \d'`, `a == "it \"is\" \\d"`},
		{"a not in (1,-2ms,'x')", `a not in (1, -2ms, "x")`},
		{"(-a) > 1", "-a > 1"},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if e.String() != c.want {
			t.Errorf("%s is written %s, want %s", c.expr, e, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	of := func(path []string) (Quantity, bool) {
		q, ok := map[string]Quantity{
			"ttft": {Unit: "s"}, "took": {"s", true}, "energy": {Unit: "J/token"}, "errors": {"1", true}, "power": {"W", true}, "model": {Bare: true},
			"rate": {"tokens/s/user", true}, "n": {Bare: true}, "size": {Unit: "bytes"}, "idle": {Unit: "J"},
		}[written(path)]
		return q, ok
	}
	for _, c := range []struct{ expr, want string }{
		{"ttft < 200ms and took < 0.2 and energy < 40mJ and energy < 40mJ/token and errors < 0.1%", ""},
		{"errors < 0.001 and power < 300 and rate > 30tokens/s and n > 5 and model == 'x'", ""},
		{"ttft == 0 and ttft < 2 * 100ms and ttft < took and ttft / took < 2 and 200ms > ttft", ""},
		{"n in (1, 2) and ttft + 1s > 2s and n * 1ms < ttft and idle / n < 1 and energy * n < 1J", ""},
		{"ttft < 200", "character 8: ttft is in s, and this number has no unit (give it one, as in 200ms)"},
		{"200 > ttft", "character 1: ttft is in s, and this number has no unit (give it one, as in 200ms)"},
		{"ttft < 2*100", "character 8: ttft is in s, and this number has no unit (give it one, as in 200ms)"},
		{"ttft < 40mJ", "character 8: ttft is in s, and this is in J"},
		{"40mJ > ttft", "character 1: ttft is in s, and this is in J"},
		{"energy < 40mJ/request", "character 10: energy is in J/token, and this is in J/request"},
		{"power < 3%", "character 9: power is in W, and this is in %"},
		{"n < 3ms", "character 5: n is in no unit, and this is in s"},
		{"ttft in (1s, 3J)", "character 14: ttft is in s, and this is in J"},
		{"ttft < power", "character 8: ttft is in s, and this is in W"},
		{"ttft + 3 > 2s", "character 8: ttft is in s, and this number has no unit (give it one, as in 200ms)"},
		{"errors < 1% and ttfb < 2s", "character 17: there is no ttfb"},
		{"has(ttfb)", "character 5: there is no ttfb"},
		{"n and has(ttft) or not model", ""},
		{"ttft", "character 1: ttft is in s, and a condition must stand here (compare it, or ask for has(ttft))"},
		{"n > 1 and (power or n)", "character 12: power is in W, and a condition must stand here (compare it, or ask for has(power))"},
		{"not errors", "character 5: errors is in %, and a condition must stand here (compare it, or ask for has(errors))"},
		{"ttft > '5ms'", "character 8: ttft is in s, and this is a string"},
		{"'5ms' < ttft", "character 1: ttft is in s, and this is a string"},
		{"errors == false", "character 11: errors is in %, and this is a condition"},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := e.Check(of); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s gives %q, want %q", c.expr, got, c.want)
		}
	}
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	type row struct {
		Text    string
		Holds   bool
		Missing string
		Margin  float64
	}
	nan := math.NaN()
	for _, c := range []struct {
		expr string
		want []row
	}{
		{"ttft.p99 < 200ms", []row{{"ttft.p99 < 200ms", true, "", 0.1}}},
		{"200ms > ttft.p99 and n >= 4", []row{{"ttft.p99 < 200ms", true, "", 0.1}, {"n >= 4", false, "", -0.25}}},
		{"(x < 1 and (zero <= 0 and model == 'a'))", []row{{"x < 1", false, "x", nan}, {"zero <= 0", true, "", nan}, {`model == "a"`, false, "", nan}}},
		{"n == 4 and n != 2", []row{{"n == 4", false, "", -0.25}, {"n != 2", true, "", 0.5}}},
		{"n > -4", []row{{"n > -4", true, "", 1.75}}},
		{"power <= 2 * 100W", []row{{"power <= 2 * 100W", false, "", -0.5}}},
		{"n > 1 or n < 1", nil},
		{"n > 1 and throttled", nil},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		list, ok := e.Comparisons(resolve)
		if ok != (c.want != nil) {
			t.Errorf("%s: %v", c.expr, ok)
		}
		var got []row
		for _, l := range list {
			got = append(got, row{l.String(), l.Holds, l.Missing, math.Round(l.Margin*1e9) / 1e9})
		}
		equal := cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })
		if diff := cmp.Diff(c.want, got, equal); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.expr, diff)
		}
	}
}

func TestParseChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want  string // want: as String gives it, or the error
		within, out float64
	}{
		{"ttft.p50 +5%", "ttft.p50 +5%", 104, 106},
		{"ttft.p50+5%", "ttft.p50 +5%", 105, 105.1},
		{"goodput -2.5 %", "goodput -2.5%", 97.5, 97},
		{"ttft +10ms", "ttft +10ms", 100.01, 100.02},
		{"n -3", "n -3", 97, 96},
		{"ttft 5%", "character 6: + or - must follow the name (write NAME +5% or NAME -5%)", 0, 0},
		{"+5%", "character 1: a metric's name must stand here (write NAME +5% or NAME -5%)", 0, 0},
		{"ttft +", "character 7: a number must follow the sign (write NAME +5% or NAME -5%)", 0, 0},
		{"ttft +5% x", "character 10: nothing may follow the number (write NAME +5% or NAME -5%)", 0, 0},
		{"ttft +5msec", `character 8: unknown unit "msec" (did you mean ms ?)`, 0, 0},
	} {
		ch, err := ParseChange(c.text)
		if err != nil {
			if err.Error() != c.want {
				t.Errorf("%s gives %q, want %q", c.text, err, c.want)
			}
			continue
		}
		if ch.String() != c.want || ch.Exceeded(100, c.within) || !ch.Exceeded(100, c.out) || !ch.Exceeded(100, math.NaN()) {
			t.Errorf("%s is %s, with the limit %v", c.text, ch, ch.Limit(100))
		}
	}
	if ch, err := ParseChange("x +10%"); err != nil || ch.Limit(-10) != -9 {
		t.Errorf("a tenth above -10 is %v (%v)", ch.Limit(-10), err)
	}
}

func TestChangeCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		of   Quantity
		want string
	}{
		{"ttft +5%", Quantity{Unit: "s"}, ""},
		{"ttft +5ms", Quantity{Unit: "s"}, ""},
		{"energy +5mJ", Quantity{Unit: "J/token"}, ""},
		{"n +5", Quantity{Bare: true}, ""},
		{"ttft +5", Quantity{Unit: "s"}, "character 7: ttft is in s, and this number has no unit (give it one, as in 200ms)"},
		{"ttft +5mJ", Quantity{Unit: "s"}, "character 7: ttft is in s, and this is in J"},
	} {
		ch, err := ParseChange(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := ch.Check(c.of); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s gives %q, want %q", c.text, got, c.want)
		}
	}
}
