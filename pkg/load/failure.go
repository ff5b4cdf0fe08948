package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"syscall"

	"aiperf/pkg/record"
	"aiperf/pkg/sse"
	"aiperf/pkg/wire"
)

// errTooLong is what an answer is that is longer than is read.
var errTooLong = fmt.Errorf("the answer is larger than %d MiB", maxReply>>20)

// errTimeout is what a request is that took longer than it may.
var errTimeout = errors.New("request timed out")

func (x *exchange) late() error { return fmt.Errorf("%w after %v", errTimeout, x.client.Timeout) }

// codeCancelled is the code of a request that was cancelled on purpose, as
// AIPerf and nginx have it.
const codeCancelled = 499

// failure makes the record's error.
func (x *exchange) failure(class, format string, a ...any) *record.Error {
	return &record.Error{Class: class, Code: x.rec.HTTP.Status, Message: x.discreet(fmt.Sprintf(format, a...))}
}

// classify names what has gone wrong below HTTP. connected tells whether there
// was a connection.
func (x *exchange) classify(err error, connected bool) *record.Error {
	if cause := x.cause.Load(); cause != nil {
		f := x.failure(record.ClassCancelled, "%v", *cause)
		if errors.Is(*cause, errCancelled) {
			f.Code = codeCancelled
		}
		return f
	}
	if x.flight.Err() != nil {
		return x.failure(record.ClassCancelled, "%v", context.Cause(x.flight))
	}
	err = unwrapURL(err)
	var broken *wire.ProtocolError
	switch {
	case connected && errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errTimeout):
		return x.failure(record.ClassTimeout, "%v", x.late())
	case isTLS(err):
		return x.failure(record.ClassTLS, "%v", err)
	case !connected:
		return x.failure(record.ClassConnect, "%v%s", err, cure(err))
	case errors.As(err, &broken), errors.Is(err, sse.ErrTooLong), errors.Is(err, errTooLong):
		return x.failure(record.ClassDecode, "%v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return x.failure(record.ClassTruncated, "the connection was closed before the answer was complete")
	}
	return x.failure(record.ClassTruncated, "the connection broke: %v", err)
}

// unwrapURL takes the URL, perhaps with a password in it, out of an error's text.
func unwrapURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

func isTLS(err error) bool {
	var shake *wire.HandshakeError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &shake) || errors.As(err, &header) || errors.As(err, &alert) || errors.As(err, &verify) ||
		errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid)
}

// cure says what to do when the system has run out of something.
func cure(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "; no local port is free: keep connections (--connection-reuse-strategy pooled), spread over several --url, or widen net.ipv4.ip_local_port_range"
	case errors.Is(err, syscall.EMFILE):
		return "; this process may not open more files: raise ulimit -n, or lower --concurrency"
	case errors.Is(err, syscall.ENFILE):
		return "; the system may not open more files: raise fs.file-max"
	}
	return ""
}
