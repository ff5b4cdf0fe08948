package record

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	type kv struct{ K, V string }
	for in, want := range map[string][]kv{
		`{}`:    nil,
		` { } `: nil,
		`[1]`:   nil,
		`{"a":1,"b":"x,}","c":{"a":[1,{"b":2}]},"d":null}`: {{"a", "1"}, {"b", `"x,}"`}, {"c", `{"a":[1,{"b":2}]}`}, {"d", "null"}},
		" {\n\"a\" : 1 ,\t\"\\u0062\\\"\" : [ ] }\r":       {{"a", "1"}, {`b"`, "[ ]"}},
	} {
		var got []kv
		for k, v := range Keys([]byte(in)) {
			got = append(got, kv{string(k), string(v)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Keys(%s) (-want +got):\n%s", in, diff)
		}
	}
}

// Keys sees what a decoder sees.
func FuzzKeys(f *testing.F) {
	for _, s := range jsonSamples {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"abcdefgh":"\\","\\u00e9é":"a\"b","c":{"d":"}"},"e":["]"],"f":[{"g":[1]},"["]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			for range Keys(b) { // does not panic
			}
			return
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil || want == nil {
			want = map[string]json.RawMessage{}
		}
		got := map[string]json.RawMessage{}
		for k, v := range Keys(b) {
			got[string(k)] = json.RawMessage(v)
			var str *string
			if json.Unmarshal(v, &str) == nil && str != nil {
				if s, ok := v.Text(); !ok || s != *str {
					t.Errorf("Text of %s is %q, %v", v, s, ok)
				}
			} else if s, ok := v.Text(); ok {
				t.Errorf("Text of %s is %q", v, s)
			}
			var num *float64
			err := json.Unmarshal(v, &num)
			if x, ok := v.Number(); ok != (err == nil && num != nil) || ok && x != *num {
				t.Errorf("Number of %s is %v, %v", v, x, ok)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Keys(%q) (-want +got):\n%s", b, diff)
		}
	})
}

func BenchmarkKeys(b *testing.B) {
	for name, line := range benchLines {
		b.Run("line="+name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				n := 0
				for range Keys(line) {
					n++
				}
				if n < 10 {
					b.Fatal(n)
				}
			}
		})
	}
}

// Where decimal has an answer it is that of strconv.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0", "1.5", "-12.125", "999999999999999", "0.00000000000001", "12345678901234.5", "1.", ".5", "-", "1e5", "1.2.3", "00.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return
		}
		got, ok := decimal([]byte(s))
		want, err := strconv.ParseFloat(s, 64)
		if ok && (err != nil || math.Float64bits(got) != math.Float64bits(want)) {
			t.Errorf("decimal(%q) = %v; strconv gives %v, %v", s, got, want, err)
		}
	})
}

func BenchmarkNumber(b *testing.B) {
	for _, s := range []string{"341.207", "17203311.482", "92698312704"} {
		b.Run("number="+s, func(b *testing.B) {
			for b.Loop() {
				if _, ok := Value(s).Number(); !ok {
					b.Fatal("no number")
				}
			}
		})
	}
}
