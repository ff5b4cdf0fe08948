package record

import (
	"encoding/json"
	"strings"
	"testing"
)

// jsonSamples have one thing wrong, or right, each.
var jsonSamples = []string{
	``, ` `, `{`, `}`, `{}`, ` { } `, `[]`, `[ ]`, `[,]`, `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{,}`, `{a:1}`,
	`{"a":1}x`, `{"a":1}{"b":2}`, "\t{\"a\"\r:\n[ 1 , 2 ]\t}\n", `{"a":{"b":[{"c":null}]}}`,
	`0`, `-0`, `00`, `01`, `-`, `+1`, `1.`, `.5`, `1.5`, `1.5e`, `1e5`, `1E+5`, `1e-5`, `1e+`, `-1.25e-10`, `0.e1`, `1..2`, `NaN`, `Infinity`, `0x10`, `1_000`,
	`true`, `tru`, `truex`, `false`, `null`, `nul`, `True`,
	`""`, `"`, `"abc`, `"a\"b"`, `"\\"`, `"\"`, `"\u12aF"`, `"\u12g4"`, `"\u12"`, `"\x41"`, `"\/\b\f\n\r\t"`,
	"\"tab\there\"", "\"nul\x00\"", "\"\x1f\"", "\"\x20\"", "\"\x7f\x80\xff\"", `"ünïcödé 漢字"`,
	`"1234567"`, `"12345678"`, `"123456789"`, `"1234567` + "\n" + `"`, `"12345678\n90"`, "\"1234567!\x1f\"", "\"!!!!!!!!\"", "\"!\"", "\"########\"",
	`{"time":"2026-11-23T12:00:00.000000000Z","type":"gpu","v":1,"fields":{"power_usage":348.69}}`,
	strings.Repeat("[", 99) + strings.Repeat("]", 99), strings.Repeat("[", 101) + strings.Repeat("]", 101),
	strings.Repeat("[", 200) + strings.Repeat("]", 199), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	strings.Repeat(`{"a":`, 150) + `1` + strings.Repeat("}", 150),
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, s := range jsonSamples {
		if got, want := valid([]byte(s)), json.Valid([]byte(s)); got != want {
			t.Errorf("valid(%.60q) = %v, json.Valid says %v", s, got, want)
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range jsonSamples {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := valid(b), json.Valid(b); got != want {
			t.Errorf("valid(%q) = %v, json.Valid says %v", b, got, want)
		}
	})
}

func BenchmarkValid(b *testing.B) {
	line := []byte(`{"time":"2026-11-23T12:00:00.412000000Z","type":"gpu","v":1,"source":"http://node1:9400/metrics","host":"node1","platform":"nvidia","gpu":0,` +
		`"uuid":"GPU-afc3c15a","model":"NVIDIA H100 80GB HBM3","taken":"2026-11-23T12:00:00.410500000Z","within":0.0015,` +
		`"fields":{"power_usage":348.69,"energy_consumption":17203311.482,"gpu_utilization":0.66,"memory_used":92698312704,"sm_clock":1980000000}}`)
	for name, f := range map[string]func([]byte) bool{"valid": valid, "encoding/json": json.Valid} {
		b.Run("by="+name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				if !f(line) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
