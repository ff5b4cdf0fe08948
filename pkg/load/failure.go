package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"aiperf/pkg/record"
	"aiperf/pkg/sse"
)

// errTimeout is the cause of a context whose request took too long.
var errTimeout = errors.New("request timed out")

// failure makes a record's error.
func failure(class string, code int, format string, a ...any) *record.Error {
	return &record.Error{Class: class, Code: code, Message: fmt.Sprintf(format, a...)}
}

// classify names what has gone wrong below HTTP. connected tells whether a
// connection was had, code is the status if there was one.
func classify(ctx context.Context, err error, connected bool, code int) *record.Error {
	// The text of a url.Error has the URL in it, perhaps with a password.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var tlsRecord tls.RecordHeaderError
	var tlsAlert tls.AlertError
	var tlsVerify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var ne net.Error
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return failure(record.ClassTimeout, code, "%v", context.Cause(ctx))
	case ctx.Err() != nil:
		return failure(record.ClassCancelled, code, "%v", context.Cause(ctx))
	case errors.As(err, &tlsRecord), errors.As(err, &tlsAlert), errors.As(err, &tlsVerify),
		errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return failure(record.ClassTLS, code, "%v", err)
	case !connected:
		return failure(record.ClassConnect, code, "%v", err)
	case errors.As(err, &ne) && ne.Timeout():
		return failure(record.ClassTimeout, code, "%v", err)
	case errors.Is(err, sse.ErrTooLong):
		return failure(record.ClassDecode, code, "%v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failure(record.ClassTruncated, code, "the connection was closed before the answer was complete")
	}
	return failure(record.ClassTruncated, code, "the connection broke: %v", err)
}
