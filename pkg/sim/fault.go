package sim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Fault is something that goes wrong with, or a style that is chosen for, a
// share of the requests.
type Fault struct {
	Kind string  // one of the kinds, an HTTP status from 400 to 599, or several of them joined by +
	Rate float64 // from 0 to 1
}

// Kinds of faults, besides HTTP statuses such as "429".
const (
	FaultError      = "error"      // an error event after the first tokens
	FaultTruncate   = "truncate"   // the stream ends in the middle without a terminator
	FaultReset      = "reset"      // the connection breaks in the middle
	FaultStall      = "stall"      // nothing comes after the first tokens
	FaultHTML       = "html"       // a page instead of an answer
	FaultEmpty      = "empty"      // an answer without a token
	FaultEndless    = "endless"    // a line that does not end until 64 MB or the client has gone
	FaultRetryAfter = "retryafter" // status 429, or the one it is joined with, with Retry-After: 1
)

// Kinds that are styles: the answer is whole, and a request that gets one counts
// as a success.
const (
	StyleCRLF       = "crlf"       // lines end in CR LF
	StyleCR         = "cr"         // lines end in CR
	StyleBOM        = "bom"        // a byte order mark before the stream
	StyleNoSpace    = "nospace"    // no space behind the colon of a field
	StyleComments   = "comments"   // the comment ": ping" before every event
	StyleMultiline  = "multiline"  // an event's data in several data: lines, broken at commas
	StyleNamed      = "named"      // event: message before data that has no name of its own
	StylePing       = "ping"       // an event named ping before every event
	StyleJoined     = "joined"     // four events in one write
	StyleSplit      = "split"      // an event in several writes, cut inside data:, a character and CR LF
	StyleTwoJSON    = "twojson"    // two objects in one event, by turns side by side and in two data: lines
	StyleBadUTF8    = "badutf8"    // text with bytes that are not UTF-8
	StyleHuge       = "huge"       // one event of 10 MB: that of the second token
	StyleDup        = "dup"        // the event of the first token comes twice
	StyleNoDone     = "nodone"     // a reason to finish but no terminator
	StyleNoTerm     = "noterm"     // neither: it ends behind the last token
	StyleRoleless   = "roleless"   // no event with the role before the first token
	StyleUsageLast  = "usagelast"  // usage beside the reason to finish, not in an event of its own
	StyleStale      = "stale"      // keep-alive is promised and the connection closed behind the answer; HTTP/1.1 only
	StyleSlowHeader = "slowheader" // the head of the answer at once, long before its body
)

var faultKinds = []string{FaultError, FaultTruncate, FaultReset, FaultStall, FaultHTML, FaultEmpty, FaultEndless, FaultRetryAfter}

var styleKinds = []string{StyleCRLF, StyleCR, StyleBOM, StyleNoSpace, StyleComments, StyleMultiline, StyleNamed, StylePing, StyleJoined,
	StyleSplit, StyleTwoJSON, StyleBadUTF8, StyleHuge, StyleDup, StyleNoDone, StyleNoTerm, StyleRoleless, StyleUsageLast, StyleStale, StyleSlowHeader}

// faultHeader lets a request choose its own fault.
const faultHeader = "X-Sim-Fault"

// A trouble is a fault that was read.
type trouble struct {
	kind   string   // as it was written
	kinds  []string // its parts
	status int      // 0 if there is none
	failed bool     // not a style alone
	rate   float64
}

func (f Fault) read() (trouble, error) {
	t := trouble{kind: f.Kind, rate: f.Rate}
	if !(f.Rate >= 0 && f.Rate <= 1) {
		return t, fmt.Errorf("the rate of fault %q must be from 0 to 1", f.Kind)
	}
	for kind := range strings.SplitSeq(f.Kind, "+") {
		n, err := strconv.Atoi(kind)
		switch {
		case err == nil && n >= 400 && n <= 599:
			t.status, t.failed = n, true
		case slices.Contains(faultKinds, kind):
			t.failed = true
		case !slices.Contains(styleKinds, kind):
			return t, fmt.Errorf("fault %q is unknown; there are %v, the styles %v and HTTP statuses from 400 to 599", kind, faultKinds, styleKinds)
		}
		t.kinds = append(t.kinds, kind)
	}
	if t.has(FaultRetryAfter) && t.status == 0 {
		t.status = http.StatusTooManyRequests
	}
	return t, nil
}

func (t *trouble) has(kind string) bool { return slices.Contains(t.kinds, kind) }

// fault chooses what goes wrong with a request.
func (m *Machine) fault(r *http.Request, rng *rand.Rand) trouble {
	if kind := r.Header.Get(faultHeader); kind != "" {
		if t, err := (Fault{Kind: kind, Rate: 1}).read(); err == nil {
			return t
		}
	}
	for _, t := range m.troubles {
		if rng.Float64() < t.rate {
			return t
		}
	}
	return trouble{}
}

// faultMessage is what the server says with a status.
func faultMessage(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "the API key is not valid"
	case http.StatusNotFound:
		return "the model does not exist"
	case http.StatusTooManyRequests:
		return "too many requests, try again later"
	}
	return "the engine has failed: " + http.StatusText(status)
}
