package sim

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
)

// A Fault is something that goes wrong with a share of the requests.
type Fault struct {
	Kind string
	Rate float64 // from 0 to 1
}

// Kinds of faults, besides HTTP statuses such as "429".
const (
	FaultError    = "error"    // an error event after the first tokens
	FaultTruncate = "truncate" // the stream ends in the middle without a terminator
	FaultReset    = "reset"    // the connection breaks in the middle
	FaultStall    = "stall"    // nothing comes after the first tokens
	FaultHTML     = "html"     // a page instead of an answer
	FaultEmpty    = "empty"    // an answer without a token
)

var faultKinds = []string{FaultError, FaultTruncate, FaultReset, FaultStall, FaultHTML, FaultEmpty}

// faultHeader lets a request choose its own fault.
const faultHeader = "X-Sim-Fault"

func (f Fault) known() bool {
	return (slices.Contains(faultKinds, f.Kind) || f.status() != 0) && f.Rate >= 0 && f.Rate <= 1
}

func (f Fault) status() int {
	n, err := strconv.Atoi(f.Kind)
	if err != nil || n < 400 || n > 599 {
		return 0
	}
	return n
}

// fault chooses what goes wrong with a request.
func (m *Machine) fault(r *http.Request, rng *rand.Rand) Fault {
	if f := (Fault{Kind: r.Header.Get(faultHeader), Rate: 1}); f.Kind != "" && f.known() {
		return f
	}
	for _, f := range m.cfg.Faults {
		if rng.Float64() < f.Rate {
			return f
		}
	}
	return Fault{}
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
