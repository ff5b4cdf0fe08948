package scrape

import (
	"net/http/httptrace"
	"sync"
	"time"
)

// stamps are the instants between which the exporter answered. The transport
// sets them from its own goroutines, and again when it has to repeat a request
// on a new connection.
type stamps struct {
	mu          sync.Mutex
	sent, first time.Time
}

func (s *stamps) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// Not WroteRequest, which is called after the last byte has left, when
		// the exporter may have answered already.
		GotConn: func(httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sent, s.first = time.Now(), time.Time{}
		},
		GotFirstResponseByte: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.first = time.Now()
		},
	}
}

func (s *stamps) get() (sent, first time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.first
}
