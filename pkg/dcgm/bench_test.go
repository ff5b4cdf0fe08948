package dcgm

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// next is the page that an exporter would print after b: the same lines with
// other numbers of the same width.
func next(b []byte, n int) []byte {
	out := slices.Clone(b)
	for l := range bytes.Lines(out) {
		if i := bytes.LastIndexByte(l, ' '); l[0] != '#' && i > 0 && i+2 < len(l) && l[len(l)-2] >= '0' && l[len(l)-2] <= '9' {
			l[len(l)-2] = '0' + (l[len(l)-2]-'0'+byte(n))%10
		}
	}
	return out
}

// go test -run - -bench 'Parse|Expfmt' -count 10 ./pkg/dcgm
func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"template", "expfmt", "pods", "one-gpu"} {
		b.Run("once/"+name, func(b *testing.B) {
			text := page(b, name)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParser is the steady state: page after page of one exporter, with
// other numbers each.
func BenchmarkParser(b *testing.B) {
	tests := []struct {
		name, page string
		recycle    bool
		change     func([]byte, int) []byte
	}{
		{"template", "template", false, nil},
		{"expfmt", "expfmt", false, nil},
		{"recycle", "template", true, nil},
		{"pods", "pods", false, nil},
		{"72gpu", "stress", false, nil},
		{"badline", "template", false, func(p []byte, _ int) []byte { return append(p, "DCGM_FI_X{gpu=\"0\"} ERROR\n"...) }},
		{"series-come-and-go", "template", false, func(p []byte, n int) []byte {
			if n%2 == 0 {
				return p
			}
			return append(p, sample("DCGM_FI_DEV_GPU_TEMP", "36")...)
		}},
		{"shuffled", "template", false, func(p []byte, n int) []byte { return rotate(p, n) }},
	}
	for _, test := range tests {
		b.Run(test.name, func(b *testing.B) {
			text := page(b, test.page)
			pages := make([][]byte, 8)
			for i := range pages {
				if pages[i] = next(text, i); test.change != nil {
					pages[i] = test.change(pages[i], i)
				}
			}
			var p Parser
			for _, page := range pages {
				if _, err := p.Parse(page); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				got, err := p.Parse(pages[n%len(pages)])
				if err != nil {
					b.Fatal(err)
				}
				if test.recycle {
					p.Recycle(&got)
				}
			}
		})
	}
}

// rotate begins a page with its nth family.
func rotate(p []byte, n int) []byte {
	families := bytes.SplitAfter(p, []byte("# HELP "))
	at := 0
	for _, f := range families[:1+n%(len(families)-1)] {
		at += len(f)
	}
	at -= len("# HELP ")
	return append(slices.Clone(p[at:]), p[:at]...)
}

// BenchmarkParserNodes is what 72 nodes of 8 GPUs cost, each with a Parser and
// pages of its own: cores/30Hz is the share of a core at 30 pages a second from
// each; B/node is what is remembered of each.
func BenchmarkParserNodes(b *testing.B) {
	const nodes = 72
	var parsers [nodes]Parser
	var pages [nodes][2][]byte
	for i := range pages {
		text := bytes.ReplaceAll(page(b, "template"), []byte("gpu-node-1"), fmt.Appendf(nil, "gpu-node-%d", i))
		pages[i] = [2][]byte{next(text, i), next(text, i+1)}
	}
	before := heap()
	for i := range parsers {
		if _, err := parsers[i].Parse(pages[i][1]); err != nil {
			b.Fatal(err)
		}
	}
	each := float64(heap()-before) / nodes
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i := range parsers {
			if _, err := parsers[i].Parse(pages[i][n%2]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(30*b.Elapsed().Seconds()/float64(b.N), "cores/30Hz")
	b.ReportMetric(each, "B/node")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkExpfmt is the scale of BenchmarkParser: expfmt alone.
func BenchmarkExpfmt(b *testing.B) {
	for _, name := range []string{"template", "expfmt", "stress"} {
		b.Run(name, func(b *testing.B) {
			text := page(b, name)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			parser := newExpfmt()
			for b.Loop() {
				if _, err := parser.TextToMetricFamilies(bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
