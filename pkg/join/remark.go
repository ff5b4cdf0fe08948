package join

import (
	"fmt"

	"aiperf/pkg/record"
)

// A Remark is a note about an input, or about the whole stream, that travels
// among the lines as an error and ends nothing. Inputs are read by goroutines of
// their own; this way their notes need no lock and come in the order of lines.
type Remark struct {
	record.Note
	back bool // the lines behind it lie before those in front of it
}

func (r *Remark) Error() string { return r.Message }

// Codes of remarks.
const (
	ClockStep   = "clock-step"   // the clock that a stream goes by was set
	Reordered   = "reordered"    // lines were out of order and are not any more
	Unsorted    = "unsorted"     // lines came too late to be put in order
	Duplicates  = "duplicates"   // lines that came more than once count once
	EmptyWindow = "empty-window" // no line lies in the window
)

func remark(level, code, file, format string, args ...any) *Remark {
	return &Remark{Note: record.Note{Level: level, Code: code, File: file, Message: fmt.Sprintf(format, args...)}}
}

// apart writes the time from one instant to another, which may be further apart
// than an int64 of nanoseconds holds.
func apart(from, to record.Time) string {
	return fmt.Sprintf("%.3g s", float64(to)/1e9-float64(from)/1e9)
}

// minus is t-d, or never if that is out of range. d is not negative.
func minus(t, d record.Time) record.Time {
	if t < never+d {
		return never
	}
	return t - d
}
