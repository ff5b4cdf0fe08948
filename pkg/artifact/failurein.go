package artifact

import (
	"strings"

	"aiperf/pkg/record"
)

// codeCancelled is the code that AIPerf gives to requests that it cancels.
const codeCancelled = 499

// classes are those of errors by the names of Python's and aiohttp's
// exceptions, or a part of them. The first that fits counts.
var classes = []struct{ part, class string }{
	{"Timeout", record.ClassTimeout},
	{"Cancel", record.ClassCancelled},
	{"Certificate", record.ClassTLS},
	{"SSL", record.ClassTLS},
	{"Fingerprint", record.ClassTLS},
	{"ClientConnector", record.ClassConnect},
	{"ClientProxyConnection", record.ClassConnect},
	{"UnixClientConnector", record.ClassConnect},
	{"ConnectionRefused", record.ClassConnect},
	{"gaierror", record.ClassConnect},
	{"SSEResponse", record.ClassStream},
	{"ClientPayload", record.ClassTruncated},
	{"ServerDisconnected", record.ClassTruncated},
	{"ConnectionReset", record.ClassTruncated},
	{"ClientConnection", record.ClassTruncated},
	{"ClientOSError", record.ClassTruncated},
	{"BrokenPipe", record.ClassTruncated},
	{"IncompleteRead", record.ClassTruncated},
}

// failure makes a record's error of AIPerf's. status is that of the answer, if
// a trace tells it.
func failure(v record.Value, cancelled bool, status int) *record.Error {
	var kind, message string
	code := 0
	for key, v := range record.Keys(v) {
		switch string(key) {
		case "code":
			code, _ = v.Int()
		case "type":
			kind, _ = v.Text()
		case "message":
			message, _ = v.Text()
		}
	}
	e := &record.Error{Class: classOf(kind, message, code, cancelled), Message: message, Code: status}
	switch {
	case e.Class == record.ClassCancelled:
		e.Code = codeCancelled
	case e.Class == record.ClassStatus:
		e.Code = code
	}
	if message == "" {
		e.Message = kind
	}
	return e
}

func classOf(kind, message string, code int, cancelled bool) string {
	// An exception's name is one word that ends so; a status has its reason
	// phrase there, "Internal Server Error" for one.
	named := !strings.Contains(kind, " ") && (strings.HasSuffix(kind, "Error") || strings.HasSuffix(kind, "Exception") || strings.HasSuffix(kind, "Timeout"))
	switch {
	case cancelled || code == codeCancelled:
		return record.ClassCancelled
	case !named && 100 <= code && code < 1000:
		return record.ClassStatus
	case strings.Contains(kind, "InvalidInferenceResult") && strings.Contains(message, "No responses"):
		return record.ClassEmpty
	}
	for _, c := range classes {
		if strings.Contains(kind, c.part) {
			return c.class
		}
	}
	return record.ClassDecode
}

// stopped tells whether AIPerf itself has put an end to a request, whose
// instants it then takes from elsewhere.
func stopped(e *record.Error) bool {
	return e.Class == record.ClassCancelled || strings.HasPrefix(e.Message, "Timed out waiting for request to be sent")
}
