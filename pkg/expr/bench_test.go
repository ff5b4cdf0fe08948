package expr

import "testing"

// go test -bench Eval ./pkg/expr
func BenchmarkEval(b *testing.B) {
	e, err := Parse("took > 2s and model =~ 'llama' or http.status in (429, 503) and not gpu.throttled and tokens.out * 2 < tokens.in")
	if err != nil {
		b.Fatal(err)
	}
	values := []Value{Number(0.5), Text("llama-3-8b"), Number(503), Bool(false), Number(10), Number(100)}
	b.Run("by=index", func(b *testing.B) {
		b.ReportAllocs()
		at := func(i int) (Value, bool) { return values[i], true }
		for b.Loop() {
			if holds, _ := e.EvalAt(at); !holds {
				b.Fatal("it holds")
			}
		}
	})
	b.Run("by=path", func(b *testing.B) {
		b.ReportAllocs()
		at := func(path []string) (Value, bool) {
			switch path[len(path)-1] {
			case "took":
				return values[0], true
			case "model":
				return values[1], true
			case "status":
				return values[2], true
			case "throttled":
				return values[3], true
			case "out":
				return values[4], true
			}
			return values[5], true
		}
		for b.Loop() {
			if holds, _ := e.Eval(at); !holds {
				b.Fatal("it holds")
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("ttft.p99 < 200ms and errors < 0.1%"); err != nil {
			b.Fatal(err)
		}
	}
}

// Evaluating allocates nothing.
func TestEvalAllocates(t *testing.T) {
	e, err := Parse("took > 2s and missing.key < 3 or not (n in (1, 2) and -n * 2 < 3ms)")
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { e.Eval(resolveConst) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func resolveConst(path []string) (Value, bool) { return Number(3), path[0] != "missing" }
