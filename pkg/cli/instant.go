package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// An Instant is a flag that takes a time ago, an RFC 3339 instant, seconds
// since the epoch, or "now". Its zero value is now, and shows no default.
type Instant struct {
	text string
	ago  time.Duration
	at   record.Time
}

// Ago is the instant that lies d before the present, d being what text says.
func Ago(text string, d time.Duration) Instant { return Instant{text: text, ago: d} }

func (i *Instant) Set(text string) error {
	*i = Instant{text: text}
	number, days := strings.CutSuffix(text, "d")
	d, derr := time.ParseDuration(text)
	n, nerr := strconv.ParseUint(number, 10, 16)
	sec, serr := strconv.ParseFloat(text, 64)
	at, terr := record.ParseTime(text)
	const least, most = 1e8, 9e9 // 1973 and 2255
	switch {
	case text == "now":
	case days && nerr == nil:
		i.ago = time.Duration(n) * 24 * time.Hour
	case derr == nil && d > 0 && serr != nil:
		i.ago = d
	case serr == nil && sec >= least && sec <= most:
		i.at = record.Time(math.Round(sec*1e6)) * 1e3
	case serr == nil:
		return fmt.Errorf("%q is too small or too large for seconds since the epoch; a time ago has a unit, as 2h", text)
	case terr == nil:
		i.at = at
	default:
		return fmt.Errorf("%q is neither a time ago such as 2h or 7d, nor an instant such as 2026-11-25T12:00:00Z, nor seconds since the epoch", text)
	}
	return nil
}

func (i *Instant) String() string { return i.text }

func (i *Instant) Type() string { return "instant" }

// When is the instant, seen from now.
func (i *Instant) When(now record.Time) record.Time {
	if i.at != 0 {
		return i.at
	}
	return now - record.Time(i.ago)
}
