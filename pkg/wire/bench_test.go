package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// streamed is an answer of n events, each a chunk of its own.
func streamed(n int) []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n")
	event := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n"
	for range n {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(event), event)
	}
	return []byte(b.String() + "0\r\n\r\n")
}

// Reading an answer of 200 chunks, beside net/http:
//
//	go test -run '^$' -bench Answer ./pkg/wire
func BenchmarkAnswer(b *testing.B) {
	data := streamed(200)
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		source := &scripted{}
		conn := &Conn{net: nopConn{}, in: source}
		for b.Loop() {
			source.data, source.size = data, len(data)
			conn.body, conn.line, conn.data = bodyStart, conn.line[:0], nil
			if _, err := conn.Header(); err != nil {
				b.Fatal(err)
			}
			for {
				if _, err := conn.Next(); err != nil {
					break
				}
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		buf := make([]byte, 16<<10)
		for b.Loop() {
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = resp.Body.Read(buf)
			}
			if err != io.EOF {
				b.Fatal(err)
			}
		}
	})
}
