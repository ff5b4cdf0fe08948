package cli

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Seconds is a flag that takes a Go duration or a number of seconds.
type Seconds time.Duration

func (s *Seconds) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		x, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || math.IsNaN(x) || math.Abs(x) > 1e9 {
			return fmt.Errorf("%q is neither a duration such as 500ms nor a number of seconds", text)
		}
		d = time.Duration(x * float64(time.Second))
	}
	if d < 0 {
		return fmt.Errorf("%q is negative", text)
	}
	*s = Seconds(d)
	return nil
}

// String gives "0" for none, which keeps a default of none out of the manual.
func (s *Seconds) String() string {
	if *s == 0 {
		return "0"
	}
	return time.Duration(*s).String()
}

func (s *Seconds) Type() string { return "time" }
