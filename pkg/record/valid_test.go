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
	for name, line := range benchLines {
		for by, f := range map[string]func([]byte) bool{"valid": valid, "encoding/json": json.Valid} {
			b.Run("line="+name+"/by="+by, func(b *testing.B) {
				b.SetBytes(int64(len(line)))
				for b.Loop() {
					if !f(line) {
						b.Fatal("not valid")
					}
				}
			})
		}
	}
}

var benchLines = map[string][]byte{"request": []byte(requestLine), "gpu": []byte(gpuLine), "gaps": []byte(gapsLine)}

const (
	// requestLine is a request as a load writes it.
	requestLine = `{"time":"2026-11-23T12:00:02.433050000Z","type":"request","v":1,"run":"load","id":"1017","phase":"profiling",` +
		`"model":"Qwen/Qwen3-0.6B","url":"http://localhost:8000/v1/chat/completions","endpoint":"chat","conversation":"1017","turn":0,` +
		`"start":"2026-11-23T12:00:00.500000000Z","took":1.933,"ttft":0.081,"chunks":200,` +
		`"tokens":{"in":100,"out":200,"reasoning":0,"asked":200,"source":"usage"},"bytes":{"sent":812,"received":41233},` +
		`"http":{"status":200,"reused":true,"remote":"127.0.0.1:8000","sent":0.000041,"first_byte":0.0805},"finish":"length"}`
	// gpuLine is a reading as a scraper writes it.
	gpuLine = `{"time":"2026-11-23T12:00:00.412000000Z","type":"gpu","v":1,"source":"http://node1:9400/metrics","host":"node1","platform":"nvidia","gpu":0,` +
		`"uuid":"GPU-afc3c15a","model":"NVIDIA H100 80GB HBM3","taken":"2026-11-23T12:00:00.410500000Z","within":0.0015,` +
		`"fields":{"power_usage":348.69,"energy_consumption":17203311.482,"gpu_utilization":0.66,"memory_used":92698312704,"sm_clock":1980000000}}`
)

// gapsLine is a request of a stream of 200 chunks.
var gapsLine = strings.Replace(requestLine, `"chunks"`, `"gaps":[0.081`+strings.Repeat(",0.009341,0.012", 100)+`],"chunks"`, 1)
