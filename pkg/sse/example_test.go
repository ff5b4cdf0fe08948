package sse_test

import (
	"fmt"

	"aiperf/pkg/sse"
)

func ExampleParser() {
	var p sse.Parser
	for _, read := range []string{"data: a\n\nevent: error\nda", "ta: b\r\n\r", "\n: ping\n\ndata: c"} {
		for e := range p.Feed([]byte(read)) {
			fmt.Printf("%q %s\n", e.Name, e.Data)
		}
	}
	for e := range p.Close() {
		fmt.Printf("%q %s, cut off\n", e.Name, e.Data)
	}
	// Output:
	// "" a
	// "error" b
	// "" c, cut off
}
