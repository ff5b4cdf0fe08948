// Package wire speaks HTTP/1.1 over one connection and tells when each byte of
// the answer came in.
//
// It is what a load generator needs of a client, and no more: a request is
// bytes that are ready to be sent, an answer is a status, a few header fields
// and a body that is handed on in the pieces in which the socket gave it, each
// with the instant of its read. There is no goroutine of its own and no copy on
// the way; while a connection waits for bytes it holds no buffer.
//
// Note: net/http's client needs two goroutines and two buffers a connection,
// and hands bodies on without their instants. It costs about twice the CPU time
// of a short request and, at 10,000 streams, three times the memory. It still
// carries what is not plain HTTP/1.1: HTTP/2 and requests by way of a proxy.
package wire
