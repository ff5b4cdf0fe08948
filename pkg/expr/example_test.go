package expr_test

import (
	"errors"
	"fmt"
	"strings"

	"aiperf/pkg/expr"
)

func ExampleExpr_Comparisons() {
	measured := map[string]float64{"ttft.p99": 0.18, "errors": 0.002}
	resolve := func(path []string) (expr.Value, bool) {
		x, ok := measured[strings.Join(path, ".")]
		return expr.Number(x), ok
	}
	e, err := expr.Parse("ttft.p99 < 200ms and errors < 0.1% and energy.avg < 40mJ/token")
	if err != nil {
		fmt.Println(err)
		return
	}
	met, missing := e.Eval(resolve)
	fmt.Println(met, missing == "")
	list, _ := e.Comparisons(resolve)
	for _, c := range list {
		if c.Missing != "" {
			fmt.Printf("%v: %s was not measured\n", c, c.Missing)
			continue
		}
		fmt.Printf("%v: %v, margin %.0f %%\n", c, c.Holds, c.Margin*100)
	}
	// Output:
	// false true
	// ttft.p99 < 200ms: true, margin 10 %
	// errors < 0.1%: false, margin -100 %
	// energy.avg < 40mJ/token: energy.avg was not measured
}

func ExampleError_Caret() {
	_, err := expr.Parse("ttft.p99 < 200msec and errors < 0.1%")
	var e *expr.Error
	if errors.As(err, &e) {
		fmt.Println(e)
		fmt.Println(e.Caret())
	}
	// Output:
	// character 15: unknown unit "msec" (did you mean ms ?)
	// ttft.p99 < 200msec and errors < 0.1%
	//               ^
}
